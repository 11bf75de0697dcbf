//! Sites built by Django: `tests/django`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    failure::Failure,
    process::{self, Interrupt},
};

/// Builds them into `folder`, each on SQLite and once more on the private PostgreSQL.
pub(super) fn build(
    folder: &Path,
    interrupt: &Interrupt,
    python: &Path,
    builder: &Path,
    postgres: &str,
) -> Result<PathBuf, Failure> {
    println!("Building the Django sites that are imported; most of the time goes into their passwords.");
    let sites = folder.join("django");
    let mut command = Command::new(python);
    command.args(["-m", "site_builder", "--into"]).arg(&sites).args(["--postgres", postgres]);
    command.current_dir(builder).env("PYTHONDONTWRITEBYTECODE", "1");
    if process::run(command, interrupt)?.success() {
        return Ok(sites);
    }
    Err(Failure::because("the Django sites could not be built (see above)"))
}
