//! For operators and metrics: how much waits, what failed, and trying that again.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use vestibule_core::Timestamp;

use super::{
    Outbox, OutboxError,
    row::{self, Column},
};

/// How long a failed job is kept.
const KEEP_FAILED: Duration = Duration::from_secs(30 * 24 * 3600);
/// Rows deleted at a time.
const BATCH: u64 = 500;

/// How much there is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many jobs wait or are being done.
    pub waiting: u64,
    /// When the oldest of them was enqueued.
    pub oldest: Option<Timestamp>,
    /// How many were given up in the last thirty days.
    pub failed: u64,
}

/// A job that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedJob {
    /// Its id.
    pub id: String,
    /// What it is.
    pub kind: String,
    /// What it is about, as JSON.
    pub payload: String,
    /// How often it was tried.
    pub attempts: u64,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When it was given up.
    pub failed_at: Timestamp,
    /// What was said last.
    pub error: String,
}

impl Outbox {
    /// How much there is to do.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn backlog(&self) -> Result<Backlog, OutboxError> {
        let reader = self.database.reader();
        let waiting = row::Entity::find().filter(Column::FailedAt.is_null());
        let oldest: Option<i64> = waiting
            .clone()
            .select_only()
            .column(Column::CreatedAt)
            .order_by_asc(Column::CreatedAt)
            .limit(1)
            .into_tuple()
            .one(reader)
            .await?;
        let failed = row::Entity::find().filter(Column::FailedAt.is_not_null()).count(reader).await?;
        let waiting = waiting.count(reader).await?;
        Ok(Backlog { waiting, oldest: oldest.map(Timestamp::from_millis), failed })
    }

    /// The jobs that were given up last, at most `limit`.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn failed(&self, limit: u64) -> Result<Vec<FailedJob>, OutboxError> {
        let rows = row::Entity::find()
            .filter(Column::FailedAt.is_not_null())
            .order_by_desc(Column::FailedAt)
            .limit(limit)
            .all(self.database.reader())
            .await?;
        Ok(rows.into_iter().filter_map(FailedJob::of).collect())
    }

    /// Has a failed job tried again, as if it had just been enqueued. Says whether there was such a job.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn retry(&self, id: &str) -> Result<bool, OutboxError> {
        let now = self.clock.now().millis();
        let waiting = row::Entity::update_many()
            .col_expr(Column::FailedAt, Expr::value(None::<i64>))
            .col_expr(Column::Attempts, Expr::value(0_i64))
            .col_expr(Column::NextAt, Expr::value(now))
            .col_expr(Column::CreatedAt, Expr::value(now))
            .filter(Column::Id.eq(id))
            .filter(Column::FailedAt.is_not_null())
            .exec(self.database.writer())
            .await?;
        self.wake();
        Ok(waiting.rows_affected == 1)
    }

    /// Deletes what failed more than thirty days ago. Returns how many rows that were.
    pub(super) async fn sweep(&self) -> Result<u64, OutboxError> {
        let old = (self.clock.now() - KEEP_FAILED).millis();
        let mut swept = 0;
        loop {
            let ids: Vec<String> = row::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(Column::FailedAt.lt(old))
                .limit(BATCH)
                .into_tuple()
                .all(self.database.writer())
                .await?;
            if ids.is_empty() {
                return Ok(swept);
            }
            let batch = row::Entity::delete_many().filter(Column::Id.is_in(ids));
            swept += batch.exec(self.database.writer()).await?.rows_affected;
        }
    }
}

impl FailedJob {
    fn of(row: row::Model) -> Option<Self> {
        Some(Self {
            failed_at: Timestamp::from_millis(row.failed_at?),
            id: row.id,
            kind: row.kind,
            payload: row.payload,
            attempts: u64::try_from(row.attempts).unwrap_or(0),
            created_at: Timestamp::from_millis(row.created_at),
            error: row.last_error.unwrap_or_default(),
        })
    }
}
