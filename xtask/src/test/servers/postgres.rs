//! A private PostgreSQL.

use std::{fs, path::Path};

use rustix::process::Signal;

use super::{Instance, Place, free_port, log_file, password, wait_until};
use crate::{
    failure::Failure,
    process::{self, Interrupt, Server},
};

/// Settings for a database that nobody will miss: no write waits for the disk.
const SETTINGS: &[&str] = &[
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=300",
    "listen_addresses=127.0.0.1",
    "logging_collector=off",
];

/// Makes a cluster and starts it; `programs` is the folder of `initdb` and `postgres`.
pub(super) fn start(place: &Place, interrupt: &Interrupt, programs: &Path) -> Result<Instance, Failure> {
    let folder = place.make("postgres")?;
    let data = folder.join("data");
    let password = password()?;
    initialise(place, interrupt, programs, &folder, &password)?;

    let port = free_port()?;
    let mut command = place.command(&programs.join("postgres"), &folder);
    command.arg("-D").arg(&data).arg("-p").arg(port.to_string()).arg("-k").arg(&folder);
    SETTINGS.iter().for_each(|setting| {
        command.args(["-c", setting]);
    });
    let log = place.folder.join("postgres.log");
    // SIGINT is PostgreSQL's fast shutdown: it does not wait for connections to close.
    let mut server = Server::start(command, Signal::INT, log_file(&log)?)?;
    wait_until(&mut server, interrupt, &log, "PostgreSQL", || is_ready(&data))?;
    Ok(Instance { _server: server, url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres") })
}

fn initialise(
    place: &Place,
    interrupt: &Interrupt,
    programs: &Path,
    folder: &Path,
    password: &str,
) -> Result<(), Failure> {
    let secret = folder.join("password");
    place.write(&secret, password)?;
    let mut initdb = place.command(&programs.join("initdb"), folder);
    initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    initdb.arg("--pwfile").arg(&secret).arg("-D").arg(folder.join("data"));
    let mut said = String::new();
    let status = process::run_reading(initdb, interrupt, |line| {
        said.push_str(line);
        said.push('\n');
    })?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::because(format!(
        "initdb could not make a PostgreSQL cluster in {} (see above)\n{said}",
        folder.display()
    )))
}

/// The eighth line of postmaster.pid says how far the server is; pg_ctl waits by it too.
fn is_ready(data: &Path) -> bool {
    let state = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    state.lines().nth(7).is_some_and(|line| line.trim() == "ready")
}
