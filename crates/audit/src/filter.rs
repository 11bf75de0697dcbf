//! Finding records: which, in which order, and page by page.

use std::{fmt, str::FromStr};

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use vestibule_core::{ClientId, Timestamp, UserId};

use crate::{Audit, AuditError, Kind, ObjectType, Record, Records, row, row::Column};

/// The most records of one page.
pub const LONGEST_PAGE: u64 = 500;

/// Which records. What is not said does not matter; all that is said must hold.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of one of these kinds; any kind where there are none.
    pub kinds: Vec<Kind>,
    /// Done by this user, in person or by an API token.
    pub actor: Option<UserId>,
    /// Done to or for this user.
    pub subject: Option<UserId>,
    /// Done to a thing of this type.
    pub object_type: Option<ObjectType>,
    /// Done to the thing with this id or name.
    pub object_id: Option<String>,
    /// Happened at this application.
    pub client: Option<ClientId>,
    /// Happened in this request.
    pub request_id: Option<String>,
    /// Not before this moment.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

/// Which part of what is found.
#[derive(Clone, Debug)]
pub struct Page {
    /// The order. It must be the same for all pages.
    pub order: Order,
    /// What comes after this; the beginning where there is none.
    pub after: Option<Cursor>,
    /// How many records at most, up to [`LONGEST_PAGE`].
    pub limit: u64,
}

impl Default for Page {
    fn default() -> Self {
        Self { order: Order::NewestFirst, after: None, limit: 50 }
    }
}

/// A place between two records. Its text is for whoever asks for the next page, and tells nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    at: i64,
    id: String,
}

/// That text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no cursor: take the one that came with the page before")]
pub struct BadCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.at, self.id)
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (at, id) = text.split_once('_').ok_or(BadCursor)?;
        let id: uuid::Uuid = id.parse().map_err(|_| BadCursor)?;
        Ok(Self { at: at.parse().map_err(|_| BadCursor)?, id: id.to_string() })
    }
}

impl Audit {
    /// A page of the records that the filter lets through.
    ///
    /// Of several replicas one may write a record a moment after another wrote a later one, so that whoever follows the newest
    /// records should look back a little.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn query(&self, filter: &Filter, page: &Page) -> Result<Records, AuditError> {
        let limit = page.limit.clamp(1, LONGEST_PAGE);
        let mut rows = filter.select(page).limit(limit + 1).all(self.database.reader()).await?;
        let more = rows.len() as u64 > limit;
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = rows.last().filter(|_| more).map(|row| Cursor { at: row.at, id: row.id.clone() });
        Ok(Records { records: rows.into_iter().map(Record::from_row).collect(), next })
    }
}

impl Filter {
    fn select(&self, page: &Page) -> Select<row::Entity> {
        let mut condition = Condition::all();
        if !self.kinds.is_empty() {
            condition = condition.add(Column::Kind.is_in(self.kinds.iter().map(|kind| kind.as_str())));
        }
        let user = |column: Column, user: Option<UserId>| user.map(|user| column.eq(user.to_string()));
        let text = |column: Column, text: Option<&str>| text.map(|text| column.eq(text));
        let condition = condition
            .add_option(user(Column::ActorId, self.actor))
            .add_option(user(Column::Subject, self.subject))
            .add_option(text(Column::ObjectType, self.object_type.map(ObjectType::as_str)))
            .add_option(text(Column::ObjectId, self.object_id.as_deref()))
            .add_option(text(Column::ClientId, self.client.as_ref().map(ClientId::as_str)))
            .add_option(text(Column::RequestId, self.request_id.as_deref()))
            .add_option(self.since.map(|moment| Column::At.gte(moment.millis())))
            .add_option(self.until.map(|moment| Column::At.lt(moment.millis())))
            .add_option(page.after.as_ref().map(|cursor| cursor.passed_in(page.order)));
        let select = row::Entity::find().filter(condition);
        match page.order {
            Order::NewestFirst => select.order_by_desc(Column::At).order_by_desc(Column::Id),
            Order::OldestFirst => select.order_by_asc(Column::At).order_by_asc(Column::Id),
        }
    }
}

impl Cursor {
    /// The bound on the moment stands for itself, so that an index begins there.
    fn passed_in(&self, order: Order) -> Condition {
        let (bound, moment, id) = match order {
            Order::NewestFirst => (Column::At.lte(self.at), Column::At.lt(self.at), Column::Id.lt(&self.id)),
            Order::OldestFirst => (Column::At.gte(self.at), Column::At.gt(self.at), Column::Id.gt(&self.id)),
        };
        Condition::all().add(bound).add(Condition::any().add(moment).add(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let text = "1795403640007_0199f3c0-0000-7000-8000-000000000000";
        assert_eq!(text.parse::<Cursor>().map(|cursor| cursor.to_string()), Ok(text.to_owned()));
        for text in ["", "_", "1_", "1_x", "x_0199f3c0-0000-7000-8000-000000000000", "1"] {
            assert_eq!(text.parse::<Cursor>(), Err(BadCursor), "{text}");
        }
    }
}
