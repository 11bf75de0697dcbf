//! `cargo xtask bench`: builds in release what is measured and what measures, and starts the latter.
//!
//! The benchmark itself is the package in `bench/`: a program of its own, since the generator must be optimised and this tool is
//! not. It gets what it cannot know: where the programs are, and a folder that is gone when it has ended.

use std::process::Command;

use crate::{
    failure::{Failure, While},
    process::{self, Interrupt},
    project::Project,
};

/// Builds, and runs the benchmark with `arguments` as they were given.
pub(crate) fn run(project: &Project, interrupt: &Interrupt, arguments: &[String]) -> Result<(), Failure> {
    if !arguments.iter().any(|argument| argument == "--no-build") {
        // To tell of itself, the benchmark needs nothing to measure.
        let tells = ["--help", "-h", "--list"].iter().any(|word| arguments.iter().any(|argument| argument == word));
        let built = process::run(project.build_benchmark(tells), interrupt)?;
        if !built.success() {
            return Err(Failure::because("what is measured does not build (see above)"));
        }
    }
    let folder = tempfile::tempdir().doing(|| "a temporary folder could not be made".to_owned())?;
    let release = project.target().join("release");
    let mut bench = Command::new(release.join("vestibule-bench"));
    bench.args(arguments);
    bench.arg("--vestibule").arg(release.join("vestibule"));
    bench.arg("--ceilings").arg(release.join("examples/ceilings"));
    bench.arg("--folder").arg(folder.path()).arg("--project").arg(project.root());
    match process::run(bench, interrupt)?.code() {
        Some(0) => Ok(()),
        _ => Err(Failure::because("the benchmark did not come to its end, or not all of it (see above)")),
    }
}
