//! `cargo xtask test`: every test of the project, in stages.
//!
//! `tools` finds or installs the programs, `servers` starts private instances, `stages` runs each stage on them, `counts`
//! reads from their output how many tests there were, `report` prints the table.

mod counts;
mod report;
mod servers;
mod stages;
mod tools;

use std::fs;

use crate::{
    failure::{Failure, While},
    process::Interrupt,
    project::Project,
};

pub(crate) use stages::Stage;
pub(crate) use tools::program;

/// Which tests to run.
#[derive(Debug, Default)]
pub(crate) struct Choice {
    /// Only tests whose names contain this.
    pub(crate) filter: Option<String>,
    /// Only these stages; none means all.
    pub(crate) only: Vec<Stage>,
}

/// What the chosen stages need of this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) redis: bool,
    pub(crate) postgres: bool,
    pub(crate) smtp: bool,
    pub(crate) django: bool,
    pub(crate) fuzzer: bool,
    pub(crate) chromium: bool,
    pub(crate) node: bool,
}

/// Runs the chosen stages, all of them even when one failed, and fails if any did.
pub(crate) fn run(project: &Project, interrupt: &Interrupt, choice: &Choice) -> Result<(), Failure> {
    let stages: Vec<Stage> =
        Stage::ALL.into_iter().filter(|stage| choice.only.is_empty() || choice.only.contains(stage)).collect();
    let output = project.target().join("test-output");
    fs::create_dir_all(&output).doing(|| format!("{} could not be made", output.display()))?;

    let needs = stages.iter().map(|stage| stage.needs()).fold(Needs::default(), Needs::and);
    let tools = tools::bring(project, interrupt, needs)?;
    let servers = servers::start(project, interrupt, &tools)?;
    let surroundings = stages::Surroundings { project, interrupt, tools: &tools, servers: &servers, output: &output };

    let mut results = Vec::new();
    for stage in stages {
        results.push(stages::run(stage, &surroundings, choice.filter.as_deref())?);
    }
    drop(servers);
    report::print(&results, &output)
}

impl Needs {
    fn and(self, other: Self) -> Self {
        Self {
            redis: self.redis || other.redis,
            postgres: self.postgres || other.postgres,
            smtp: self.smtp || other.smtp,
            django: self.django || other.django,
            fuzzer: self.fuzzer || other.fuzzer,
            chromium: self.chromium || other.chromium,
            node: self.node || other.node,
        }
    }
}
