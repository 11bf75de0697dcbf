//! The commands. Each group has a file with its arguments and an async `run`; this one holds what they share.
//!
//! A command reports on standard output, logs and errors go to standard error. It ends with 0 when done, 1 when it failed (one
//! line says what and what to do), 2 when it was called wrongly.

mod config;
mod output;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

pub use output::{Failure, Output};

use crate::{
    config::{Environment, Loaded, find_file},
    telemetry,
};

/// An OAuth 2.0 and OpenID Connect provider.
#[derive(Debug, Parser)]
#[command(name = "vestibule", version, about, arg_required_else_help = true, max_term_width = 100)]
pub struct Cli {
    /// The configuration file [default: $VESTIBULE_CONFIG, else vestibule.toml here if it exists, else the defaults]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Check, show and explain the configuration
    #[command(subcommand)]
    Config(config::Command),
}

/// What a command runs with.
#[derive(Debug)]
pub struct Context {
    /// The configuration in effect.
    pub loaded: Loaded,
    /// Where the command reports to.
    pub output: Output,
}

/// Runs the command that the process was called with, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli, &std::env::vars_os().collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A closed standard error is no reason to end otherwise.
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, environment: &Environment) -> Result<(), Failure> {
    let file = find_file(cli.config.as_deref(), environment);
    let Command::Config(command) = cli.command;
    command.run(file, environment, Output::standard())
}

/// Runs a command that works with the configuration.
#[allow(dead_code, reason = "the commands that need it come with their crates")]
fn run_with(loaded: Loaded, command: impl AsyncFnOnce(Context) -> Result<(), Failure>) -> Result<(), Failure> {
    telemetry::init(&loaded.config.log).map_err(|error| Failure::new(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the threads of the program cannot be started: {error}")))?;
    runtime.block_on(command(Context { loaded, output: Output::standard() }))
}
