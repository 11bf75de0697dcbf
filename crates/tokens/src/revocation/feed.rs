//! The log as a stream, for those who keep answers about tokens outside: what is alive, and then what is added.
//!
//! Rows are numbered as they are inserted and can be seen as they are committed, so that one may come after another with a higher
//! number. A [`RevocationLog::bookmark`] is therefore a number that no new row can come below of; whoever goes on from there gets
//! some rows a second time and misses none.

use std::sync::atomic::Ordering;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::sync::broadcast;
use vestibule_core::Timestamp;

use super::{Revocation, RevocationError, RevocationLog, Subject};
use crate::tables::revocations;

/// How many entries a listener may be behind before it has to read the table again.
pub(super) const BACKLOG: usize = 1024;
/// Rows read at a time.
const PAGE: u64 = 500;

/// What is added to the log from now on, whoever adds it.
#[derive(Debug)]
pub struct Feed(broadcast::Receiver<Revocation>);

/// A piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// This was added.
    Added(Revocation),
    /// More was added than could be waited for: read the table again.
    FellBehind,
    /// Nothing more will come.
    Ended,
}

impl Feed {
    /// Waits for what comes next.
    pub async fn next(&mut self) -> News {
        match self.0.recv().await {
            Ok(revocation) => News::Added(revocation),
            Err(broadcast::error::RecvError::Lagged(_)) => News::FellBehind,
            Err(broadcast::error::RecvError::Closed) => News::Ended,
        }
    }
}

impl RevocationLog {
    /// Hears of what is added from now on: by this process at once, by others as soon as it is known here.
    #[must_use]
    pub fn listen(&self) -> Feed {
        Feed(self.0.listeners.subscribe())
    }

    /// A number to go on from: every row up to it was seen here, and no other will come.
    #[must_use]
    pub fn bookmark(&self) -> i64 {
        self.0.settled.load(Ordering::Relaxed)
    }

    /// A page of the entries that are alive and come after `number`, with the number to go on from; none where there are no
    /// more.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn after(&self, number: i64) -> Result<Option<(i64, Vec<Revocation>)>, RevocationError> {
        let alive = revocations::Column::ExpiresAt.gt(self.0.clock.now().millis());
        let rows = revocations::Entity::find()
            .filter(revocations::Column::Id.gt(number))
            .filter(alive)
            .order_by_asc(revocations::Column::Id)
            .limit(PAGE)
            .all(self.0.db.reader())
            .await?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(None) };
        Ok(Some((last, rows.iter().filter_map(read).collect())))
    }

    /// Tells the listeners.
    pub(super) fn tell(&self, revocation: Revocation) {
        // Nobody listening is no error.
        let _ = self.0.listeners.send(revocation);
    }
}

/// An entry as its row has it; nothing where a newer program wrote what this one does not understand.
pub(super) fn read(row: &revocations::Model) -> Option<Revocation> {
    Some(Revocation {
        subject: Subject::from_columns(&row.kind, &row.subject)?,
        issued_before: row.issued_before.map(Timestamp::from_millis),
        expires_at: Timestamp::from_millis(row.expires_at),
    })
}
