//! What happened, written down: who did what, for whom, from where, by which way.
//!
//! ```text
//! Event ── Audit::record, or record_in with the change itself ──▶ audit_events ──▶ query, export
//!                                                                     └──▶ sweep, once it is older than the retention
//! ```
//! An [`Event`] is made of closed sets and typed details, so nothing secret has a place in it. Text from outside is cut to a
//! length and kept as data: JSON is what is read and exported, in which a line break is `\n` and begins no line of its own.

mod details;
mod event;
mod export;
mod filter;
mod kind;
mod record;
mod row;
mod sweep;
mod text;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, QueryTrait};
use vestibule_core::{Clock, Random};
use vestibule_database::{Database, Gather};

pub use details::Details;
pub use event::{Actor, Event, Object, ObjectType, Source};
pub use export::Export;
pub use filter::{BadCursor, Cursor, Filter, LONGEST_PAGE, Order, Page};
pub use kind::{Kind, UnknownKind};
pub use record::{Record, RecordActor, RecordObject, Records};

/// Why nothing was written or read.
#[derive(Debug, thiserror::Error)]
#[error("the audit records cannot be read or written: {0}")]
pub struct AuditError(#[from] DbErr);

/// The audit records. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Audit {
    database: Database,
    /// Those that nothing waits for together with its change.
    records: Gather<row::ActiveModel, ()>,
    clock: Clock,
    random: Random,
}

/// So many records are one statement at most. Each number of them is a statement of its own, which the engine keeps prepared.
const MOST: usize = 16;

/// Writes records in groups.
fn records(database: Database) -> Gather<row::ActiveModel, ()> {
    Gather::new(MOST, move |rows: Vec<row::ActiveModel>| {
        let database = database.clone();
        async move {
            let many = rows.len();
            row::Entity::insert_many(rows).exec_without_returning(database.writer()).await?;
            Ok(vec![(); many])
        }
    })
}

impl Audit {
    /// On a database whose schema is up to date.
    #[must_use]
    pub fn new(database: Database, clock: Clock, random: Random) -> Self {
        Self { records: records(database.clone()), database, clock, random }
    }

    /// Writes an event down, apart from any change: for what changes no row that is guarded by a transaction.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn record(&self, event: Event) -> Result<(), AuditError> {
        let row = event.into_row(self.clock.now(), &self.random);
        Ok(self.records.ask(row).await.map_err(DbErr::from)?)
    }

    /// Does `change`, and writes `event` down in the transaction that the change begins, so that there is neither without the
    /// other. A change of a single statement begins none: what happened is written down right after it.
    ///
    /// # Errors
    /// Those of `change`; a record that cannot be written lets the change fail like a database that does not answer.
    pub async fn with_change<T, E>(&self, event: Event, change: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let row = event.into_row(self.clock.now(), &self.random);
        let backend = self.database.writer().get_database_backend();
        let statement = row::Entity::insert(row.clone()).build(backend);
        let (outcome, recorded) = self.database.accompanied(statement, change).await;
        if outcome.is_ok()
            && !recorded
            && let Err(error) = row::Entity::insert(row).exec_without_returning(self.database.writer()).await
        {
            tracing::error!(%error, "what happened could not be recorded");
        }
        outcome
    }

    /// Writes an event down in the transaction that makes the change, so that there is neither without the other.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn record_in(&self, transaction: &impl ConnectionTrait, event: Event) -> Result<(), AuditError> {
        let row = event.into_row(self.clock.now(), &self.random);
        row::Entity::insert(row).exec_without_returning(transaction).await?;
        Ok(())
    }
}
