//! Lists of people for whoever administers them: filtered, sorted, page by page.
//!
//! Among a million people a page must not look at all of them. There are two ways to one: walk along the index of the order and
//! leave out what the filters do not let through, or take the few that a filter lets through and sort them. PostgreSQL
//! chooses by its statistics. SQLite has none: there, `statement` counts, up to a bound, how many each filter lets through, and
//! takes the second way where they are few. Of whom a rare mark is asked, each order has an index of its own.

mod cursor;
mod part;
mod prefix;
mod statement;

use sea_orm::EntityTrait;
use serde_json::Value;
use vestibule_core::Timestamp;

use self::{cursor::Cursor, part::Part};
use crate::{Unavailable, User, Users, entity};

/// The largest page.
const LARGEST: u64 = 500;

/// Which users, in which order.
#[derive(Clone, Debug)]
pub struct Query {
    /// Whether they may sign in.
    pub active: Option<bool>,
    /// Whether they may enter the administration.
    pub staff: Option<bool>,
    /// Whether they may do everything there.
    pub superuser: Option<bool>,
    /// Whether a password is set.
    pub has_password: Option<bool>,
    /// Created then or later.
    pub created_after: Option<Timestamp>,
    /// Created before.
    pub created_before: Option<Timestamp>,
    /// Signed in then or later, for the last time.
    pub last_sign_in_after: Option<Timestamp>,
    /// Did not sign in since, or never.
    pub last_sign_in_before: Option<Timestamp>,
    /// Who has this e-mail address, shared or not.
    pub email: Option<String>,
    /// Whose username begins so.
    pub username: Option<String>,
    /// Whose username, primary e-mail address, full name or family name begins so. Where the list is sorted by username or e-mail
    /// address, those who are found by that come before the others.
    pub search: Option<String>,
    /// Who is a direct member of the group with this id.
    pub group: Option<String>,
    /// Who has this value of this attribute; texts that differ only in case are the same.
    pub attribute: Option<(String, Value)>,
    /// The order.
    pub sort: SortBy,
    /// Whether the last come first.
    pub descending: bool,
    /// How many users a page has at most: 1 to 500.
    pub size: u64,
    /// Where the page begins: what [`Found::next`] was for the same order.
    pub cursor: Option<String>,
}

impl Default for Query {
    /// Everybody by username, fifty at a time.
    fn default() -> Self {
        Self {
            active: None,
            staff: None,
            superuser: None,
            has_password: None,
            created_after: None,
            created_before: None,
            last_sign_in_after: None,
            last_sign_in_before: None,
            email: None,
            username: None,
            search: None,
            group: None,
            attribute: None,
            sort: SortBy::Username,
            descending: false,
            size: 50,
            cursor: None,
        }
    }
}

/// By what users are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// The normal form of the username.
    #[default]
    Username,
    /// When they were created.
    CreatedAt,
    /// When they last signed in; never is before everything.
    LastSignIn,
    /// The normal form of the primary e-mail address; none is before everything.
    Email,
}

impl SortBy {
    /// As the API has it: `username`, `created_at`, `last_sign_in` or `email`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Username => "username",
            Self::CreatedAt => "created_at",
            Self::LastSignIn => "last_sign_in",
            Self::Email => "email",
        }
    }
}

/// A page of users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The users.
    pub users: Vec<User>,
    /// What to give as [`Query::cursor`] for the next page; nothing on the last one.
    pub next: Option<String>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The cursor is none that was given out for this order.
    #[error("the cursor is not one of this list; begin with the first page")]
    BadCursor,
    /// The page is too small or too large.
    #[error("a page has 1 to {LARGEST} users; ask for another size")]
    BadSize,
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Users {
    /// A page of the users that a query lets through.
    ///
    /// # Errors
    /// A cursor or a size that cannot be, or a store that does not answer.
    pub async fn search(&self, query: &Query) -> Result<Found, SearchError> {
        if !(1..=LARGEST).contains(&query.size) {
            return Err(SearchError::BadSize);
        }
        let start = cursor::read(query)?;
        let size = usize::try_from(query.size).unwrap_or(usize::MAX);
        let mut rows = Vec::new();
        for part in part::parts(query) {
            let is_rest = *part == Part::Rest;
            // A page begins in one part, and goes on with the beginning of the next.
            let start = start.as_ref().filter(|start| start.rest == is_rest);
            let is_over = !is_rest && start.is_none() && query.cursor.is_some();
            if !is_over && rows.len() <= size {
                let found = self.part(query, *part, start, size + 1 - rows.len()).await?;
                rows.extend(found.into_iter().map(|row| (row, is_rest)));
            }
        }
        let is_last = rows.len() <= size;
        rows.truncate(size);
        let next = if is_last { None } else { rows.last().map(|(row, rest)| cursor::after(query, row, *rest)) };
        let users = rows.into_iter().map(|(row, _)| User::try_from(row)).collect::<Result<_, _>>()?;
        Ok(Found { users, next })
    }

    async fn part(
        &self,
        query: &Query,
        part: Part,
        start: Option<&Cursor>,
        size: usize,
    ) -> Result<Vec<entity::Model>, Unavailable> {
        let reader = self.database.reader();
        let statement = statement::page(reader, query, part, start, size as u64).await?;
        match statement {
            Some(statement) => Ok(entity::Entity::find().from_raw_sql(statement).all(reader).await?),
            None => Ok(Vec::new()),
        }
    }
}
