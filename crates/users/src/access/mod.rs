//! Groups, permissions, and what people may do.
//!
//! ```text
//! register ─▶ permissions      grants ─▶ who holds which       members, nesting ─▶ who is in which group
//!                  └──────────────── load: one statement a person ────────────────┘
//!                                            │
//!                           Effective ─▶ kept ─▶ check, holds_all, names_for_apps
//!                                └─ why, who: asked of the database
//! ```
//! They are data: whoever changes them records it ([`Access::record`]) in the same transaction, as its last statement, and
//! announces it ([`Access::announce`]) after the commit. Then every process drops what it kept, this one at once and the others
//! within a second. The methods that end in `_in` work in a transaction of the caller's, who does both once at the end; all
//! others do so themselves.
//!
//! A user who is not active has no permission. An active superuser has every one, also one that nobody registered: a check
//! answers as Django's `has_perm` does.

mod builtin;
mod check;
mod claims;
mod effective;
mod error;
mod grants;
mod groups;
mod list;
mod load;
mod members;
mod names;
mod nesting;
mod register;
mod tables;
mod who;
mod why;

use std::sync::Arc;

use sea_orm::{DatabaseTransaction, DbErr};
use vestibule_core::{Clock, Random, UserId};
use vestibule_database::{Change, ChangeLog, Database, Kept, KeptStatistics, Topic};

pub use builtin::OWN_RESOURCE_TYPES;
pub use check::Question;
pub use claims::NamesForApps;
pub use effective::{Effective, HeldGroup};
pub use error::AccessError;
pub use grants::Holder;
pub use groups::{Group, GroupChanges, NewGroup};
pub use list::{GroupCursor, GroupQuery, GroupSort, Member};
pub use names::{NameError, ObjectName, PermissionName, Permit};
pub use register::{NewPermission, Permission, PermissionQuery};
pub use who::Entitled;
pub use why::Reason;

/// How many rows one statement of a bulk change holds: below what the engines allow as parameters.
const BATCH: usize = 1000;

/// Groups, permissions, and what people may do. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Access(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    database: Database,
    changes: ChangeLog,
    clock: Clock,
    random: Random,
    kept: Kept<UserId, Effective>,
}

/// Whom a change concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// What this one may do.
    User(UserId),
    /// What many may do: a group, or a permission.
    Everyone,
}

impl From<Touched> for Change {
    fn from(touched: Touched) -> Self {
        match touched {
            Touched::User(user) => Self::of(Topic::Access, user.to_string()),
            Touched::Everyone => Self::all_of(Topic::Access),
        }
    }
}

impl Access {
    /// On a database whose schema is up to date. `changes` must be followed ([`ChangeLog::follow`]) where checks are to be
    /// answered from memory, which holds `cache_bytes` at most; where it is not, each check asks the database.
    #[must_use]
    pub fn new(database: Database, changes: ChangeLog, clock: Clock, random: Random, cache_bytes: u64) -> Self {
        let user = |subject: &str| subject.parse().ok();
        let kept = Kept::new(&changes, Topic::Access, user, clock.clone(), cache_bytes);
        Self(Arc::new(Inner { database, changes, clock, random, kept }))
    }

    /// Writes down whom a change concerns, in the transaction that makes it and as its last statement.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn record(&self, transaction: &DatabaseTransaction, touched: Touched) -> Result<(), DbErr> {
        self.0.changes.record(transaction, &touched.into()).await
    }

    /// Tells this process of a change, after its commit.
    pub fn announce(&self, touched: Touched) {
        self.0.changes.announce(touched.into());
    }

    /// How the memory is doing that holds what people may do.
    #[must_use]
    pub fn kept(&self) -> KeptStatistics {
        self.0.kept.statistics()
    }

    /// Ends a transaction, and tells of what it changed where it changed anything.
    /// Commits a change that touched something. What touched nothing changed nothing, and leaves no record either.
    async fn settle(&self, transaction: DatabaseTransaction, touched: Option<Touched>) -> Result<(), DbErr> {
        match touched {
            Some(_) => self.commit(transaction, touched).await,
            None => transaction.rollback().await,
        }
    }

    async fn commit(&self, transaction: DatabaseTransaction, touched: Option<Touched>) -> Result<(), DbErr> {
        if let Some(touched) = touched {
            self.record(&transaction, touched).await?;
        }
        transaction.commit().await?;
        if let Some(touched) = touched {
            self.announce(touched);
        }
        Ok(())
    }
}

/// How many rows there are on a page where so many are asked for: 1000 at most.
fn page_size(asked: u64) -> u64 {
    asked.min(1000)
}
