//! `cargo xtask docs`: the documents that the program itself writes.

use std::{fs, path::Path, process::Command};

use crate::{
    failure::{Failure, While},
    process::{self, Interrupt},
    project::Project,
};

/// A document, and the command of `vestibule` that prints it.
struct Generated {
    file: &'static str,
    command: &'static [&'static str],
}

const GENERATED: &[Generated] =
    &[Generated { file: "docs/configuration.md", command: &["config", "reference", "--markdown"] }];

/// Writes every generated document; with `check`, only tells which are stale and fails where one is.
pub(crate) fn run(project: &Project, interrupt: &Interrupt, check: bool) -> Result<(), Failure> {
    let built = process::run(project.build_binary(), interrupt)?;
    if !built.success() {
        return Err(Failure::because("the program that writes the documents does not build (see above)"));
    }
    let mut stale = Vec::new();
    for document in GENERATED {
        let fresh = print(project, document)?;
        let file = project.root().join(document.file);
        let present = fs::read_to_string(&file).unwrap_or_default();
        if present == fresh {
            println!("{} is fresh", document.file);
        } else if check {
            stale.push(difference(document.file, &present, &fresh));
        } else {
            write(&file, &fresh)?;
            println!("{} written", document.file);
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::because(format!("{}\nRun `cargo xtask docs` and commit what it writes.", stale.join("\n"))))
}

/// Runs the program where no configuration of the developer's reaches it: not a file here, not the environment.
fn print(project: &Project, document: &Generated) -> Result<String, Failure> {
    let nowhere = tempfile::tempdir().doing(|| "a temporary folder could not be made".to_owned())?;
    let mut program = Command::new(project.binary());
    program.args(document.command).current_dir(nowhere.path());
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("VESTIBULE_")) {
        program.env_remove(name);
    }
    let told = || format!("`vestibule {}`", document.command.join(" "));
    let output = program.output().doing(|| format!("{} could not be started", told()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::because(format!("{} failed: {}", told(), said.trim())));
    }
    String::from_utf8(output.stdout).doing(|| format!("{} printed something that is not UTF-8", told()))
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).doing(|| format!("{} could not be made", folder.display()))?;
    }
    fs::write(file, text).doing(|| format!("{} could not be written", file.display()))
}

/// Names the first line that differs.
fn difference(file: &str, present: &str, fresh: &str) -> String {
    let (mut present, mut fresh) = (present.lines(), fresh.lines());
    for number in 1.. {
        match (present.next(), fresh.next()) {
            (None, None) => break,
            (is, should) if is == should => {}
            (is, should) => {
                let shown = |line: Option<&str>| line.map_or("nothing".to_owned(), |line| format!("`{line}`"));
                return format!("{file} is stale: line {number} is {}, should be {}", shown(is), shown(should));
            }
        }
    }
    format!("{file} is stale: its line endings differ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_document_is_told_by_its_first_wrong_line() {
        let told = difference("docs/a.md", "one\ntwo\n", "one\nthree\n");
        assert_eq!(told, "docs/a.md is stale: line 2 is `two`, should be `three`");
        assert_eq!(difference("docs/a.md", "", "one\n"), "docs/a.md is stale: line 1 is nothing, should be `one`");
        assert_eq!(difference("docs/a.md", "one", "one\n"), "docs/a.md is stale: its line endings differ");
    }
}
