//! The durable log, and keeping up with it.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use tokio::sync::broadcast;
use vestibule_core::{Clock, Random, Timestamp};
use vestibule_database::{Database, LATE, Place};
use vestibule_ephemeral::Ephemeral;
use vestibule_metrics::Durations;

use super::{
    Revocation, Subject, TokenFacts,
    feed::{self, BACKLOG},
    memory::Memory,
};
use crate::tables::revocations;

/// The bus topic that says: read the table now.
pub(crate) const TOPIC: &str = "revocations";

/// How long a row may come late ([`LATE`]) at the start, when only the writers' clocks tell how old a row is: with room for those being apart.
const LATE_AT_START: Duration = Duration::from_secs(60);
/// Rows read or deleted at a time.
const PAGE: u64 = 500;

/// Why the log could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot read or write the revocation log: {0}")]
pub struct RevocationError(#[from] DbErr);

/// Which tokens are dead before their time. Cheap to clone.
#[derive(Clone)]
pub struct RevocationLog(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) db: Database,
    bus: Ephemeral,
    pub(super) clock: Clock,
    /// Marks our own messages on the bus, which tell us nothing new.
    origin: [u8; 16],
    memory: RwLock<Memory>,
    place: tokio::sync::Mutex<Place>,
    /// As `place` has it, for those who must not wait while the table is read.
    pub(super) settled: AtomicI64,
    caught_up_at: RwLock<Timestamp>,
    pub(super) listeners: broadcast::Sender<Revocation>,
    lag: Durations,
}

impl RevocationLog {
    /// Reads the log into memory.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn load(db: Database, bus: Ephemeral, clock: Clock, random: &Random) -> Result<Self, RevocationError> {
        let now = clock.now();
        let log = Self(Arc::new(Inner {
            db,
            bus,
            clock,
            origin: random.bytes(),
            memory: RwLock::default(),
            place: tokio::sync::Mutex::default(),
            settled: AtomicI64::new(0),
            caught_up_at: RwLock::new(now),
            listeners: broadcast::channel(BACKLOG).0,
            lag: Durations::default(),
        }));
        let is_old = |row: &revocations::Model| Timestamp::from_millis(row.revoked_at) + LATE_AT_START <= now;
        log.read_new_rows(is_old, &Durations::default()).await?;
        Ok(log)
    }

    /// Revokes. When this returns, the entry is durable and this replica refuses what it hits; the others follow within half a
    /// second, and at once where the bus is up.
    ///
    /// # Errors
    /// A database that does not answer: then nothing is revoked.
    pub async fn revoke(&self, revocation: Revocation) -> Result<(), RevocationError> {
        // Repeating what is said already (a replayed code, again and again) must not grow the table.
        if self.memory(|memory| memory.covers(&revocation)) {
            return Ok(());
        }
        let (kind, subject) = revocation.subject.to_columns();
        let revoked_at = self.0.clock.now();
        let row = revocations::ActiveModel {
            id: NotSet,
            kind: Set(kind.to_owned()),
            subject: Set(subject),
            issued_before: Set(revocation.issued_before.map(Timestamp::millis)),
            revoked_at: Set(revoked_at.millis()),
            expires_at: Set(revocation.expires_at.millis()),
        };
        revocations::Entity::insert(row).exec_without_returning(self.0.db.writer()).await?;
        self.memory_mut(|memory| memory.add(&revocation));
        self.0.lag.note(self.0.clock.now().since(revoked_at));
        self.tell(revocation);
        if let Err(error) = self.0.bus.publish(TOPIC, &self.0.origin).await {
            tracing::warn!(%error, "the other replicas could not be told of a revocation; they will read it within half a second");
        }
        Ok(())
    }

    /// Whether an entry hits this token. From memory alone.
    #[must_use]
    pub fn is_revoked(&self, token: &TokenFacts) -> bool {
        let now = self.0.clock.now();
        self.memory(|memory| memory.hits(token, now))
    }

    /// Whether an entry about one of `subjects` hits what was made at `made_at`: for what is no token, such as a browser
    /// session. From memory alone.
    #[must_use]
    pub fn is_void(&self, subjects: &[Subject], made_at: Timestamp) -> bool {
        let now = self.0.clock.now();
        self.memory(|memory| memory.hits_any(subjects.iter().cloned(), made_at, now))
    }

    /// Reads what has been added to the table.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn catch_up(&self) -> Result<(), RevocationError> {
        self.read_new_rows(|_| false, &self.0.lag).await
    }

    /// When the table was last read to its end: how old this replica's knowledge may be.
    #[must_use]
    pub fn caught_up_at(&self) -> Timestamp {
        *self.0.caught_up_at.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes what has expired, in the table in small batches, and in memory. Returns how many rows that were.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn sweep(&self) -> Result<u64, RevocationError> {
        let now = self.0.clock.now();
        self.memory_mut(|memory| memory.sweep(now));
        let mut swept = 0;
        loop {
            let ids: Vec<i64> = revocations::Entity::find()
                .select_only()
                .column(revocations::Column::Id)
                .filter(revocations::Column::ExpiresAt.lte(now.millis()))
                .limit(PAGE)
                .into_tuple()
                .all(self.0.db.reader())
                .await?;
            if ids.is_empty() {
                return Ok(swept);
            }
            let batch = revocations::Column::Id.is_in(ids);
            swept += revocations::Entity::delete_many().filter(batch).exec(self.0.db.writer()).await?.rows_affected;
        }
    }

    /// How long it took from a revocation, here or elsewhere, until this replica knew it. What was read at the start does not
    /// count.
    #[must_use]
    pub fn lag(&self) -> &Durations {
        &self.0.lag
    }

    /// How many subjects there are entries for, for the metrics.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory(Memory::len)
    }

    /// Whether nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn bus(&self) -> &Ephemeral {
        &self.0.bus
    }

    /// Whether a message on the bus was sent by this very log.
    pub(crate) fn is_own(&self, message: &[u8]) -> bool {
        message == self.0.origin
    }

    /// Reads the rows that are not settled, page by page. Rows that `is_old` are settled at once. How late the others are known is
    /// noted in `lag`.
    async fn read_new_rows(
        &self,
        is_old: impl Fn(&revocations::Model) -> bool,
        lag: &Durations,
    ) -> Result<(), RevocationError> {
        let mut place = self.0.place.lock().await;
        let began = self.0.clock.now();
        let mut after = place.settled();
        loop {
            let rows = revocations::Entity::find()
                .filter(revocations::Column::Id.gt(after))
                .order_by_asc(revocations::Column::Id)
                .limit(PAGE)
                .all(self.0.db.reader())
                .await?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            let page_is_full = rows.len() as u64 == PAGE;
            for row in rows {
                if place.note(row.id, if is_old(&row) { began - LATE } else { began }) {
                    self.take_in(&row, began, lag);
                }
            }
            if !page_is_full {
                break;
            }
        }
        place.settle(began - LATE);
        self.0.settled.store(place.settled(), Ordering::Relaxed);
        *self.0.caught_up_at.write().unwrap_or_else(PoisonError::into_inner) = began;
        Ok(())
    }

    fn take_in(&self, row: &revocations::Model, now: Timestamp, lag: &Durations) {
        if Timestamp::from_millis(row.expires_at) <= now {
            return;
        }
        let Some(revocation) = feed::read(row) else {
            tracing::warn!(
                id = row.id,
                kind = row.kind,
                "the revocation log holds an entry that this program does not understand; a newer one wrote it"
            );
            return;
        };
        // Our own rows come back here, and are known.
        if self.memory(|memory| memory.covers(&revocation)) {
            return;
        }
        self.memory_mut(|memory| memory.add(&revocation));
        lag.note(self.0.clock.now().since(Timestamp::from_millis(row.revoked_at)));
        self.tell(revocation);
    }

    fn memory<T>(&self, read: impl FnOnce(&Memory) -> T) -> T {
        read(&self.0.memory.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn memory_mut(&self, change: impl FnOnce(&mut Memory)) {
        change(&mut self.0.memory.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl std::fmt::Debug for RevocationLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RevocationLog").field("subjects", &self.len()).finish_non_exhaustive()
    }
}
