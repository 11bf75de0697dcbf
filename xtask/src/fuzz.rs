//! `cargo xtask fuzz`: lets libFuzzer look for inputs that break a promise.
//!
//! The targets are functions of `vestibule-tests`, which the normal tests play the corpora through; `tests/fuzz` is their
//! program for libFuzzer. Without a sanitizer, so that it runs on the stable compiler (docs/decisions/0033-fuzzing.md).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    failure::{Failure, While},
    process::{self, Interrupt},
    project::Project,
    test::program,
};

/// The cargo-fuzz to install: exact, so that every machine fuzzes with the same.
const CARGO_FUZZ: &str = "0.13.2";

/// The longest input in bytes, and the longest that one may take in seconds.
const BOUNDS: [&str; 2] = ["-max_len=4096", "-timeout=10"];

/// What is fuzzed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// One target; none means each after the other.
    pub(crate) target: Option<String>,
    /// For how long, each.
    pub(crate) seconds: u32,
}

/// Fuzzes, and fails where an input broke a promise.
pub(crate) fn run(project: &Project, interrupt: &Interrupt, choice: &Choice) -> Result<(), Failure> {
    let folder = project.root().join("tests/fuzz");
    let mut targets = targets(&folder)?;
    if let Some(wanted) = &choice.target {
        if !targets.contains(wanted) {
            return Err(Failure::because(format!("there is no target {wanted}; there are {}", targets.join(", "))));
        }
        targets.retain(|target| target == wanted);
    }
    if ["c++", "clang++", "g++"].into_iter().all(|name| program(name).is_none()) {
        return Err(Failure::because(
            "libFuzzer is written in C++, and there is no C++ compiler; on Debian or Ubuntu: sudo apt-get install -y g++",
        ));
    }
    let cargo_fuzz = cargo_fuzz(project, interrupt)?;
    for target in targets {
        println!("\n== {target}, for {} seconds ==", choice.seconds);
        fuzz(project, interrupt, &cargo_fuzz, &folder, &target, choice.seconds)?;
    }
    Ok(())
}

fn fuzz(
    project: &Project,
    interrupt: &Interrupt,
    cargo_fuzz: &Path,
    folder: &Path,
    target: &str,
    seconds: u32,
) -> Result<(), Failure> {
    // New inputs go into the first folder: those in the repository are chosen by hand.
    let found = project.target().join("fuzz-corpus").join(target);
    fs::create_dir_all(&found).doing(|| format!("{} could not be made", found.display()))?;
    let mut fuzz = Command::new(cargo_fuzz);
    fuzz.args(["fuzz", "run", "--sanitizer", "none", "--codegen-units", "16"]).arg("--fuzz-dir").arg(folder);
    fuzz.arg("--target-dir").arg(project.target().join("fuzz")).arg(target);
    fuzz.arg(&found).arg(folder.join("corpus").join(target)).arg("--");
    fuzz.args(BOUNDS).arg(format!("-max_total_time={seconds}")).current_dir(project.root());
    if process::run(fuzz, interrupt)?.success() {
        return Ok(());
    }
    Err(Failure::because(format!(
        "{target} does not build, or an input broke a promise (see above). Such an input is in tests/fuzz/artifacts/{target}: \
         once it is cured, move it to tests/fuzz/corpus/{target} under a name that says what it is, for the tests to play back"
    )))
}

/// Each has a program.
fn targets(folder: &Path) -> Result<Vec<String>, Failure> {
    let programs = folder.join("fuzz_targets");
    let entries = fs::read_dir(&programs).doing(|| format!("{} cannot be read", programs.display()))?;
    let names = entries.flatten().filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".rs")?.to_owned()));
    let mut targets: Vec<String> = names.collect();
    targets.sort();
    Ok(targets)
}

/// The one in `PATH`, or the one that is put into the folder of tools.
fn cargo_fuzz(project: &Project, interrupt: &Interrupt) -> Result<PathBuf, Failure> {
    let own = project.target().join("tools/cargo-fuzz");
    let installed = own.join("bin/cargo-fuzz");
    if let Some(found) = program("cargo-fuzz").or_else(|| installed.exists().then(|| installed.clone())) {
        return Ok(found);
    }
    println!("Installing cargo-fuzz {CARGO_FUZZ} into {}: there is none in PATH.", own.display());
    let mut install = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    install.args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ, "--root"]).arg(&own);
    if process::run(install, interrupt)?.success() {
        return Ok(installed);
    }
    Err(Failure::because(format!(
        "cargo-fuzz is missing and could not be installed (see above): cargo install cargo-fuzz --version {CARGO_FUZZ}. \
         The corpora are played back without it: cargo test -p vestibule-tests --test e2e -- corpus"
    )))
}
