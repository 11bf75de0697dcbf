//! The stages, and how each is run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitStatus},
    time::Instant,
};

use super::{Needs, counts::Counts, report, report::StageResult, servers::Servers, tools::Tools};
use crate::{
    failure::{Failure, While},
    process::{self, Interrupt},
    project::Project,
};

/// A part of the tests that needs the same surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// What needs nothing but Rust.
    Rust,
    /// Test targets with `test = false`.
    Services,
    /// The end-to-end tests on PostgreSQL and Redis.
    Postgres,
    /// Clients from npm and a browser.
    Node,
}

impl Stage {
    /// In the order in which they run.
    pub(crate) const ALL: [Self; 4] = [Self::Rust, Self::Services, Self::Postgres, Self::Node];

    /// As the command line names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Services => "services",
            Self::Postgres => "postgres",
            Self::Node => "node",
        }
    }

    /// The stage of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// What it needs of this machine.
    pub(crate) fn needs(self) -> Needs {
        match self {
            Self::Rust => Needs::default(),
            Self::Services => {
                Needs { redis: true, postgres: true, smtp: true, django: true, fuzzer: true, ..Needs::default() }
            }
            Self::Postgres => Needs { redis: true, postgres: true, ..Needs::default() },
            Self::Node => Needs { chromium: true, node: true, ..Needs::default() },
        }
    }
}

/// What stages work with.
pub(crate) struct Surroundings<'a> {
    pub(crate) project: &'a Project,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) tools: &'a Tools,
    pub(crate) servers: &'a Servers,
    /// Where tests leave screenshots.
    pub(crate) output: &'a Path,
}

/// Runs a stage. What goes wrong in it is part of the result; only an interrupt is a failure here.
pub(crate) fn run(stage: Stage, around: &Surroundings<'_>, filter: Option<&str>) -> Result<StageResult, Failure> {
    println!("\n== {} ==", stage.name());
    let started = Instant::now();
    let mut counts = Counts::default();
    let ended = match stage {
        Stage::Rust => around.rust(filter, &mut counts),
        Stage::Services => around.services(filter, &mut counts),
        Stage::Postgres => around.postgres(filter, &mut counts),
        Stage::Node => around.node(filter, &mut counts),
    };
    let problem = match ended {
        Err(Failure::Interrupted) => return Err(Failure::Interrupted),
        Err(Failure::Because(reason)) => Some(reason),
        Ok(status) => problem(status, counts, filter),
    };
    let result = StageResult { stage, took: started.elapsed(), counts, problem };
    let verdict = result.problem.as_deref().unwrap_or("ok");
    println!("== {}: {verdict}, after {} ==", stage.name(), report::readable(result.took));
    Ok(result)
}

/// A stage is well when its runner says so, nothing was skipped, and it had tests at all.
fn problem(status: ExitStatus, counts: Counts, filter: Option<&str>) -> Option<String> {
    if counts.failed > 0 {
        return Some("tests failed".to_owned());
    }
    if !status.success() {
        return Some(format!("the test runner failed ({status})"));
    }
    if counts.skipped > 0 {
        return Some("tests were skipped; give what they need to a stage, or delete them".to_owned());
    }
    (counts.passed == 0 && filter.is_none()).then(|| "no tests were found".to_owned())
}

impl Surroundings<'_> {
    /// `cargo test`, of the named test targets or, without any, of all that need nothing but Rust.
    fn cargo_test(&self, targets: &[&str], filter: Option<&str>) -> Command {
        let mut cargo = self.project.cargo("test");
        cargo.arg("--no-fail-fast").env("VESTIBULE_TEST_OUTPUT", self.output);
        for target in targets {
            cargo.args(["--test", target]);
        }
        cargo.args(filter);
        cargo
    }

    /// The same, told where Redis, its program, PostgreSQL, the mail server, the Django sites and the fuzzer are.
    fn cargo_test_on_servers(&self, targets: &[&str], filter: Option<&str>) -> Command {
        let mut cargo = self.cargo_test(targets, filter);
        cargo.envs(self.servers.redis_url().map(|url| ("VESTIBULE_TEST_REDIS_URL", url)));
        cargo.envs(self.servers.postgres_url().map(|url| ("VESTIBULE_TEST_POSTGRES_URL", url)));
        cargo.envs(self.servers.smtp_place().map(|place| ("VESTIBULE_TEST_SMTP", place)));
        cargo.envs(self.tools.redis.as_ref().map(|program| ("VESTIBULE_TEST_REDIS_SERVER", program)));
        cargo.envs(self.tools.fuzzer.as_ref().map(|program| ("VESTIBULE_TEST_FUZZER", program)));
        cargo.envs(self.servers.django_sites().map(|sites| ("VESTIBULE_TEST_DJANGO", sites)));
        cargo.envs(self.tools.django.as_ref().map(|python| ("VESTIBULE_TEST_DJANGO_PYTHON", python)));
        cargo
    }

    fn rust(&self, filter: Option<&str>, counts: &mut Counts) -> Result<ExitStatus, Failure> {
        let mut cargo = self.cargo_test(&[], filter);
        cargo.env("VESTIBULE_TEST_BACKEND", "sqlite");
        self.counted(cargo, counts)
    }

    fn postgres(&self, filter: Option<&str>, counts: &mut Counts) -> Result<ExitStatus, Failure> {
        let mut cargo = self.cargo_test_on_servers(&["e2e"], filter);
        cargo.env("VESTIBULE_TEST_BACKEND", "postgres");
        self.counted(cargo, counts)
    }

    /// Every target is asked for by name, since cargo leaves them out otherwise.
    fn services(&self, filter: Option<&str>, counts: &mut Counts) -> Result<ExitStatus, Failure> {
        let packages = self.project.packages();
        let mut targets: Vec<&str> =
            packages.iter().flat_map(|package| &package.service_tests).map(String::as_str).collect();
        targets.sort_unstable();
        targets.dedup();
        if targets.is_empty() {
            return Err(Failure::because("no package has a test target with `test = false`"));
        }
        println!("test targets: {}", targets.join(", "));
        self.counted(self.cargo_test_on_servers(&targets, filter), counts)
    }

    fn node(&self, filter: Option<&str>, counts: &mut Counts) -> Result<ExitStatus, Failure> {
        let built = process::run(self.project.build_binary(), self.interrupt)?;
        if !built.success() {
            return Err(Failure::because("the program does not build"));
        }
        let folder = self.project.root().join("tests/node");
        self.install_packages(&folder)?;
        let node = self.tools.node.as_deref().unwrap_or(Path::new("node"));
        let mut tests = Command::new(node);
        tests.args(["--test", "--test-reporter=spec"]).current_dir(&folder);
        tests.args(filter.map(|filter| format!("--test-name-pattern={filter}")));
        tests.args(test_files(&folder)?);
        tests.env("VESTIBULE_BIN", self.project.binary()).env("VESTIBULE_TEST_OUTPUT", self.output);
        tests.envs(self.tools.chromium.as_ref().map(|chromium| ("VESTIBULE_TEST_CHROMIUM", chromium)));
        self.counted(tests, counts)
    }

    /// `npm ci`, unless what it would install is there: a copy of the lock file is left beside it as a sign.
    fn install_packages(&self, folder: &Path) -> Result<(), Failure> {
        let wanted = fs::read(folder.join("package-lock.json")).doing(|| "tests/node has no lock file".to_owned())?;
        let sign = folder.join("node_modules/.installed-lock.json");
        if fs::read(&sign).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        let mut npm = Command::new(self.tools.npm.as_deref().unwrap_or(Path::new("npm")));
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
        if !process::run(npm, self.interrupt)?.success() {
            return Err(Failure::because("`npm ci` failed in tests/node"));
        }
        fs::write(&sign, wanted).doing(|| format!("{} could not be written", sign.display()))
    }

    /// Runs a test runner, showing what it prints and counting the tests that it tells of.
    fn counted(&self, command: Command, counts: &mut Counts) -> Result<ExitStatus, Failure> {
        process::run_reading(command, self.interrupt, |line| {
            println!("{line}");
            counts.read(line);
        })
    }
}

fn test_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).doing(|| format!("{} cannot be read", folder.display()))?;
    let names = entries.flatten().map(|entry| PathBuf::from(entry.file_name()));
    let mut files: Vec<PathBuf> = names.filter(|name| name.to_string_lossy().ends_with(".test.mjs")).collect();
    files.sort();
    Ok(files)
}
