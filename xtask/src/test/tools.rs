//! The programs that tests need: found on this machine, or installed where that is allowed.

mod find;
mod install;

use std::path::PathBuf;

use super::Needs;
use crate::{failure::Failure, process::Interrupt, project::Project};

pub(crate) use find::program;

/// Where each needed program is; `None` where the chosen stages do not need it.
#[derive(Debug, Default)]
pub(crate) struct Tools {
    /// A Redis server, or Valkey's.
    pub(crate) redis: Option<PathBuf>,
    /// The folder of `postgres` and `initdb`.
    pub(crate) postgres: Option<PathBuf>,
    pub(crate) chromium: Option<PathBuf>,
    /// Node, 20 or later.
    pub(crate) node: Option<PathBuf>,
    pub(crate) npm: Option<PathBuf>,
    /// A Python that can make virtual environments.
    pub(crate) python: Option<PathBuf>,
    /// The Python of the environment that the mail server runs in.
    pub(crate) smtp: Option<PathBuf>,
    /// The Python of the environment that builds Django sites.
    pub(crate) django: Option<PathBuf>,
    /// The fuzzer of the administration API.
    pub(crate) fuzzer: Option<PathBuf>,
}

/// Finds what is needed and installs what is missing, or says which packages would bring it.
pub(crate) fn bring(project: &Project, interrupt: &Interrupt, needs: Needs) -> Result<Tools, Failure> {
    let own = project.target().join("tools");
    let packages = find::tools(needs, &own).missing(needs);
    if !packages.is_empty() {
        install::from_debian(interrupt, &packages)?;
    }
    let mut tools = find::tools(needs, &own);
    if needs.node && tools.node.is_none() && tools.npm.is_some() {
        install::node_from_npm(interrupt, &tools, &own)?;
        tools = find::tools(needs, &own);
    }
    if let Some(python) = tools.python.clone() {
        let environment = |name: &str| install::python_environment(project, interrupt, &python, &own, name);
        tools.smtp = needs.smtp.then(|| environment("smtp")).transpose()?;
        tools.django = needs.django.then(|| environment("django")).transpose()?;
        let fuzzer = needs.fuzzer.then(|| environment("fuzzer")).transpose()?;
        tools.fuzzer = fuzzer.map(|python| python.with_file_name("schemathesis"));
    }
    let missing = tools.missing(needs);
    if missing.is_empty() && (tools.node.is_some() || !needs.node) {
        return Ok(tools);
    }
    let wanted = if missing.is_empty() { "node".to_owned() } else { missing.join(", ") };
    Err(Failure::because(format!("after installing, {wanted} is still not found in a version that the tests can use")))
}

impl Tools {
    /// The Debian packages that would bring what is needed and not there.
    ///
    /// Where npm is there and Node is too old, none: npm brings a newer one.
    fn missing(&self, needs: Needs) -> Vec<&'static str> {
        let mut packages = Vec::new();
        let mut want = |needed: bool, found: bool, names: &[&'static str]| {
            if needed && !found {
                packages.extend_from_slice(names);
            }
        };
        want(needs.redis, self.redis.is_some(), &["redis-server"]);
        want(needs.postgres, self.postgres.is_some(), &["postgresql"]);
        want(needs.smtp || needs.django || needs.fuzzer, self.python.is_some(), &["python3", "python3-venv"]);
        want(needs.chromium, self.chromium.is_some(), &["chromium"]);
        want(needs.node, self.npm.is_some(), &["nodejs", "npm"]);
        packages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Needs =
        Needs { redis: true, postgres: true, smtp: true, django: true, fuzzer: true, chromium: true, node: true };

    #[test]
    fn what_is_missing_is_told_as_debian_packages() {
        let everything = ["redis-server", "postgresql", "python3", "python3-venv", "chromium", "nodejs", "npm"];
        assert_eq!(Tools::default().missing(ALL), everything);
        assert!(Tools::default().missing(Needs::default()).is_empty());
    }

    #[test]
    fn an_old_node_is_npms_affair_not_debians() {
        let tools = Tools { npm: Some("/usr/bin/npm".into()), ..Tools::default() };
        assert!(tools.missing(Needs { node: true, ..Needs::default() }).is_empty());
    }
}
