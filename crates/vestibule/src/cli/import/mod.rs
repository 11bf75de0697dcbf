//! `vestibule import`: people, groups, permissions and applications from another system.

mod django;
mod report;

use clap::Subcommand;

use super::{Context, Failure};

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Bring over a Django site, from a file of `manage.py dumpdata` or from its database: all of it, or nothing
    Django(Box<django::Arguments>),
}

impl Command {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        match self {
            Self::Django(arguments) => arguments.run(context).await,
        }
    }
}
