//! The embedded engine: one SQLite file, held by one process, worked by one thread.
//!
//! Callers queue jobs; the [`worker`] does all that are queued in one transaction and answers after it is committed, so that a
//! storm of callers shares the cost of committing. What it lately changed or found is kept in a [`memory`], which answers most looks.
//! The [`mod@file`] module opens and ends the file, [`statements`] is the SQL.

mod file;
mod memory;
mod statements;
mod worker;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rusqlite::Connection;
use vestibule_core::{Clock, Timestamp};

use self::{
    memory::{Memory, Place},
    worker::Worker,
};
use crate::{
    Admission, Error, Found, Kind, Subscription, Tombstone,
    bus::Bus,
    engine::{Engine, Entry},
    pace::{Numbers, Refused},
};

/// The engine. The last clone of its handle that is dropped ends it as cleanly as [`Engine::close`].
pub(crate) struct Embedded {
    worker: Worker,
    memory: Memory,
    bus: Bus,
    clock: Clock,
    closed: AtomicBool,
}

impl Embedded {
    pub(crate) async fn open(path: Option<&Path>, clock: Clock) -> Result<Self, Error> {
        let worker = Worker::start(path, clock.clone()).await?;
        Ok(Self { worker, memory: Memory::new(), bus: Bus::default(), clock, closed: AtomicBool::new(false) })
    }

    /// Does `job` in the worker's next transaction. The moment is read there, not here, so that a job that had to queue does
    /// not find what has expired since.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, Timestamp) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let clock = self.clock.clone();
        self.worker.run(move |connection| job(connection, clock.now()), |_| ()).await
    }

    /// The same, of one that may change what is under a key: the memory is told what it answered with, or forgets the key where it
    /// is not known what became of it.
    async fn change<T: Send + 'static>(
        &self,
        kind: Kind,
        key: &str,
        job: impl FnOnce(&Connection, &str, Timestamp) -> rusqlite::Result<T> + Send + 'static,
        tell: impl FnOnce(Place, &T) + Send + 'static,
    ) -> Result<T, Error> {
        let (clock, place, key) = (self.clock.clone(), self.memory.place(kind, key), key.to_owned());
        let then = move |outcome: Option<&T>| match outcome {
            Some(outcome) => tell(place, outcome),
            None => place.forget(),
        };
        self.worker.run(move |connection| job(connection, &key, clock.now()), then).await
    }
}

#[async_trait::async_trait]
impl Engine for Embedded {
    async fn put(&self, kind: Kind, key: &str, entry: Entry<'_>) -> Result<(), Error> {
        let (value, owner, ttl) = (entry.value.to_vec(), entry.owner.map(str::to_owned), entry.ttl);
        let value = Arc::new(value);
        let put = Arc::clone(&value);
        let job = move |connection: &Connection, key: &str, now: Timestamp| {
            statements::put(connection, kind, key, &put, owner.as_deref(), now + ttl)?;
            Ok(now + ttl)
        };
        let tell = move |place: Place, expires_at: &Timestamp| {
            place.set(Found::Live(Arc::unwrap_or_clone(value)), *expires_at);
        };
        self.change(kind, key, job, tell).await.map(drop)
    }

    async fn look(&self, kind: Kind, key: &str) -> Result<Found, Error> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::Closed);
        }
        if let Some(found) = self.memory.place(kind, key).look(self.clock.now()) {
            return Ok(found);
        }
        let job =
            move |connection: &Connection, key: &str, now: Timestamp| statements::look(connection, kind, key, now);
        let tell = |place: Place, found: &(Found, Option<Timestamp>)| {
            if let (found, Some(expires_at)) = found {
                place.set(found.clone(), *expires_at);
            }
        };
        self.change(kind, key, job, tell).await.map(|(found, _)| found)
    }

    async fn swap(&self, kind: Kind, key: &str, old: &[u8], new: &[u8]) -> Result<bool, Error> {
        let (old, new) = (old.to_vec(), Arc::new(new.to_vec()));
        let put = Arc::clone(&new);
        let job = move |connection: &Connection, key: &str, now: Timestamp| {
            statements::swap(connection, kind, key, &old, &put, now)
        };
        let tell = move |place: Place, swapped: &bool| {
            if *swapped {
                place.replace(Arc::unwrap_or_clone(new));
            }
        };
        self.change(kind, key, job, tell).await
    }

    async fn take(&self, kind: Kind, key: &str, tombstone: Option<Tombstone<'_>>) -> Result<Found, Error> {
        let tombstone = tombstone.map(|stone| (stone.value.to_vec(), stone.ttl));
        let job = move |connection: &Connection, key: &str, now: Timestamp| {
            let left = tombstone.as_ref().map(|(value, ttl)| (value.as_slice(), now + *ttl));
            statements::take(connection, kind, key, left, now)
        };
        self.change(kind, key, job, |place, _| place.forget()).await
    }

    async fn remove_if(&self, kind: Kind, key: &str, value: &[u8]) -> Result<bool, Error> {
        let value = value.to_vec();
        let job = move |connection: &Connection, key: &str, now: Timestamp| {
            statements::remove_if(connection, kind, key, &value, now)
        };
        self.change(kind, key, job, |place, _| place.forget()).await
    }

    async fn touch(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error> {
        let job = move |connection: &Connection, key: &str, now: Timestamp| {
            Ok(statements::touch(connection, kind, key, now + ttl, now)?.then(|| now + ttl))
        };
        let tell = |place: Place, prolonged: &Option<Timestamp>| {
            if let Some(expires_at) = prolonged {
                place.prolong(*expires_at);
            }
        };
        Ok(self.change(kind, key, job, tell).await?.is_some())
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
        let refused = self.admit_all(kind, &[(key, pace.clone())]).await?;
        Ok(refused.map_or(Admission::Admitted, |refused| Admission::Wait(refused.wait)))
    }

    async fn admit_all(&self, kind: Kind, tries: &[(&str, Numbers)]) -> Result<Option<Refused>, Error> {
        let places: Vec<_> = tries.iter().map(|(key, _)| self.memory.place(kind, key)).collect();
        let tries: Vec<_> = tries.iter().map(|(key, pace)| ((*key).to_owned(), pace.clone())).collect();
        let clock = self.clock.clone();
        let job = move |connection: &Connection| statements::admit_all(connection, kind, &tries, clock.now());
        self.worker.run(job, |_| places.into_iter().for_each(Place::forget)).await
    }

    async fn give_back(&self, kind: Kind, key: &str, pace: &Numbers) -> Result<(), Error> {
        let forgive = pace.forgive;
        let job = move |connection: &Connection, key: &str, now: Timestamp| {
            statements::give_back(connection, kind, key, forgive, now)
        };
        self.change(kind, key, job, |place, ()| place.forget()).await
    }

    async fn mark_seen(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error> {
        let job = move |connection: &Connection, key: &str, now: Timestamp| {
            statements::mark_seen(connection, kind, key, now + ttl, now)
        };
        self.change(kind, key, job, |place, _| place.forget()).await
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
        self.closed.store(true, Ordering::Release);
        self.bus.close();
        self.worker.close().await;
    }
}
