//! `vestibule audit`: who did what, for whom, from where.

mod moment;
mod report;

use clap::{Args, Subcommand};
use vestibule_audit::{Audit, Filter, Kind, LONGEST_PAGE, ObjectType, Page};
use vestibule_core::{Timestamp, UserId};

use super::{Context, Failure, desk::Desk, output::Report};

/// The commands of the group.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List records, the newest first
    List {
        #[command(flatten)]
        which: Which,
        /// How many at most
        #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
        limit: u64,
        #[command(flatten)]
        report: Report,
    },
    /// Write all records out, the oldest first: one JSON document a line
    Export {
        #[command(flatten)]
        which: Which,
    },
}

/// Which records. What is not said does not matter.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Only of this kind, such as signed_in (several times for several)
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<Kind>,
    /// Only what was done to or for this user: a username, e-mail address or id
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only what this user did
    #[arg(long, value_name = "USER")]
    actor: Option<String>,
    /// Only what was done to things of this type, such as group
    #[arg(long = "object", value_name = "TYPE", value_parser = object_type)]
    object_type: Option<ObjectType>,
    /// Not before this: 2026-11-23, 2026-11-23T22:50:00Z, or so long ago, such as 24h
    #[arg(long, value_name = "MOMENT")]
    since: Option<String>,
    /// Before this, written likewise
    #[arg(long, value_name = "MOMENT")]
    until: Option<String>,
}

fn object_type(name: &str) -> Result<ObjectType, String> {
    let names = || ObjectType::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
    ObjectType::named(name).ok_or_else(|| format!("the types are {}", names()))
}

impl Command {
    pub(super) async fn run(self, context: Context) -> Result<(), Failure> {
        let mut desk = Desk::open(context).await?;
        let audit = desk.context.audit(&desk.database);
        match self {
            Self::List { which, limit, report } => {
                let filter = which.filter(&desk).await?;
                list(&mut desk, &audit, &filter, limit, report).await
            }
            Self::Export { which } => {
                let filter = which.filter(&desk).await?;
                let mut export = audit.export(filter);
                while let Some(lines) = export.next().await.map_err(Failure::of)? {
                    desk.context.output.text(&lines)?;
                }
                Ok(())
            }
        }
    }
}

impl Which {
    async fn filter(self, desk: &Desk) -> Result<Filter, Failure> {
        let now = desk.context.clock.now();
        let moment = |flag: &str, text: Option<String>| -> Result<Option<Timestamp>, Failure> {
            text.map(|text| moment::read(&text, now).map_err(|why| Failure::new(format!("{flag}: {why}")))).transpose()
        };
        Ok(Filter {
            kinds: self.kinds,
            actor: somebody(desk, self.actor).await?,
            subject: somebody(desk, self.user).await?,
            object_type: self.object_type,
            since: moment("--since", self.since)?,
            until: moment("--until", self.until)?,
            ..Filter::default()
        })
    }
}

/// The id of somebody, who may be gone.
async fn somebody(desk: &Desk, name: Option<String>) -> Result<Option<UserId>, Failure> {
    let Some(name) = name else { return Ok(None) };
    match name.parse() {
        Ok(id) => Ok(Some(id)),
        Err(_) => Ok(Some(desk.user(&name).await?.id)),
    }
}

async fn list(desk: &mut Desk, audit: &Audit, filter: &Filter, limit: u64, how: Report) -> Result<(), Failure> {
    let (mut records, mut after) = (Vec::new(), None);
    while (records.len() as u64) < limit {
        let page = Page { after, limit: (limit - records.len() as u64).min(LONGEST_PAGE), ..Page::default() };
        let found = audit.query(filter, &page).await.map_err(Failure::of)?;
        records.extend(found.records);
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    if how.json {
        return desk.context.output.json(&records);
    }
    desk.context.output.table(&report::HEADINGS, &records.iter().map(report::row).collect::<Vec<_>>())
}
