//! `vestibule migrate`: brings the database's schema up to date, or tells what it lacks.

use clap::Args;
use serde_json::json;

use super::{Context, Failure};

/// The arguments of the command.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only report the steps that the schema lacks
    #[arg(long)]
    check: bool,
    /// Report as one JSON document
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub(super) async fn run(self, mut context: Context) -> Result<(), Failure> {
        let database = context.database_as_it_is().await?;
        let steps = if self.check { database.pending().await } else { database.migrate().await };
        let steps = steps.map_err(Failure::of)?;
        database.close().await;
        if self.json {
            let verb = if self.check { "pending" } else { "applied" };
            return context.output.json(&json!({ verb: steps }));
        }
        let verb = if self.check { "Lacking" } else { "Applied" };
        match steps.as_slice() {
            [] => context.output.text("The schema is up to date."),
            steps => context.output.text(&steps.iter().map(|step| format!("{verb}: {step}\n")).collect::<String>()),
        }
    }
}
