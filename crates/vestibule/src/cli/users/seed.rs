//! `vestibule users seed`: a database full of made-up people.

use std::io::{IsTerminal, Write, stderr};

use clap::Args;
use serde_json::json;
use vestibule_audit::{Details, Kind};
use vestibule_users::{Sample, SampleError, SampleStep};

use super::password;
use crate::cli::{
    Failure,
    desk::{Desk, done},
    output::Report,
};

/// Of so many people, one group is made where nothing is said.
const TO_A_GROUP: u64 = 100;
/// Where no terminal shows progress, it is told so often.
const LINES: u64 = 10;

/// `vestibule users seed`
#[derive(Debug, Args)]
pub(in crate::cli) struct SeedArguments {
    /// How many people to make up
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    count: u64,
    /// Among how many groups they are spread [default: a hundredth of the people]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    groups: Option<u64>,
    /// What decides who they are: the same number makes up the same people
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Read one password for all of them from standard input; without this they have none
    #[arg(long)]
    password_stdin: bool,
    /// Do so among people who are not made up
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    report: Report,
}

impl Desk {
    pub(super) async fn seed(&mut self, arguments: SeedArguments) -> Result<(), Failure> {
        let sample = Sample {
            people: arguments.count,
            groups: arguments.groups.unwrap_or((arguments.count / TO_A_GROUP).max(1)),
            seed: arguments.seed,
            password: if arguments.password_stdin { Some(password::one_line_of_input()?) } else { None },
            among_others: arguments.force,
        };
        let mut progress = Progress::begin(&sample);
        let made = self.users.make_up(&self.access, &sample, |step| progress.tell(step)).await;
        progress.end();
        let made = made.map_err(|error| match error {
            SampleError::OthersAreHere { .. } => Failure::new(format!("{error}, or say --force")),
            other => Failure::of(other),
        })?;
        self.note(done(Kind::Imported).details(Details::new().origin("seed").count(made.people))).await?;
        let document = json!({
            "users": made.people,
            "groups": made.groups,
            "memberships": made.memberships,
            "grants": made.grants,
        });
        let text = format!(
            "Made up: {} users in {} groups, with {} memberships and {} grants.",
            made.people, made.groups, made.memberships, made.grants
        );
        self.context.output.report(arguments.report, &document, &text)
    }
}

/// How far it has come, on standard error: one line that is written anew on a terminal, and a few lines elsewhere.
struct Progress {
    people: u64,
    groups: u64,
    terminal: bool,
    told: u64,
}

impl Progress {
    fn begin(sample: &Sample) -> Self {
        Self { people: sample.people, groups: sample.groups, terminal: stderr().is_terminal(), told: 0 }
    }

    fn tell(&mut self, step: SampleStep) {
        let (what, is, all) = match step {
            SampleStep::Groups(made) => ("groups", made, self.groups),
            SampleStep::People(made) => ("users", made, self.people),
        };
        // Nothing is lost to whoever closed standard error.
        if self.terminal {
            let _ = write!(stderr(), "\r\x1b[K{is} of {all} {what}");
        } else if what == "users" && is * LINES / all > self.told {
            self.told = is * LINES / all;
            let _ = writeln!(stderr(), "{is} of {all} {what}");
        }
    }

    fn end(&self) {
        if self.terminal {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}
