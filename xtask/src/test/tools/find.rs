//! Looking for programs on this machine.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{super::Needs, Tools};

/// The oldest Node that the packages in tests/node run on.
const OLDEST_NODE: u32 = 20;
/// The oldest Redis that Vestibule works with; Valkey numbers on from 7.2.
const OLDEST_REDIS: u32 = 7;

/// Everything that is needed and there; `own` is the folder of tools that this command installed itself.
pub(super) fn tools(needs: Needs, own: &Path) -> Tools {
    let when = |needed: bool, find: &dyn Fn() -> Option<PathBuf>| if needed { find() } else { None };
    Tools {
        redis: when(needs.redis, &redis),
        postgres: when(needs.postgres, &postgres),
        chromium: when(needs.chromium, &chromium),
        node: when(needs.node, &|| node(own)),
        npm: when(needs.node, &|| program("npm")),
        python: when(needs.smtp || needs.django || needs.fuzzer, &python),
        smtp: None,
        django: None,
        fuzzer: None,
    }
}

/// A program of that name in `PATH`.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// `Redis server v=7.0.15 …`, `Valkey server v=8.1.1 …`
fn redis() -> Option<PathBuf> {
    ["redis-server", "valkey-server"]
        .into_iter()
        .filter_map(program)
        .find(|server| version(server, &["--version"], "v=").is_some_and(|version| version >= OLDEST_REDIS))
}

/// Debian keeps PostgreSQL's server programs out of `PATH`, in a folder for each version; the newest is taken.
fn postgres() -> Option<PathBuf> {
    let complete = |folder: &Path| ["initdb", "postgres"].iter().all(|name| is_program(&folder.join(name)));
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().filter_map(|version| {
        let number: u32 = version.file_name().to_str()?.parse().ok()?;
        Some((number, version.path().join("bin")))
    });
    let newest = debian.filter(|(_, folder)| complete(folder)).max().map(|(_, folder)| folder);
    newest.or_else(|| program("initdb")?.parent().filter(|folder| complete(folder)).map(Path::to_owned))
}

fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("VESTIBULE_TEST_CHROMIUM").map(PathBuf::from).filter(|file| is_program(file));
    named.or_else(|| ["chromium", "google-chrome-stable", "google-chrome"].into_iter().find_map(program))
}

/// `v20.19.2`
fn node(own: &Path) -> Option<PathBuf> {
    let packaged = super::install::node_package().map(|name| own.join("node_modules").join(name).join("bin/node"));
    let candidates = [program("node"), program("nodejs"), packaged];
    candidates
        .into_iter()
        .flatten()
        .find(|node| version(node, &["--version"], "v").is_some_and(|version| version >= OLDEST_NODE))
}

/// Debian packs what makes virtual environments apart from Python.
fn python() -> Option<PathBuf> {
    let makes_environments = |python: &PathBuf| {
        let mut ask = Command::new(python);
        ask.args(["-c", "import ensurepip, venv"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        ask.status().is_ok_and(|status| status.success())
    };
    let debian = Some(PathBuf::from("/usr/bin/python3")).filter(|python| is_program(python));
    [program("python3"), debian].into_iter().flatten().find(makes_environments)
}

/// The first number after `before` in what a program says of itself.
fn version(program: &Path, arguments: &[&str], before: &str) -> Option<u32> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    major(&String::from_utf8_lossy(&output.stdout), before)
}

fn major(text: &str, before: &str) -> Option<u32> {
    let (_, rest) = text.split_once(before)?;
    rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_programs_tell_them() {
        assert_eq!(major("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "v="), Some(7));
        assert_eq!(major("v20.19.2\n", "v"), Some(20));
        assert_eq!(major("no number", "v="), None);
    }

    #[test]
    fn a_program_is_found_by_its_name() {
        assert!(program("sh").is_some());
        assert_eq!(program("no-program-has-this-name"), None);
    }
}
