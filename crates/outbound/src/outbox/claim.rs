//! Taking jobs from the table, and putting down what became of them.
//!
//! `attempts` says whose turn it is: a claim raises it by compare-and-set, and what is put down afterwards counts only while it
//! still stands at that number. Whoever took longer than allowed therefore changes nothing for the one who came after.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr};
use vestibule_core::Timestamp;

use super::{
    Job, Lane, Outbox, OutboxError, Trouble,
    backoff::{MOST_ATTEMPTS, wait_after},
    row::{self, Column},
};

/// How long a claim lasts.
pub(super) const LEASE: Duration = Duration::from_secs(5 * 60);
/// The most characters that are kept of an error.
const LONGEST_ERROR: usize = 500;

impl Outbox {
    /// Claims up to `room` jobs of a lane that are due.
    pub(super) async fn claim(&self, lane: &Lane, room: u64) -> Result<Vec<Job>, OutboxError> {
        let now = self.clock.now();
        let due = row::Entity::find()
            .filter(Column::FailedAt.is_null())
            .filter(Column::NextAt.lte(now.millis()))
            .apply_if(lane.kinds, |due, kinds| due.filter(Column::Kind.is_in(kinds.iter().copied())))
            .order_by_asc(Column::NextAt)
            .limit(room)
            .all(self.database.reader())
            .await?;
        let mut claimed = Vec::new();
        for row in due {
            let job = job_of(row);
            if job.attempt > MOST_ATTEMPTS {
                self.give_up(&job, job.attempt - 1, "it was begun again and again and never ended").await?;
            } else if self.begin(&job, now).await? {
                claimed.push(job);
            }
        }
        Ok(claimed)
    }

    /// Whether the job is ours now, and nobody else's until the lease is over.
    async fn begin(&self, job: &Job, now: Timestamp) -> Result<bool, OutboxError> {
        let begun = row::Entity::update_many()
            .col_expr(Column::Attempts, Expr::value(signed(job.attempt)))
            .col_expr(Column::NextAt, Expr::value((now + LEASE).millis()))
            .filter(Column::Id.eq(&job.id))
            .filter(Column::Attempts.eq(signed(job.attempt - 1)))
            .filter(Column::FailedAt.is_null())
            .exec(self.database.writer())
            .await?;
        Ok(begun.rows_affected == 1)
    }

    /// Puts down what became of a job that was claimed, and that is tried for so long.
    pub(super) async fn settle(
        &self,
        job: &Job,
        result: Result<(), Trouble>,
        tried_for: Duration,
    ) -> Result<(), OutboxError> {
        match result {
            Ok(()) => self.done(job).await,
            Err(Trouble::Permanent(why)) => self.give_up(job, job.attempt, &why).await,
            Err(Trouble::Temporary(why)) if self.clock.now().since(job.created_at) >= tried_for => {
                self.give_up(job, job.attempt, &why).await
            }
            Err(Trouble::Temporary(why)) => self.wait(job, &why).await,
        }
    }

    async fn done(&self, job: &Job) -> Result<(), OutboxError> {
        let ours =
            row::Entity::delete_many().filter(Column::Id.eq(&job.id)).filter(Column::Attempts.eq(signed(job.attempt)));
        ours.exec(self.database.writer()).await?;
        tracing::debug!(job = job.id, kind = job.kind, attempt = job.attempt, "a job is done");
        Ok(())
    }

    async fn wait(&self, job: &Job, why: &str) -> Result<(), OutboxError> {
        let wait = wait_after(job.attempt, &self.random);
        row::Entity::update_many()
            .col_expr(Column::NextAt, Expr::value((self.clock.now() + wait).millis()))
            .col_expr(Column::LastError, Expr::value(kept(why)))
            .filter(Column::Id.eq(&job.id))
            .filter(Column::Attempts.eq(signed(job.attempt)))
            .exec(self.database.writer())
            .await?;
        let seconds = wait.as_secs();
        tracing::warn!(
            job = job.id,
            kind = job.kind,
            attempt = job.attempt,
            why,
            "a job is tried again in {seconds} s"
        );
        Ok(())
    }

    async fn give_up(&self, job: &Job, attempts: u64, why: &str) -> Result<(), OutboxError> {
        row::Entity::update_many()
            .col_expr(Column::FailedAt, Expr::value(self.clock.now().millis()))
            .col_expr(Column::LastError, Expr::value(kept(why)))
            .filter(Column::Id.eq(&job.id))
            .filter(Column::Attempts.eq(signed(attempts)))
            .exec(self.database.writer())
            .await?;
        tracing::error!(job = job.id, kind = job.kind, attempts, why, "a job is given up");
        Ok(())
    }
}

/// The job as its next attempt would see it.
fn job_of(row: row::Model) -> Job {
    Job {
        id: row.id,
        kind: row.kind,
        payload: row.payload,
        attempt: u64::try_from(row.attempts).unwrap_or(0) + 1,
        created_at: Timestamp::from_millis(row.created_at),
    }
}

fn signed(attempts: u64) -> i64 {
    i64::try_from(attempts).unwrap_or(i64::MAX)
}

fn kept(why: &str) -> String {
    why.chars().filter(|c| *c != '\0').take(LONGEST_ERROR).collect()
}
