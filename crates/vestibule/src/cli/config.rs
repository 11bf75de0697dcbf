//! `vestibule config`: check, show and explain the configuration. These need neither database nor keys.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::{Failure, Output};
use crate::config::{self, Effective, Environment, Loaded};

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check the configuration and tell everything that is wrong with it
    Check {
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print the values in effect and where each comes from; secrets are hidden
    Show {
        /// Report as one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Print every setting with its default and its documentation
    Reference {
        /// Print Markdown in place of a configuration file
        #[arg(long)]
        markdown: bool,
    },
}

impl Command {
    pub(super) fn run(
        self,
        file: Option<PathBuf>,
        environment: &Environment,
        mut output: Output,
    ) -> Result<(), Failure> {
        match self {
            Self::Check { json } => check(file, environment, json, &mut output),
            Self::Show { json } => show(&Loaded::load(file, environment)?, json, &mut output),
            Self::Reference { markdown: true } => output.text(&config::markdown()),
            Self::Reference { markdown: false } => output.text(&config::toml_file()),
        }
    }
}

fn check(file: Option<PathBuf>, environment: &Environment, json: bool, output: &mut Output) -> Result<(), Failure> {
    let checked = Loaded::load(file.clone(), environment).and_then(|loaded| loaded.check_files().map(|()| loaded));
    if json {
        let problems = checked.as_ref().err().map(|error| error.problems.as_slice()).unwrap_or_default();
        let issuer = checked.as_ref().ok().map(|loaded| loaded.config.http.public_url.as_str());
        output.json(&json!({ "valid": checked.is_ok(), "file": file, "issuer": issuer, "problems": problems }))?;
    }
    let loaded = checked?;
    if json {
        return Ok(());
    }
    let file = file.map_or("the defaults and the environment".to_owned(), |file| file.display().to_string());
    output.text(&format!("The configuration is right: {file}. Issuer: {}", loaded.config.http.public_url))
}

fn show(loaded: &Loaded, json: bool, output: &mut Output) -> Result<(), Failure> {
    let effective = loaded.effective();
    if json {
        return output.json(&json!({ "file": loaded.file, "settings": effective }));
    }
    let row = |Effective { key, value, source }: &Effective| {
        let value = value.as_ref().map_or("(not set)".to_owned(), ToString::to_string);
        vec![(*key).to_owned(), value, source.to_string()]
    };
    output.table(&["key", "value", "source"], &effective.iter().map(row).collect::<Vec<_>>())
}
