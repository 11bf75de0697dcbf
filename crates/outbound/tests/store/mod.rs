//! What the outbox promises, whatever engine lies beneath. A test program includes this and says how to `open` one.

mod enqueuing;
mod failing;
mod sharing;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use vestibule_core::{Clock, Random};
use vestibule_database::Database;
use vestibule_outbound::{Backlog, Handler, Job, Outbox, Trouble};

/// Longer than any wait between two attempts, and than a claim lasts.
pub(crate) const LATER: Duration = Duration::from_secs(3 * 3600);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// An empty outbox, and what it stands on.
pub(crate) struct Site {
    pub(crate) outbox: Outbox,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    _folder: Option<TempDir>,
}

/// What became of a job.
type Outcome = Result<(), Trouble>;
type Answer = dyn Fn(&Job) -> Outcome + Send + Sync;

/// Does what it is told with each job, and remembers it.
#[derive(Clone)]
pub(crate) struct Postman {
    answer: Arc<Answer>,
    takes: Duration,
    log: Arc<Mutex<Log>>,
}

#[derive(Default)]
struct Log {
    /// The payloads, in the order in which they were begun.
    begun: Vec<String>,
    at_it: HashMap<String, usize>,
    most_at_one: usize,
}

impl Postman {
    pub(crate) fn new(answer: impl Fn(&Job) -> Outcome + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), takes: Duration::ZERO, log: Arc::default() }
    }

    pub(crate) fn slow(takes: Duration) -> Self {
        Self { takes, ..Self::new(|_| Ok(())) }
    }

    pub(crate) fn begun(&self) -> Vec<String> {
        self.log.lock().unwrap().begun.clone()
    }

    /// How many were at the same job at the same time.
    pub(crate) fn most_at_one(&self) -> usize {
        self.log.lock().unwrap().most_at_one
    }
}

impl Handler for Postman {
    async fn handle(&self, job: &Job) -> Outcome {
        {
            let mut log = self.log.lock().unwrap();
            log.begun.push(job.payload().unwrap());
            let at_it = log.at_it.entry(job.id.clone()).or_default();
            *at_it += 1;
            let at_it = *at_it;
            log.most_at_one = log.most_at_one.max(at_it);
        }
        tokio::time::sleep(self.takes).await;
        *self.log.lock().unwrap().at_it.get_mut(&job.id).unwrap() -= 1;
        (self.answer)(job)
    }
}

/// A worker that runs; dropped, it dies where it stands.
pub(crate) struct Worker {
    task: JoinHandle<()>,
    shutdown: watch::Sender<bool>,
}

impl Worker {
    pub(crate) async fn stop(mut self) {
        self.shutdown.send(true).unwrap();
        (&mut self.task).await.unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    pub(crate) async fn new(database: Database, folder: Option<TempDir>) -> Self {
        database.migrate().await.unwrap();
        let clock = Clock::system();
        let outbox = Outbox::new(database.clone(), clock.clone(), Random::system());
        Self { outbox, database, clock, _folder: folder }
    }

    /// As another process would open it: the same table, and nothing else in common.
    pub(crate) fn elsewhere(&self) -> Outbox {
        Outbox::new(self.database.clone(), self.clock.clone(), Random::system())
    }

    pub(crate) async fn enqueue(&self, what: &str) {
        self.outbox.enqueue("test", &what).await.unwrap();
    }

    pub(crate) fn work(&self, postman: &Postman) -> Worker {
        work(self.outbox.clone(), postman)
    }

    /// Lets time pass, for whoever waits for the next attempt.
    pub(crate) fn pass(&self, time: Duration) {
        self.clock.advance(time);
        self.outbox.wake();
    }

    pub(crate) async fn backlog(&self) -> Backlog {
        self.outbox.backlog().await.unwrap()
    }

    /// Waits until nothing waits.
    pub(crate) async fn is_empty(&self) {
        let outbox = self.outbox.clone();
        until(async move || outbox.backlog().await.unwrap().waiting == 0).await;
    }

    /// Waits until something was tried that often.
    pub(crate) async fn last_error_is_kept(&self, attempts: usize) {
        use sea_orm::ConnectionTrait;
        let sql = format!("SELECT 1 AS one FROM outbox WHERE last_error IS NOT NULL AND attempts >= {attempts}");
        until(async || {
            let writer = self.database.writer();
            let statement = sea_orm::Statement::from_string(writer.get_database_backend(), sql.clone());
            writer.query_one_raw(statement).await.unwrap().is_some()
        })
        .await;
    }
}

pub(crate) fn work(outbox: Outbox, postman: &Postman) -> Worker {
    let (shutdown, told) = watch::channel(false);
    Worker { task: tokio::spawn(outbox.run(postman.clone(), told)), shutdown }
}

/// Asks again and again, for ten seconds.
pub(crate) async fn until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not come to be in ten seconds");
}
