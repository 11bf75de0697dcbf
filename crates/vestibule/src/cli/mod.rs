//! The commands. Each group has a file with its arguments and an async `run`; this one chooses between them.
//!
//! A command reports on standard output; logs and errors go to standard error. It ends with 0 when done, 1 when it failed (one
//! line says what and what to do), 2 when it was called wrongly.

mod apis;
mod clients;
mod config;
mod context;
mod demo;
mod keys;
mod migrate;
mod output;
mod serve;
mod time;
mod users;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

pub use context::Context;
pub use output::{Failure, Output};

use crate::{
    config::{Environment, Loaded, LogLevel, Source, find_file},
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
    /// Run the provider
    Serve(serve::Arguments),
    /// Run the provider in a temporary folder, with a sample app and a sample API to try it with
    Demo(demo::Arguments),
    /// Create, change and list the people who can sign in
    #[command(subcommand)]
    Users(users::Command),
    /// Register, show and delete the applications that people sign in to
    #[command(subcommand)]
    Clients(clients::Command),
    /// Register, show and delete the APIs that applications call
    #[command(subcommand)]
    Apis(apis::Command),
    /// List and rotate the signing keys, and change the key that seals them
    #[command(subcommand)]
    Keys(keys::Command),
    /// Check, show and explain the configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Bring the database's schema up to date, or tell what it lacks
    Migrate(migrate::Arguments),
}

/// Runs the command that the process was called with, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let done = run(Cli::parse(), &std::env::vars_os().collect(), Output::standard());
    telemetry::flush();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // A closed standard error is no reason to end otherwise.
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, environment: &Environment, output: Output) -> Result<(), Failure> {
    let file = find_file(cli.config.as_deref(), environment);
    // What explains a wrong configuration cannot ask for a right one.
    if let Command::Config(command) = cli.command {
        return command.run(file, environment, output);
    }
    let loaded = Loaded::load(file, environment)?;
    match cli.command {
        // Its log is what a server has to say.
        Command::Serve(_) => telemetry::init(&loaded.config.log).map_err(Failure::of)?,
        _ => begin_to_log(&loaded)?,
    }
    runtime()?.block_on(async {
        let command = match cli.command {
            Command::Serve(arguments) => return arguments.run(loaded, output).await,
            Command::Demo(arguments) => return arguments.run(loaded, output).await,
            command => command,
        };
        let context = Context::new(loaded.config, output);
        match command {
            Command::Users(command) => command.run(context).await,
            Command::Clients(command) => command.run(context).await,
            Command::Apis(command) => command.run(context).await,
            Command::Keys(command) => command.run(context).await,
            Command::Migrate(arguments) => arguments.run(context).await,
            Command::Serve(_) | Command::Demo(_) | Command::Config(_) => Ok(()),
        }
    })
}

/// A command that ends at once says what it did by itself: unless somebody chose a level, it logs only what is wrong.
fn begin_to_log(loaded: &Loaded) -> Result<(), Failure> {
    let mut log = loaded.config.log.clone();
    if loaded.source("log.level") == Source::Default {
        log.level = LogLevel::warn();
    }
    telemetry::init(&log).map_err(Failure::of)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("the program's threads cannot be started: {error}")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_wrong_call_is_told_apart_from_a_failure() {
        let error = Cli::try_parse_from(["vestibule", "users", "create"]).expect_err("the name is missing");
        assert_eq!(error.exit_code(), 2);
    }
}
