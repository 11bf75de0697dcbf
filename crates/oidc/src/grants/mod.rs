//! Grants that outlive their first tokens: what a refresh token stands for.
//!
//! ```text
//!  begin ──> generation 1 ──rotate──> 2 ──rotate──> 3 …        one row, and the number of the token that is good now
//!                 │ repeated within `tokens.refresh_retry`: 2 again
//!                 │ later: the grant ends, or (a client that proves who it is, and 2 unused) 3 is given for it and 2 is dead
//!                 └─ ended with the person, session, client, consent or grant; expired; idle
//! ```
//! - [`token`] writes a generation as a refresh token and reads it back; nothing of one is at rest.
//! - [`lineage`] says what a presented generation means, and is where the rules of rotation are.
//! - [`kept`] is a grant as the table holds it.
//! - [`writer`] writes what many requests write at once; [`ending`] takes grants away; [`import`] takes others' in.

mod ending;
mod import;
mod kept;
mod lineage;
mod token;
mod writer;

use std::{collections::HashMap, sync::Arc, time::Duration};

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use vestibule_core::{Clock, HashKey, UserId};
use vestibule_database::{Database, Gather, in_few_shapes};

use crate::{Unavailable, tables::grant};
use writer::{Rotation, Write};

pub use ending::{EndingError, Whose, end_grants};
pub use import::{ImportedGrant, ImportedToken};
pub(crate) use kept::{Kept, NewGrant};
pub(crate) use lineage::{Lineage, Step};
pub(crate) use token::Presented;

/// How long grants and their spent tokens last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// How long the same client may repeat a spent refresh token and get the same successor (`tokens.refresh_retry`).
    pub retry: Duration,
    /// How long a grant lasts that is not used (`tokens.refresh_idle`).
    pub idle: Duration,
    /// How long a grant lasts at most (`tokens.refresh_absolute`).
    pub absolute: Duration,
}

/// The end of an unused grant is written anew when it has moved by so large a part of the idle time: it is in an index, and a
/// rotation that leaves it alone costs a good deal less.
const PARTS_OF_IDLE: u32 = 50;

/// So many grants are read by one statement at most.
const MOST_READ: usize = 32;

/// The table of grants. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Grants(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    tokens: token::Tokens,
    by_id: Gather<String, Option<grant::Model>>,
    writer: Gather<Write, bool>,
    policy: RefreshPolicy,
    clock: Clock,
}

impl Grants {
    /// The table behind `database`. `key` is the key of all keyed hashes.
    #[must_use]
    pub fn new(database: Database, key: &HashKey, policy: RefreshPolicy, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            tokens: token::Tokens::new(key),
            by_id: by_id(database.clone()),
            writer: writer::writer(database.clone()),
            database,
            policy,
            clock,
        }))
    }

    pub(crate) fn policy(&self) -> &RefreshPolicy {
        &self.0.policy
    }

    /// Keeps a new grant, and gives the first refresh token for it.
    pub(crate) async fn begin(&self, new: NewGrant) -> Result<String, Unavailable> {
        let (now, policy) = (self.0.clock.now(), self.0.policy);
        let expires_at = new.expires_at.map_or(now + policy.absolute, |end| end.min(now + policy.absolute));
        let token = self.0.tokens.write(new.id, lineage::FIRST);
        let row = new.into_row(expires_at, expires_at.min(now + policy.idle))?;
        self.0.writer.ask(Write::Insert(Box::new(row))).await?;
        Ok(token)
    }

    /// What a text that was presented as a refresh token stands for. One that is none of ours, or whose grant has ended, stands
    /// for nothing.
    pub(crate) async fn find(&self, presented: &str) -> Result<Option<(Kept, u32)>, Unavailable> {
        let found = match self.0.tokens.read(presented) {
            Presented::Ours(id, generation) => {
                let row = self.0.by_id.ask(id.to_string()).await?;
                row.map(|row| (row, generation))
            }
            Presented::Unsigned => None,
            Presented::Others(digest) => {
                let by_digest = grant::Column::ImportedDigest.eq(digest.as_bytes().to_vec());
                let row = grant::Entity::find().filter(by_digest).one(self.0.database.reader()).await?;
                row.map(|row| (row, lineage::IMPORTED))
            }
        };
        let now = self.0.clock.now();
        let Some((row, generation)) = found else { return Ok(None) };
        let kept = Kept::try_from(row)?;
        Ok((kept.ends_at > now).then_some((kept, generation)))
    }

    /// A grant as it is now, past every reader's delay.
    pub(crate) async fn again(&self, kept: &Kept) -> Result<Option<Kept>, Unavailable> {
        let row = grant::Entity::find_by_id(kept.id.to_string()).one(self.0.database.writer()).await?;
        row.map(Kept::try_from).transpose()
    }

    /// Puts `next` in the place of the lineage that `kept` was read with, where nobody else has. Of any number of callers, one
    /// hears `true`.
    pub(crate) async fn advance(&self, kept: &Kept, next: &Lineage) -> Result<bool, Unavailable> {
        let rotation = Rotation {
            id: kept.id.to_string(),
            from: i64::from(kept.lineage.generation()),
            to: i64::from(next.generation()),
            spent: next.spent_as_json()?,
            ends_at: self.moved_end(kept),
        };
        Ok(self.0.writer.ask(Write::Rotate(rotation)).await?)
    }

    /// Notes that a grant was used whose token stays.
    pub(crate) async fn touch(&self, kept: &Kept) -> Result<bool, Unavailable> {
        if self.moved_end(kept).is_none() { Ok(true) } else { self.advance(kept, &kept.lineage).await }
    }

    /// The refresh token of a generation.
    pub(crate) fn token(&self, kept: &Kept, generation: u32) -> String {
        self.0.tokens.write(kept.id, generation)
    }

    /// When a grant that is used now ends, where that is worth writing down.
    fn moved_end(&self, kept: &Kept) -> Option<i64> {
        let idle = self.0.policy.idle;
        let end = kept.expires_at.min(self.0.clock.now() + idle);
        (end.since(kept.ends_at) >= idle / PARTS_OF_IDLE && end > kept.ends_at).then(|| end.millis())
    }

    /// The grants of a user that outlive sessions, the oldest first.
    pub(crate) async fn offline_of(&self, user: UserId) -> Result<Vec<Kept>, Unavailable> {
        let rows = grant::Entity::find()
            .filter(grant::Column::UserId.eq(user.to_string()))
            .filter(grant::Column::Session.is_null())
            .filter(grant::Column::EndsAt.gt(self.0.clock.now().millis()))
            .order_by_asc(grant::Column::GrantedAt)
            .limit(1000)
            .all(self.0.database.reader())
            .await?;
        rows.into_iter().map(Kept::try_from).collect()
    }

    /// How many grants there are, for the metrics and for tests.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn count(&self) -> Result<u64, Unavailable> {
        use sea_orm::PaginatorTrait;
        Ok(grant::Entity::find().count(self.0.database.reader()).await?)
    }

    fn database(&self) -> &Database {
        &self.0.database
    }

    fn now(&self) -> vestibule_core::Timestamp {
        self.0.clock.now()
    }
}

/// Reads grants in groups, by their ids.
fn by_id(database: Database) -> Gather<String, Option<grant::Model>> {
    Gather::new(MOST_READ, move |ids: Vec<String>| {
        let database = database.clone();
        async move {
            let asked = in_few_shapes(ids.clone(), &String::new());
            let found = grant::Entity::find().filter(grant::Column::Id.is_in(asked)).all(database.reader()).await?;
            let found: HashMap<String, grant::Model> = found.into_iter().map(|row| (row.id.clone(), row)).collect();
            Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
        }
    })
}

/// What a row holds that this program did not write.
fn damaged(id: &str, what: &str) -> DbErr {
    DbErr::Custom(format!("the row of grant {id} is damaged: {what}"))
}
