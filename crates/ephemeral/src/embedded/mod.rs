//! The embedded engine: one SQLite file, held by one process, worked by one thread.
//!
//! Callers queue jobs; the [`worker`] does all that are queued in one transaction and answers after it is committed, so that a
//! storm of callers shares the cost of committing. The [`mod@file`] module opens and ends the file, [`statements`] is the SQL.

mod file;
mod statements;
mod worker;

use std::{path::Path, time::Duration};

use rusqlite::Connection;
use vestibule_core::{Clock, Timestamp};

use self::worker::Worker;
use crate::{
    Admission, Error, Found, Kind, Subscription, Tombstone,
    bus::Bus,
    engine::{Engine, Entry},
    pace::Numbers,
};

/// The engine. The last clone of its handle that is dropped ends it as cleanly as [`Engine::close`].
pub(crate) struct Embedded {
    worker: Worker,
    bus: Bus,
    clock: Clock,
}

impl Embedded {
    pub(crate) async fn open(path: Option<&Path>, clock: Clock) -> Result<Self, Error> {
        Ok(Self { worker: Worker::start(path, clock.clone()).await?, bus: Bus::default(), clock })
    }

    /// Does `job` in the worker's next transaction. The moment is read there, not here, so that a job that had to queue does
    /// not find what has expired since.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, Timestamp) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let clock = self.clock.clone();
        self.worker.run(move |connection| job(connection, clock.now())).await
    }
}

#[async_trait::async_trait]
impl Engine for Embedded {
    async fn put(&self, kind: Kind, key: &str, entry: Entry<'_>) -> Result<(), Error> {
        let (key, value, owner) = (key.to_owned(), entry.value.to_vec(), entry.owner.map(str::to_owned));
        let ttl = entry.ttl;
        self.run(move |connection, now| statements::put(connection, kind, &key, &value, owner.as_deref(), now + ttl))
            .await
    }

    async fn look(&self, kind: Kind, key: &str) -> Result<Found, Error> {
        let key = key.to_owned();
        self.run(move |connection, now| statements::look(connection, kind, &key, now)).await
    }

    async fn swap(&self, kind: Kind, key: &str, old: &[u8], new: &[u8]) -> Result<bool, Error> {
        let (key, old, new) = (key.to_owned(), old.to_vec(), new.to_vec());
        self.run(move |connection, now| statements::swap(connection, kind, &key, &old, &new, now)).await
    }

    async fn take(&self, kind: Kind, key: &str, tombstone: Option<Tombstone<'_>>) -> Result<Found, Error> {
        let key = key.to_owned();
        let tombstone = tombstone.map(|stone| (stone.value.to_vec(), stone.ttl));
        self.run(move |connection, now| {
            let left = tombstone.as_ref().map(|(value, ttl)| (value.as_slice(), now + *ttl));
            statements::take(connection, kind, &key, left, now)
        })
        .await
    }

    async fn touch(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error> {
        let key = key.to_owned();
        self.run(move |connection, now| statements::touch(connection, kind, &key, now + ttl, now)).await
    }

    async fn list(&self, kind: Kind, owner: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let owner = owner.to_owned();
        self.run(move |connection, now| statements::list(connection, kind, &owner, now)).await
    }

    async fn count(&self, kind: Kind, key: &str, window: Duration) -> Result<u64, Error> {
        let key = key.to_owned();
        self.run(move |connection, now| statements::count(connection, kind, &key, now + window, now)).await
    }

    async fn admit(&self, kind: Kind, key: &str, pace: &Numbers) -> Result<Admission, Error> {
        let (key, pace) = (key.to_owned(), pace.clone());
        self.run(move |connection, now| statements::admit(connection, kind, &key, &pace, now)).await
    }

    async fn give_back(&self, kind: Kind, key: &str, pace: &Numbers) -> Result<(), Error> {
        let (key, forgive) = (key.to_owned(), pace.forgive);
        self.run(move |connection, now| statements::give_back(connection, kind, &key, forgive, now)).await
    }

    async fn mark_seen(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error> {
        let key = key.to_owned();
        self.run(move |connection, now| statements::mark_seen(connection, kind, &key, now + ttl, now)).await
    }

    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), Error> {
        self.bus.publish(topic, message);
        Ok(())
    }

    async fn subscribe(&self, topic: &str) -> Result<Subscription, Error> {
        Ok(self.bus.subscribe(topic))
    }

    async fn ping(&self) -> Result<(), Error> {
        self.run(|connection, _| statements::ping(connection)).await
    }

    async fn close(&self) {
        self.bus.close();
        self.worker.close().await;
    }
}
