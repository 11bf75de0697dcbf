//! The commands. Each group has a file with its arguments and an async `run`; this one chooses between them.
//!
//! A command reports on standard output; logs and errors go to standard error. It ends with 0 when done, 1 when it failed (one
//! line says what and what to do), 2 when it was called wrongly.

mod apis;
mod attributes;
mod audit;
mod clients;
mod config;
mod context;
mod demo;
mod desk;
mod grants;
mod groups;
mod import;
mod keys;
mod migrate;
mod output;
mod permissions;
mod serve;
mod time;
mod users;

use std::{ffi::OsString, io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

pub use context::Context;
pub use output::{Failure, Output, Report};

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
    /// Make groups of people, nest them, and give them permissions
    #[command(subcommand)]
    Groups(groups::Command),
    /// Register what applications let people do, give it, and ask who may and why
    #[command(subcommand)]
    Permissions(permissions::Command),
    /// Declare what else is known of people
    #[command(subcommand)]
    Attributes(attributes::Command),
    /// List and export the records of who did what
    #[command(subcommand)]
    Audit(audit::Command),
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
    /// Bring people, groups, permissions and applications over from another system
    #[command(subcommand)]
    Import(import::Command),
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
        command.run(Context::new(loaded.config, output)).await
    })
}

/// Runs a command on what is configured already, as a process that was called so would: `["users", "list", "--json"]`.
///
/// # Errors
/// Whatever makes the command fail; a wrong call as well, and one of those that need a process of their own.
pub async fn run_in<A: Into<OsString> + Clone>(
    context: Context,
    arguments: impl IntoIterator<Item = A>,
) -> Result<(), Failure> {
    let name = OsString::from(env!("CARGO_PKG_NAME"));
    let arguments = std::iter::once(name).chain(arguments.into_iter().map(Into::into));
    Cli::try_parse_from(arguments).map_err(Failure::of)?.command.run(context).await
}

impl Command {
    async fn run(self, context: Context) -> Result<(), Failure> {
        match self {
            Self::Users(command) => command.run(context).await,
            Self::Groups(command) => command.run(context).await,
            Self::Permissions(command) => command.run(context).await,
            Self::Attributes(command) => command.run(context).await,
            Self::Audit(command) => command.run(context).await,
            Self::Clients(command) => command.run(context).await,
            Self::Apis(command) => command.run(context).await,
            Self::Keys(command) => command.run(context).await,
            Self::Import(command) => command.run(context).await,
            Self::Migrate(arguments) => arguments.run(context).await,
            Self::Serve(_) | Self::Demo(_) | Self::Config(_) => {
                Err(Failure::new("this command needs a process of its own"))
            }
        }
    }
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
