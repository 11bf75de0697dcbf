//! The workspace: where it lies, what is in it, and how its cargo is called.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::failure::{Failure, While};

/// The workspace as `cargo metadata` tells it, without the crates of others.
pub(crate) struct Project {
    root: PathBuf,
    target: PathBuf,
    packages: Vec<Package>,
}

/// One of our packages.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// Whatever its Cargo.toml names, for running, building or testing.
    pub(crate) dependencies: Vec<String>,
    /// Test targets that `cargo test` leaves out: those that need a server.
    pub(crate) service_tests: Vec<String>,
}

impl Project {
    /// Reads the workspace that this tool belongs to.
    pub(crate) fn open() -> Result<Self, Failure> {
        let mut metadata = Command::new(cargo_program());
        metadata.args(["metadata", "--no-deps", "--format-version=1"]).current_dir(root()).stdin(Stdio::null());
        let output = metadata.output().doing(|| "cargo metadata could not be started".to_owned())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::because(format!("cargo metadata failed: {}", said.trim())));
        }
        let document: Value =
            serde_json::from_slice(&output.stdout).doing(|| "cargo metadata printed no JSON document".to_owned())?;
        let packages = document["packages"].as_array().into_iter().flatten().map(Package::read).collect();
        Ok(Self { root: root(), target: path(&document["target_directory"]), packages })
    }

    /// The folder of the workspace's Cargo.toml.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that cargo builds into.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Our packages, in cargo's order.
    pub(crate) fn packages(&self) -> &[Package] {
        &self.packages
    }

    /// Every package that is built for `package` alone, with the features that it asks for.
    pub(crate) fn behind(&self, package: &str) -> Result<Vec<String>, Failure> {
        let mut tree = Command::new(cargo_program());
        tree.args(["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
        let output = tree.current_dir(&self.root).stdin(Stdio::null()).output();
        let output = output.doing(|| "cargo tree could not be started".to_owned())?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Failure::because(format!("cargo tree failed: {}", said.trim())));
        }
        let lines = String::from_utf8_lossy(&output.stdout);
        Ok(lines.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
    }

    /// The program as `cargo build` makes it.
    pub(crate) fn binary(&self) -> PathBuf {
        self.target.join("debug/vestibule")
    }

    /// A cargo command at the root.
    ///
    /// Always with `--workspace`: cargo chooses the features of shared dependencies by what is selected, so a mix of
    /// selections would build them again and again.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut cargo = Command::new(cargo_program());
        cargo.args([subcommand, "--workspace"]).current_dir(&self.root);
        cargo
    }

    /// The command that builds [`Project::binary`].
    ///
    /// The test target is built with it for its dev-dependencies: they make cargo choose the same features as for
    /// `cargo test`, and so build everything beneath only once.
    pub(crate) fn build_binary(&self) -> Command {
        let mut build = self.cargo("build");
        build.args(["--bin", "vestibule", "--test", "e2e"]);
        build
    }

    /// The command that builds, in release, what measures, and unless it is wanted `alone`, the program and the server of the
    /// ceilings.
    ///
    /// Not the whole workspace: what is measured has the features that a user's build has.
    pub(crate) fn build_benchmark(&self, alone: bool) -> Command {
        let mut build = Command::new(cargo_program());
        build.args(["build", "--release", "-p", "vestibule-bench", "--bin", "vestibule-bench"]);
        if !alone {
            build.args(["-p", "vestibule", "-p", "vestibule-server", "--bin", "vestibule", "--example", "ceilings"]);
        }
        build.current_dir(&self.root);
        build
    }
}

impl Package {
    fn read(package: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = |key: &str| package[key].as_array().into_iter().flatten();
        Self {
            name: text(&package["name"]),
            folder: path(&package["manifest_path"]).parent().unwrap_or(Path::new("")).to_owned(),
            dependencies: items("dependencies").map(|dependency| text(&dependency["name"])).collect(),
            service_tests: items("targets")
                .filter(|target| target["kind"][0] == "test" && target["test"] == false)
                .map(|target| text(&target["name"]))
                .collect(),
        }
    }
}

fn cargo_program() -> PathBuf {
    std::env::var_os("CARGO").map_or("cargo".into(), PathBuf::from)
}

/// `cargo run` says where this package lies; a checkout that was moved since it was built is still found.
fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map_or(env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    package.parent().map_or_else(|| package.clone(), Path::to_owned)
}

fn path(value: &Value) -> PathBuf {
    value.as_str().unwrap_or_default().into()
}
