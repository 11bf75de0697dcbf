//! What expires, and word of what changed.
//!
//! Authorization codes, browser sessions, requests waiting for a person, replay marks and counters are kept here: each is
//! put under a [`Kind`] and a key, lives for a while, and is gone by itself. The bus ([`Ephemeral::publish`],
//! [`Ephemeral::subscribe`]) tells other replicas that something changed.
//!
//! ```text
//!            put                    take, with a tombstone              its ttl has passed
//!  Missing ───────▶ Live (a value) ────────────────────────▶ Spent ──────────────────────▶ Missing
//!                     │        take or remove without one                                     ▲
//!                     └───────────────────── or its ttl has passed ───────────────────────────┘
//! ```
//!
//! One set of promises, two engines: [`Ephemeral::embedded`] keeps everything in one SQLite file that a single process holds,
//! [`Ephemeral::redis`] lets several replicas share a Redis or Valkey. `tests/promises` is what both must keep.
//!
//! # What a crash may lose
//! The embedded engine loses nothing when its process is killed. A power cut may lose the last five seconds. After either, it
//! drops every live entry of a [`Kind::once`]: what may have been taken counts as spent. A replay mark made in those five
//! seconds may be lost. With Redis, its own persistence settings decide.

mod bus;
mod embedded;
mod engine;
mod error;
mod kind;
mod pace;
mod redis;

use std::{path::Path, sync::Arc, time::Duration};

use vestibule_core::Clock;

pub use bus::Subscription;
pub use engine::{Found, Tombstone};
pub use error::Error;
pub use kind::Kind;
pub use pace::{Admission, Pace, PaceError, Refused};

use engine::{Engine, Entry};

/// The longest that anything lives; a longer `ttl` is cut to it.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// The store of what expires. A clone is the same store.
///
/// Every operation can fail with [`Error::Unavailable`] or [`Error::Closed`]. An operation that changes something and fails
/// may still have happened: a caller whose `take` failed must fail its own request.
#[derive(Clone)]
pub struct Ephemeral {
    engine: Arc<dyn Engine>,
}

impl Ephemeral {
    /// The embedded engine on the file at `path`, which is made where it is missing (mode 0600, with its folder).
    ///
    /// # Errors
    /// [`Error::InUse`] where another process holds the file, [`Error::Damaged`] and [`Error::OtherFormat`] where it cannot be
    /// used, [`Error::Unavailable`] where it cannot be opened.
    pub async fn embedded(path: &Path, clock: Clock) -> Result<Self, Error> {
        Ok(Self { engine: Arc::new(embedded::Embedded::open(Some(path), clock).await?) })
    }

    /// The embedded engine, in memory only.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where no thread can be started.
    pub async fn in_memory(clock: Clock) -> Result<Self, Error> {
        Ok(Self { engine: Arc::new(embedded::Embedded::open(None, clock).await?) })
    }

    /// The Redis engine: Redis 7.0 or later, or Valkey, at `redis://…`, `rediss://…` (TLS) or `unix://…`. Every key and channel
    /// starts with `prefix`.
    ///
    /// # Errors
    /// [`Error::BadUrl`] for a URL that cannot be used, [`Error::TooOld`] for an old server, [`Error::Unavailable`] where it
    /// does not answer. None of them shows the URL's password.
    pub async fn redis(url: &str, prefix: &str, clock: Clock) -> Result<Self, Error> {
        Ok(Self { engine: Arc::new(redis::RedisEngine::connect(url, prefix, clock).await?) })
    }

    /// Puts `value` under `key` for `ttl`, replacing whatever was there. An entry with an `owner` is found by
    /// [`Ephemeral::list`].
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn put(
        &self,
        kind: Kind,
        key: &str,
        value: &[u8],
        ttl: Duration,
        owner: Option<&str>,
    ) -> Result<(), Error> {
        self.engine.put(kind, key, Entry { value, ttl: ttl.min(LONGEST), owner }).await
    }

    /// What is under `key`.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn look(&self, kind: Kind, key: &str) -> Result<Found, Error> {
        self.engine.look(kind, key).await
    }

    /// The live value under `key`.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn get(&self, kind: Kind, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.look(kind, key).await?.live())
    }

    /// Replaces the live value under `key` where it is still `old`; expiry and owner stay. Of parallel swaps from one value,
    /// exactly one answers `true`.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn swap(&self, kind: Kind, key: &str, old: &[u8], new: &[u8]) -> Result<bool, Error> {
        self.engine.swap(kind, key, old, new).await
    }

    /// Takes what is under `key`: it is [`Found::Live`] to exactly one caller. The others find the tombstone that this one
    /// leaves ([`Found::Spent`]), or nothing where it leaves none.
    ///
    /// # Errors
    /// See [`Ephemeral`]: after an error the entry may be spent, so that the caller must fail its request.
    pub async fn take(&self, kind: Kind, key: &str, tombstone: Option<Tombstone<'_>>) -> Result<Found, Error> {
        let tombstone = tombstone.map(|stone| Tombstone { ttl: stone.ttl.min(LONGEST), ..stone });
        self.engine.take(kind, key, tombstone).await
    }

    /// Removes the live entry under `key` where it is still `value`. Of parallel callers, exactly one answers `true`.
    ///
    /// # Errors
    /// See [`Ephemeral`]: after an error the entry may be gone, so that the caller must fail its request.
    pub async fn remove_if(&self, kind: Kind, key: &str, value: &[u8]) -> Result<bool, Error> {
        self.engine.remove_if(kind, key, value).await
    }

    /// Lets the live entry under `key` live for `ttl` from now on. `false` where there is none.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn touch(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error> {
        self.engine.touch(kind, key, ttl.min(LONGEST)).await
    }

    /// Removes the live entry under `key`; a tombstone stays. `true` for exactly one caller, where there was one.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn remove(&self, kind: Kind, key: &str) -> Result<bool, Error> {
        Ok(matches!(self.engine.take(kind, key, None).await?, Found::Live(_)))
    }

    /// The keys and values of the live entries of one owner, ordered by key.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn list(&self, kind: Kind, owner: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.engine.list(kind, owner).await
    }

    /// Counts one more, and answers the count within the present window, which began with its first count. Counters are apart
    /// from entries of the same kind and key.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn count(&self, kind: Kind, key: &str, window: Duration) -> Result<u64, Error> {
        self.engine.count(kind, key, window.min(LONGEST)).await
    }

    /// Counts a try of what `key` names, where `pace` admits one now. Of parallel tries, no more are admitted than of tries one after
    /// the other. What is counted is a live entry, so that [`Ephemeral::remove`] forgets it.
    ///
    /// # Errors
    /// See [`Ephemeral`]: after an error the try may be counted, and must not go on.
    pub async fn admit(&self, kind: Kind, key: &str, pace: &Pace) -> Result<Admission, Error> {
        self.engine.admit(kind, key, &pace.numbers()).await
    }

    /// Counts a try of each thing that `tries` name, where all of their paces admit one now; else none, and says which of them the
    /// first is that does not.
    ///
    /// # Errors
    /// See [`Ephemeral`]: after an error some may be counted, and the try must not go on.
    pub async fn admit_all(&self, kind: Kind, tries: &[(&str, &Pace)]) -> Result<Option<Refused>, Error> {
        let tries: Vec<_> = tries.iter().map(|(key, pace)| (*key, pace.numbers())).collect();
        self.engine.admit_all(kind, &tries).await
    }

    /// Takes back a try that was admitted: it is counted no more, and the next one need not wait for it.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn give_back(&self, kind: Kind, key: &str, pace: &Pace) -> Result<(), Error> {
        self.engine.give_back(kind, key, &pace.numbers()).await
    }

    /// Marks `key` as seen for `ttl`: `true` for the first caller only. The mark is a tombstone with an empty value.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn mark_seen(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error> {
        self.engine.mark_seen(kind, key, ttl.min(LONGEST)).await
    }

    /// Tells every subscriber of `topic`, in every replica, this one too. Word may get lost (a broken connection, a slow
    /// listener): whoever needs all of it reads the database as well.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), Error> {
        self.engine.publish(topic, message).await
    }

    /// Hears what is published on `topic` from now on.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn subscribe(&self, topic: &str) -> Result<Subscription, Error> {
        self.engine.subscribe(topic).await
    }

    /// Whether the engine answers.
    ///
    /// # Errors
    /// See [`Ephemeral`].
    pub async fn ping(&self) -> Result<(), Error> {
        self.engine.ping().await
    }

    /// Ends cleanly: what was asked for before is done, and what is asked for later is answered with [`Error::Closed`].
    pub async fn close(&self) {
        self.engine.close().await;
    }
}

impl std::fmt::Debug for Ephemeral {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ephemeral(..)")
    }
}
