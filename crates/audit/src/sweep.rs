//! Forgetting what was kept long enough.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use crate::{Audit, AuditError, row, row::Column};

/// How often it is looked for what is old.
const EVERY: Duration = Duration::from_secs(3600);
/// Rows deleted at a time, so that nobody waits long for the writer.
const BATCH: u64 = 500;

impl Audit {
    /// Deletes the records that are older than `retention`, in small batches. Returns how many those were.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn sweep(&self, retention: Duration) -> Result<u64, AuditError> {
        let old = (self.clock.now() - retention).millis();
        let mut swept = 0;
        loop {
            let ids: Vec<String> = row::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(Column::At.lt(old))
                .order_by_asc(Column::At)
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

    /// Sweeps now and every hour, until `shutdown` turns true or its sender is gone.
    pub async fn follow(self, retention: Duration, mut shutdown: watch::Receiver<bool>) {
        let mut due = interval(EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopped(&mut shutdown) => return,
                _ = due.tick() => match self.sweep(retention).await {
                    Ok(0) => {}
                    Ok(swept) => tracing::info!(swept, "old audit records are deleted"),
                    Err(error) => tracing::warn!(%error, "old audit records cannot be deleted"),
                },
            }
        }
    }
}

async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // Where the sender is gone, nobody is left to stop us otherwise.
    let _ = shutdown.wait_for(|stop| *stop).await;
}
