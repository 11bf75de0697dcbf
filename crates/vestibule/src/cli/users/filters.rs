//! `vestibule users list`: which users, in which order.

use clap::{Args, ValueEnum};
use vestibule_users::{Query, SortBy};

use super::{arguments::pair, attributes, report};
use crate::cli::{Failure, desk::Desk, output::Report};

/// How many users are read at a time.
const PAGE: u64 = 500;

/// `vestibule users list`
#[derive(Debug, Args)]
pub(in crate::cli) struct ListArguments {
    /// Only those whose username, e-mail address, full name or family name begins so
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only the direct members of this group
    #[arg(long)]
    group: Option<String>,
    /// Only those who may sign in
    #[arg(long)]
    active: bool,
    /// Only those who may not
    #[arg(long, conflicts_with = "active")]
    inactive: bool,
    /// Only those who may enter the administration
    #[arg(long)]
    staff: bool,
    /// Only those who may do everything there
    #[arg(long)]
    superuser: bool,
    /// Only those who have this value of this attribute
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    attribute: Option<(String, String)>,
    /// By what they are sorted
    #[arg(long, value_name = "FIELD", default_value = "username")]
    sort: Sort,
    /// The last come first
    #[arg(long)]
    descending: bool,
    /// How many at most [default: all]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    report: Report,
}

/// What users are sorted by.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Sort {
    Username,
    Email,
    CreatedAt,
    LastSignIn,
}

impl From<Sort> for SortBy {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Username => Self::Username,
            Sort::Email => Self::Email,
            Sort::CreatedAt => Self::CreatedAt,
            Sort::LastSignIn => Self::LastSignIn,
        }
    }
}

impl Desk {
    pub(super) async fn list_users(&mut self, arguments: ListArguments) -> Result<(), Failure> {
        let (limit, how) = (arguments.limit.unwrap_or(u64::MAX), arguments.report);
        let mut query = self.query(arguments).await?;
        let mut users = Vec::new();
        loop {
            query.size = PAGE.min(limit - users.len() as u64);
            let found = self.users.search(&query).await.map_err(Failure::of)?;
            users.extend(found.users);
            query.cursor = found.next;
            if query.cursor.is_none() || users.len() as u64 >= limit {
                break;
            }
        }
        if how.json {
            return self.context.output.json(&users.iter().map(report::document).collect::<Vec<_>>());
        }
        self.context.output.table(&report::HEADINGS, &users.iter().map(report::row).collect::<Vec<_>>())
    }

    async fn query(&self, arguments: ListArguments) -> Result<Query, Failure> {
        let group = match &arguments.group {
            Some(name) => Some(self.group(name).await?.id.to_string()),
            None => None,
        };
        let attribute = match arguments.attribute {
            Some((name, typed)) => {
                let definitions = self.attributes.list().await.map_err(Failure::of)?;
                let value = attributes::value(&definitions, &name, &typed)?;
                Some((name, value))
            }
            None => None,
        };
        let active = match (arguments.active, arguments.inactive) {
            (false, false) => None,
            (active, _) => Some(active),
        };
        Ok(Query {
            active,
            staff: arguments.staff.then_some(true),
            superuser: arguments.superuser.then_some(true),
            search: arguments.search,
            group,
            attribute,
            sort: arguments.sort.into(),
            descending: arguments.descending,
            ..Query::default()
        })
    }
}
