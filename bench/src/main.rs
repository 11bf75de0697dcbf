//! The benchmark behind `cargo xtask bench`, which builds everything in release and starts this program.
//!
//! ```text
//! arguments ─▶ run ─▶ raw        what the core signs and hashes, with no server at all
//!                  ─▶ provider   starts the ceilings' server and Vestibule, pinned to a core, and registers what the rows need
//!                  ─▶ load       asks the rows of a description, from another core
//!                  ─▶ report     a table as it goes; JSON, a plot and docs/performance.md at the end
//!                  ─▶ soak       the same provider under a steady load with a fast clock, and what it stores meanwhile
//!                  ─▶ lag        two of them on PostgreSQL and Redis, and how late one hears what is revoked at the other
//! ```
//! What is asked of a provider is a [`description`]: our own (`vestibule.json`) or a file that describes another provider. This
//! package names no other of ours, so that the one who measures knows nothing that an application would not.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool speaks on the terminal")]

mod answer;
mod arguments;
mod description;
mod failure;
mod lag;
mod limits;
mod load;
mod machine;
mod provider;
mod raw;
mod report;
mod run;
mod soak;
mod statistics;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match arguments::parse(std::env::args().skip(1)) {
        Ok(arguments::Asked::Help) => {
            println!("{}", arguments::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(arguments::Asked::Run(arguments)) => arguments,
        Err(wrong_usage) => {
            eprintln!("error: {wrong_usage}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    match run::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}
