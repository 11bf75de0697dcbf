//! A private mail server: `tests/smtp/server.py`.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use rustix::process::Signal;

use super::{Instance, log_file, setpriv, wait_until};
use crate::{
    failure::{Failure, While},
    process::{self, Interrupt, Server},
};

/// Starts it in `folder`, and returns once it has written where it is. It runs as whoever runs the tests: the Python that it
/// needs may lie where nobody else can go.
pub(super) fn start(folder: &Path, interrupt: &Interrupt, python: &Path, script: &Path) -> Result<Instance, Failure> {
    let own = folder.join("smtp");
    let made = fs::create_dir(&own).and_then(|()| fs::set_permissions(&own, Permissions::from_mode(0o700)));
    made.doing(|| format!("{} could not be made", own.display()))?;
    let mut command = process::bound_to_us(python, setpriv().as_deref());
    command.arg(script).arg(&own).env("PYTHONDONTWRITEBYTECODE", "1");
    let (log, place) = (folder.join("smtp.log"), own.join("server.json"));
    let mut server = Server::start(command, Signal::INT, log_file(&log)?)?;
    wait_until(&mut server, interrupt, &log, "the mail server", || place.exists())?;
    Ok(Instance { _server: server, url: place.display().to_string() })
}
