//! The one thread that works the embedded engine's file.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use vestibule_core::{Clock, work_in_background};

use super::{
    file::{self, unavailable},
    statements,
};
use crate::Error;

/// How many jobs may wait; further callers wait for a place.
const QUEUE: usize = 1024;
/// How many jobs share a transaction.
const BATCH: usize = 256;
/// How often expired rows are looked for, and what was written is synced to the disk.
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// How many expired rows are removed between two batches of jobs.
const SWEEP: usize = 500;

/// Does its work within a transaction, and returns how that went and how to answer the caller.
type Job = Box<dyn FnOnce(&Connection) -> (rusqlite::Result<()>, Reply) + Send>;

/// Answers a caller once it is known how the transaction ended.
type Reply = Box<dyn FnOnce(Result<(), Error>)>;

enum Message {
    /// A job, with its place in the queue.
    Run(Job, OwnedSemaphorePermit),
    /// End, and say when it is done.
    Close(oneshot::Sender<()>),
}

/// The handle of the thread. The thread ends when it is dropped.
pub(super) struct Worker {
    queue: Sender<Message>,
    places: Arc<Semaphore>,
}

impl Worker {
    /// Starts the thread, which opens the file.
    pub(super) async fn start(path: Option<&Path>, clock: Clock) -> Result<Self, Error> {
        let (queue, messages) = mpsc::channel();
        let (opened, wait) = oneshot::channel();
        let path = path.map(Path::to_owned);
        let place = path.clone().unwrap_or_else(|| PathBuf::from(":memory:"));
        let thread_place = place.clone();
        thread::Builder::new()
            .name("ephemeral".into())
            .spawn(move || {
                work_in_background();
                match file::open(path.as_deref()) {
                    Ok(connection) => {
                        // Where the opener has gone, the queue is dropped too, and the loop ends at once.
                        let _ = opened.send(Ok(()));
                        Thread { connection, messages, clock, place: thread_place, tidy: Instant::now(), swept: true }
                            .run();
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                    }
                }
            })
            .map_err(|error| unavailable(&place, &error))?;
        wait.await.map_err(|_| Error::Closed)??;
        Ok(Self { queue, places: Arc::new(Semaphore::new(QUEUE)) })
    }

    /// Does `work` on the thread, and once it is committed `then` with what came of it, or with nothing where it failed. Both are
    /// done even where the caller stops waiting, and of all callers in one order.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
        then: impl FnOnce(Option<&T>) + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, wait) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let (done, value) = match work(connection) {
                Ok(value) => (Ok(()), Some(value)),
                Err(error) => (Err(error), None),
            };
            let reply = move |ended: Result<(), Error>| {
                let outcome = ended.and_then(|()| value.ok_or(Error::Closed));
                then(outcome.as_ref().ok());
                drop(answer.send(outcome));
            };
            (done, Box::new(reply))
        });
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| Error::Closed)?;
        self.queue.send(Message::Run(job, place)).map_err(|_| Error::Closed)?;
        wait.await.map_err(|_| Error::Closed)?
    }

    /// Ends the thread after what is queued. Does nothing the second time.
    pub(super) async fn close(&self) {
        let (done, wait) = oneshot::channel();
        if self.queue.send(Message::Close(done)).is_ok() {
            // An error means that the thread has ended already.
            let _ = wait.await;
        }
    }
}

struct Thread {
    connection: Connection,
    messages: Receiver<Message>,
    clock: Clock,
    place: PathBuf,
    /// When the next tidying is due.
    tidy: Instant,
    /// Whether the last sweep found an end.
    swept: bool,
}

impl Thread {
    fn run(mut self) {
        let closing = loop {
            let wait = if self.swept { self.tidy.saturating_duration_since(Instant::now()) } else { Duration::ZERO };
            match self.messages.recv_timeout(wait) {
                Ok(Message::Run(job, place)) => {
                    if let Some(done) = self.batch(job, place) {
                        break Some(done);
                    }
                }
                Ok(Message::Close(done)) => break Some(done),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break None,
            }
            if !self.swept || Instant::now() >= self.tidy {
                self.tidy();
            }
        };
        // Nothing may find the queue open once the file is closed.
        drop(self.messages);
        if let Err(error) = file::end(self.connection) {
            tracing::warn!(path = %self.place.display(), %error, "The store of sessions did not end cleanly");
        }
        if let Some(done) = closing {
            let _ = done.send(());
        }
    }

    /// Does a first job and whatever else is queued in one transaction. Returns who asked to close, where that came up.
    fn batch(&self, first: Job, place: OwnedSemaphorePermit) -> Option<oneshot::Sender<()>> {
        let mut closing = None;
        let mut places = vec![place];
        let mut jobs = vec![first];
        while jobs.len() < BATCH && closing.is_none() {
            match self.messages.try_recv() {
                Ok(Message::Run(job, place)) => {
                    jobs.push(job);
                    places.push(place);
                }
                Ok(Message::Close(done)) => closing = Some(done),
                Err(_) => break,
            }
        }
        self.commit(jobs);
        closing
    }

    /// All jobs of a transaction or none: a job fails only where the file does, and half a job must not stay. Those behind a
    /// failed one get a transaction of their own.
    fn commit(&self, jobs: Vec<Job>) {
        let mut jobs = jobs.into_iter();
        while jobs.len() > 0 {
            let mut replies = Vec::with_capacity(jobs.len());
            let ended = self.transaction(&mut jobs, &mut replies).map_err(|error| {
                self.roll_back();
                tracing::error!(path = %self.place.display(), %error, "The store of sessions failed");
                unavailable(&self.place, &error)
            });
            for reply in replies {
                reply(ended.clone());
            }
        }
    }

    fn transaction(&self, jobs: &mut impl Iterator<Item = Job>, replies: &mut Vec<Reply>) -> rusqlite::Result<()> {
        let begun = self.connection.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([]));
        if let Err(error) = begun {
            // Dropping the jobs answers their callers.
            jobs.by_ref().for_each(drop);
            return Err(error);
        }
        for job in jobs {
            let (done, reply) = job(&self.connection);
            replies.push(reply);
            done?;
        }
        self.connection.prepare_cached("COMMIT")?.execute([]).map(drop)
    }

    fn roll_back(&self) {
        // SQLite has rolled back already after some errors.
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(path = %self.place.display(), %error, "The store of sessions could not undo a change");
        }
    }

    /// Removes some of what has expired. When all of it is gone, syncs what was written to the disk, which bounds what a power
    /// cut may lose.
    fn tidy(&mut self) {
        match statements::sweep(&self.connection, self.clock.now(), SWEEP) {
            Ok(more) => self.swept = !more,
            Err(error) => {
                self.swept = true;
                tracing::error!(path = %self.place.display(), %error, "Expired rows could not be removed");
            }
        }
        if self.swept {
            self.tidy = Instant::now() + TIDY_EVERY;
            if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(PASSIVE)") {
                tracing::error!(path = %self.place.display(), %error, "The store of sessions could not be synced to the disk");
            }
        }
    }
}
