//! The durable outbox: what is to be done for others is a row first, and done when it can be.
//!
//! ```text
//!  enqueue ──▶ Waiting ──(due; claimed by compare-and-set)──▶ Begun ──▶ done: the row is deleted
//!                 ▲                                             ├──▶ Trouble::Temporary, or its time ran out: Waiting again, later
//!                 └─────────────────────────────────────────────┤
//!                                                               └──▶ Trouble::Permanent, or too old: Failed, kept for a month
//! ```
//! A job is done at least once. A claim moves the moment when the job is due behind the time that it may take, so that of
//! several workers, also of several replicas, never two are at it at the same time; where one dies at it, the job is due again
//! after that time, and whatever was sent already is sent again.
//!
//! Jobs of different kinds have handlers of their own, each with its [`Lane`]: a mail server that is slow keeps nobody else
//! waiting. A kind that no handler knows waits for a program that does.
//!
//! A payload lies in the table as it is given. It must hold no secret: a job says for whom a link is to be made, and its
//! handler makes the link.

mod backoff;
mod claim;
mod lane;
mod row;
mod run;
mod watch;

use std::sync::Arc;

use sea_orm::{ActiveValue::Set, ConnectionTrait, DbErr, EntityTrait};
use serde::{Serialize, de::DeserializeOwned};
use tokio::sync::watch as signal;
use vestibule_core::{Clock, Random, Timestamp};
use vestibule_database::Database;

pub use lane::Lane;
pub use run::{Handler, Trouble};
pub use watch::{Backlog, FailedJob};

/// Why the outbox could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// The database does not answer.
    #[error("the outbox cannot be read or written: {0}")]
    Database(#[from] DbErr),
    /// What was to be kept cannot be said in JSON.
    #[error("a job's payload cannot be written as JSON: {0}")]
    Payload(#[from] serde_json::Error),
}

/// What waits to be done. Cheap to clone; a clone is the same outbox.
#[derive(Clone, Debug)]
pub struct Outbox {
    database: Database,
    clock: Clock,
    random: Random,
    /// Wakes the workers of this process.
    news: Arc<signal::Sender<()>>,
}

/// A job, as its handler gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Its id, the same at every attempt.
    pub id: String,
    /// What it is, in the word of whoever enqueued it.
    pub kind: String,
    /// What it is about, as JSON.
    pub payload: String,
    /// Which attempt this is, from 1.
    pub attempt: u64,
    /// When it was enqueued.
    pub created_at: Timestamp,
}

impl Job {
    /// The payload, as the type that was enqueued.
    ///
    /// # Errors
    /// Where it is no such value: an older or newer program enqueued it.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.payload)
    }
}

impl Outbox {
    /// On a database whose schema is up to date.
    #[must_use]
    pub fn new(database: Database, clock: Clock, random: Random) -> Self {
        Self { database, clock, random, news: Arc::new(signal::Sender::new(())) }
    }

    /// Puts a job in, for now. When this returns, the job is durable and the workers of this process are awake.
    ///
    /// # Errors
    /// A database that does not answer; a payload that JSON cannot say.
    pub async fn enqueue(&self, kind: &str, payload: &impl Serialize) -> Result<(), OutboxError> {
        self.enqueue_in(self.database.writer(), kind, payload).await?;
        self.wake();
        Ok(())
    }

    /// Puts a job in as part of a transaction: it is there if what it tells of is. After the commit, [`Outbox::wake`] has it
    /// done at once; without, it is found within seconds.
    ///
    /// # Errors
    /// As for [`Outbox::enqueue`].
    pub async fn enqueue_in(
        &self,
        transaction: &impl ConnectionTrait,
        kind: &str,
        payload: &impl Serialize,
    ) -> Result<(), OutboxError> {
        let now = self.clock.now().millis();
        let millis = u64::try_from(now).unwrap_or(0);
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &self.random.bytes()).into_uuid();
        let row = row::ActiveModel {
            id: Set(id.to_string()),
            kind: Set(kind.to_owned()),
            payload: Set(serde_json::to_string(payload)?),
            attempts: Set(0),
            next_at: Set(now),
            created_at: Set(now),
            last_error: Set(None),
            failed_at: Set(None),
        };
        row::Entity::insert(row).exec_without_returning(transaction).await?;
        Ok(())
    }

    /// Has the workers of this process look for what is due, now.
    pub fn wake(&self) {
        self.news.send_replace(());
    }
}
