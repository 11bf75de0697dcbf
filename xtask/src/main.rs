//! What a developer types: `cargo xtask test | fuzz | bench | docs | walls`.
//!
//! `test` passes every test of the project and brings up what the tests need; `fuzz` looks for inputs that break one; `bench` measures how fast it is; `docs` writes the
//! generated files, or tells whether they are fresh; `walls` checks what keeps the rooms of `ARCHITECTURE.md` apart. Each
//! command lives in a module of its name; `process` and `project` are what they share.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool speaks on the terminal")]

mod bench;
mod cli;
mod docs;
mod failure;
mod fuzz;
mod process;
mod project;
mod test;
mod walls;

use std::process::ExitCode;

use cli::Command;
use failure::Failure;
use process::Interrupt;
use project::Project;

fn main() -> ExitCode {
    let command = match cli::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(wrong_usage) => {
            eprintln!("{wrong_usage}");
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => {
            eprintln!("Interrupted; everything that was started has been ended.");
            ExitCode::from(130)
        }
        Err(Failure::Because(reason)) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    if let Command::Help(text) = command {
        println!("{text}");
        return Ok(());
    }
    let interrupt = Interrupt::listen()?;
    let project = Project::open()?;
    match command {
        Command::Help(_) => Ok(()),
        Command::Test(choice) => test::run(&project, &interrupt, &choice),
        Command::Fuzz(choice) => fuzz::run(&project, &interrupt, &choice),
        Command::Bench(arguments) => bench::run(&project, &interrupt, &arguments),
        Command::Docs { check } => docs::run(&project, &interrupt, check),
        Command::Walls => walls::run(&project),
    }
}
