//! One commit for what many requests write at once.
//!
//! A commit costs as much for fifty rows as for one, and SQLite has one writer. So whoever comes while another commits waits in
//! a queue, and the next to have its turn commits all that has gathered there. Nobody waits for others to come.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, sea_query::Expr};
use tokio::sync::oneshot::{self, error::TryRecvError};
use vestibule_database::Database;

use crate::tables::grant;

/// So many writes are one commit at most.
const BATCH: usize = 256;

/// What a request writes.
#[derive(Debug)]
pub(super) enum Write {
    /// A new grant.
    Insert(Box<grant::ActiveModel>),
    /// A new generation.
    Rotate(Rotation),
}

/// The step from one generation of a grant to another: it happens where the grant still is at `from`.
#[derive(Clone, Debug)]
pub(super) struct Rotation {
    pub(super) id: String,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) spent: String,
    /// The end of the grant if it is not used again, where that moves.
    pub(super) ends_at: Option<i64>,
}

/// Why something was not written.
#[derive(Clone, Debug, thiserror::Error)]
#[error("a grant cannot be written: {0}")]
pub(super) struct WriteError(String);

impl From<DbErr> for WriteError {
    fn from(error: DbErr) -> Self {
        Self(error.to_string())
    }
}

struct Job {
    write: Write,
    done: oneshot::Sender<Result<bool, WriteError>>,
}

/// Commits writes in groups.
#[derive(Clone)]
pub(super) struct Writer(Arc<Inner>);

struct Inner {
    database: Database,
    queue: Mutex<Vec<Job>>,
    turn: tokio::sync::Mutex<()>,
    #[cfg(test)]
    commits: std::sync::atomic::AtomicUsize,
}

impl Writer {
    pub(super) fn new(database: Database) -> Self {
        Self(Arc::new(Inner {
            database,
            queue: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            #[cfg(test)]
            commits: std::sync::atomic::AtomicUsize::default(),
        }))
    }

    /// Writes, and answers once it is durable: whether the row was there to be changed.
    pub(super) async fn write(&self, write: Write) -> Result<bool, WriteError> {
        let (done, mut answer) = oneshot::channel();
        self.queue().push(Job { write, done });
        let _turn = self.0.turn.lock().await;
        loop {
            match answer.try_recv() {
                // Whoever had the turn before may have written this too.
                Ok(written) => return written,
                Err(TryRecvError::Closed) => return Err(WriteError("the task that wrote it is gone".to_owned())),
                Err(TryRecvError::Empty) => {}
            }
            let batch: Vec<Job> = {
                let mut queue = self.queue();
                let many = queue.len().min(BATCH);
                queue.drain(..many).collect()
            };
            // In a task of its own: a request that is given up must not take with it what others wait for. Should that task be
            // gone, the answers are.
            let writer = self.clone();
            let _ = tokio::spawn(async move { writer.commit(batch).await }).await;
        }
    }

    async fn commit(&self, mut batch: Vec<Job>) {
        #[cfg(test)]
        self.0.commits.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        // In one order on every replica, so that no two transactions wait for each other's rows.
        batch.sort_by(|one, other| one.write.id().cmp(other.write.id()));
        match self.together(&batch).await {
            Ok(written) => batch.into_iter().zip(written).for_each(|(job, written)| job.answer(Ok(written))),
            Err(error) if batch.len() == 1 => batch.into_iter().for_each(|job| job.answer(Err(error.clone()))),
            Err(error) => {
                // One of them may be what cannot be written: the others must not fail for it.
                tracing::warn!(%error, "grants could not be written together; each is written by itself");
                for job in batch {
                    let written = job.write.apply(self.0.database.writer()).await;
                    job.answer(written.map_err(WriteError::from));
                }
            }
        }
    }

    async fn together(&self, batch: &[Job]) -> Result<Vec<bool>, WriteError> {
        if let [one] = batch {
            return Ok(vec![one.write.apply(self.0.database.writer()).await?]);
        }
        let transaction = self.0.database.begin().await?;
        let mut written = Vec::with_capacity(batch.len());
        for job in batch {
            written.push(job.write.apply(&transaction).await?);
        }
        transaction.commit().await?;
        Ok(written)
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<Job>> {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    fn answer(self, written: Result<bool, WriteError>) {
        // Whoever asked may have gone.
        let _ = self.done.send(written);
    }
}

impl Write {
    fn id(&self) -> &str {
        match self {
            Self::Insert(row) => row.id.try_as_ref().map_or("", String::as_str),
            Self::Rotate(rotation) => &rotation.id,
        }
    }

    async fn apply(&self, connection: &impl ConnectionTrait) -> Result<bool, DbErr> {
        match self {
            Self::Insert(row) => {
                grant::Entity::insert((**row).clone()).exec_without_returning(connection).await?;
                Ok(true)
            }
            Self::Rotate(rotation) => {
                let mut update = grant::Entity::update_many()
                    .col_expr(grant::Column::Generation, Expr::value(rotation.to))
                    .col_expr(grant::Column::Spent, Expr::value(rotation.spent.as_str()));
                if let Some(ends_at) = rotation.ends_at {
                    update = update.col_expr(grant::Column::EndsAt, Expr::value(ends_at));
                }
                let named = update.filter(grant::Column::Id.eq(&rotation.id));
                let changed = named.filter(grant::Column::Generation.eq(rotation.from)).exec(connection).await?;
                Ok(changed.rows_affected == 1)
            }
        }
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer(..)")
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    use tokio::task::JoinSet;

    use super::*;

    async fn writer() -> Writer {
        let database = Database::connect("sqlite::memory:", 1).await.unwrap();
        database.migrate().await.unwrap();
        Writer::new(database)
    }

    fn rotation(id: &str) -> Write {
        let id = id.to_owned();
        Write::Rotate(Rotation { id, from: 1, to: 2, spent: "[]".to_owned(), ends_at: None })
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_changed_and_each_hears_of_its_own() {
        let writer = writer().await;
        let mut writes = JoinSet::new();
        for number in 0..600 {
            let writer = writer.clone();
            writes.spawn(async move { writer.write(rotation(&format!("grant {number}"))).await.unwrap() });
        }
        assert!(
            writes.join_all().await.into_iter().all(|changed| !changed),
            "more than one batch, and all are answered"
        );
        assert!(writer.queue().is_empty());
        let commits = writer.0.commits.load(std::sync::atomic::Ordering::SeqCst);
        assert!(commits <= 5, "600 writes are 1 + 256 + 256 + 87, not {commits} commits");
    }

    #[tokio::test]
    async fn what_cannot_be_written_fails_alone() {
        let writer = writer().await;
        // Its client and user are nobody: the engine refuses the row.
        let row = grant::Model {
            id: "grant".to_owned(),
            client_id: "nobody".to_owned(),
            user_id: "nobody".to_owned(),
            session: None,
            scope: String::new(),
            resources: "[]".to_owned(),
            auth_time: 0,
            acr: None,
            amr: "[]".to_owned(),
            confirmation: None,
            claims: None,
            granted_at: 0,
            expires_at: 0,
            ends_at: 0,
            imported_digest: None,
            generation: 1,
            spent: "[]".to_owned(),
        };
        let bad = Write::Insert(Box::new(row.into_active_model().reset_all()));
        let turn = writer.0.turn.lock().await;
        let mut writes = JoinSet::new();
        for write in [rotation("a"), bad, rotation("z")] {
            let writer = writer.clone();
            writes.spawn(async move { writer.write(write).await.is_ok() });
        }
        tokio::task::yield_now().await;
        drop(turn);
        let good = writes.join_all().await.into_iter().filter(|good| *good).count();
        assert_eq!(good, 2);
    }

    /// A request that is given up leaves nobody waiting.
    #[tokio::test]
    async fn whoever_goes_away_takes_no_other_write_along() {
        let writer = writer().await;
        let turn = writer.0.turn.lock().await;
        let gone = tokio::spawn({
            let writer = writer.clone();
            async move { writer.write(rotation("gone")).await }
        });
        tokio::task::yield_now().await;
        gone.abort();
        drop(turn);
        assert!(!writer.write(rotation("here")).await.unwrap());
        assert!(writer.queue().is_empty());
    }
}
