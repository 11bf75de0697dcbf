//! The Redis engine: what expires lies in a Redis or Valkey that several replicas share.
//!
//! Keys, each after the configured prefix, where `@` and `#` cannot begin a kind's name:
//!
//! | key | what |
//! | --- | --- |
//! | `<kind>:<key>` | an entry, as [`envelope`] writes it |
//! | `@<kind>:<owner>` | the keys of an owner's entries, a sorted set by expiry |
//! | `#<kind>:<key>` | a counter: the end of its window in 15 digits, then the count |
//!
//! What must be atomic is a Lua script on one key ([`scripts`]). The index of owners is another key, so it is written first:
//! a key in it without an entry is passed over, an entry that is missing in it would escape a sign-out everywhere. Whether
//! something has expired is told by our clock and its envelope; Redis' own expiry only clears away.

mod connect;
mod envelope;
mod listen;
mod scripts;

use std::{sync::Arc, time::Duration};

use redis::{RedisError, aio::ConnectionManager};
use tokio::sync::OnceCell;
use vestibule_core::Clock;

use self::{envelope::Envelope, listen::Listener, scripts::Scripts};
use crate::{
    Admission, Error, Found, Kind, Subscription, Tombstone,
    engine::{Engine, Entry},
    pace::{Numbers, Refused},
};

/// The engine.
pub(crate) struct RedisEngine {
    client: redis::Client,
    connection: ConnectionManager,
    /// Made at the first subscription.
    listener: OnceCell<Listener>,
    scripts: Scripts,
    place: Arc<str>,
    prefix: String,
    clock: Clock,
    closed: std::sync::atomic::AtomicBool,
}

impl RedisEngine {
    pub(crate) async fn connect(url: &str, prefix: &str, clock: Clock) -> Result<Self, Error> {
        let client = connect::client(url)?;
        let place = client.get_connection_info().addr().to_string();
        let connection = connect::connection(&client, &place).await?;
        Ok(Self {
            client,
            connection,
            listener: OnceCell::new(),
            scripts: Scripts::new(),
            place: place.into(),
            prefix: prefix.to_owned(),
            clock,
            closed: false.into(),
        })
    }

    fn entry_key(&self, kind: Kind, key: &str) -> String {
        format!("{}{}:{key}", self.prefix, kind.name())
    }

    fn owner_key(&self, kind: Kind, owner: &str) -> String {
        format!("{}@{}:{owner}", self.prefix, kind.name())
    }

    fn counter_key(&self, kind: Kind, key: &str) -> String {
        format!("{}#{}:{key}", self.prefix, kind.name())
    }

    /// The connection; none once the store is closed.
    fn connection(&self) -> Result<ConnectionManager, Error> {
        if self.closed.load(std::sync::atomic::Ordering::Acquire) {
            return Err(Error::Closed);
        }
        Ok(self.connection.clone())
    }

    fn failed(&self, error: &RedisError) -> Error {
        connect::unavailable(&self.place, error)
    }

    async fn envelope(&self, kind: Kind, key: &str) -> Result<Option<Envelope>, Error> {
        let bytes: Option<Vec<u8>> = redis::cmd("GET")
            .arg(self.entry_key(kind, key))
            .query_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(bytes.as_deref().and_then(Envelope::read).filter(|envelope| envelope.expires_at > self.clock.now()))
    }

    /// Enters a key into its owner's index, which outlives its longest entry, and drops from it what has expired.
    async fn index(&self, kind: Kind, key: &str, owner: &str, ttl: Duration) -> Result<(), Error> {
        let now = self.clock.now();
        let index = self.owner_key(kind, owner);
        let millis = envelope::lifetime(ttl);
        redis::pipe()
            .cmd("ZADD")
            .arg(&index)
            .arg((now + ttl).millis())
            .arg(key)
            .ignore()
            .cmd("ZREMRANGEBYSCORE")
            .arg(&index)
            .arg("-inf")
            .arg(now.millis())
            .ignore()
            .cmd("PEXPIRE")
            .arg(&index)
            .arg(millis)
            .arg("NX")
            .ignore()
            .cmd("PEXPIRE")
            .arg(&index)
            .arg(millis)
            .arg("GT")
            .ignore()
            .query_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }
}

#[async_trait::async_trait]
impl Engine for RedisEngine {
    async fn put(&self, kind: Kind, key: &str, entry: Entry<'_>) -> Result<(), Error> {
        let envelope = Envelope {
            spent: false,
            expires_at: self.clock.now() + entry.ttl,
            owner: entry.owner.map(str::to_owned),
            value: entry.value.to_vec(),
        };
        if let Some(owner) = entry.owner {
            self.index(kind, key, owner, entry.ttl).await?;
        }
        redis::cmd("SET")
            .arg(self.entry_key(kind, key))
            .arg(envelope.write())
            .arg("PX")
            .arg(envelope::lifetime(entry.ttl))
            .query_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn look(&self, kind: Kind, key: &str) -> Result<Found, Error> {
        Ok(self.envelope(kind, key).await?.map_or(Found::Missing, Envelope::into_found))
    }

    async fn swap(&self, kind: Kind, key: &str, old: &[u8], new: &[u8]) -> Result<bool, Error> {
        self.scripts
            .swap
            .key(self.entry_key(kind, key))
            .arg(self.clock.now().millis())
            .arg(old)
            .arg(new)
            .invoke_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn take(&self, kind: Kind, key: &str, tombstone: Option<Tombstone<'_>>) -> Result<Found, Error> {
        let now = self.clock.now();
        let (left, ttl) = tombstone.map_or((Vec::new(), 0), |stone| {
            let expires_at = now + stone.ttl;
            let envelope = Envelope { spent: true, expires_at, owner: None, value: stone.value.to_vec() };
            (envelope.write(), envelope::lifetime(stone.ttl))
        });
        // The script answers with the entry as it was, so that there is one place that reads it.
        let found: Option<Vec<u8>> = self
            .scripts
            .take
            .key(self.entry_key(kind, key))
            .arg(now.millis())
            .arg(left)
            .arg(ttl)
            .invoke_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))?;
        Ok(found.as_deref().and_then(Envelope::read).map_or(Found::Missing, Envelope::into_found))
    }

    async fn remove_if(&self, kind: Kind, key: &str, value: &[u8]) -> Result<bool, Error> {
        self.scripts
            .remove_if
            .key(self.entry_key(kind, key))
            .arg(self.clock.now().millis())
            .arg(value)
            .invoke_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn touch(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error> {
        let Some(envelope) = self.envelope(kind, key).await?.filter(|envelope| !envelope.spent) else {
            return Ok(false);
        };
        if let Some(owner) = &envelope.owner {
            self.index(kind, key, owner, ttl).await?;
        }
        let now = self.clock.now();
        self.scripts
            .touch
            .key(self.entry_key(kind, key))
            .arg(now.millis())
            .arg(envelope::moment(now + ttl))
            .arg(envelope::lifetime(ttl))
            .invoke_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn list(&self, kind: Kind, owner: &str) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let (now, index) = (self.clock.now(), self.owner_key(kind, owner));
        let mut connection = self.connection()?;
        let (mut keys,): (Vec<String>,) = redis::pipe()
            .cmd("ZREMRANGEBYSCORE")
            .arg(&index)
            .arg("-inf")
            .arg(now.millis())
            .ignore()
            .cmd("ZRANGE")
            .arg(&index)
            .arg(0)
            .arg(-1)
            .query_async(&mut connection)
            .await
            .map_err(|error| self.failed(&error))?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        keys.sort_unstable();
        let mut gets = redis::pipe();
        for key in &keys {
            gets.cmd("GET").arg(self.entry_key(kind, key));
        }
        let entries: Vec<Option<Vec<u8>>> =
            gets.query_async(&mut connection).await.map_err(|error| self.failed(&error))?;
        let lives = |envelope: &Envelope| {
            !envelope.spent && envelope.expires_at > now && envelope.owner.as_deref() == Some(owner)
        };
        let values = entries.into_iter().map(|entry| entry.as_deref().and_then(Envelope::read).filter(lives));
        Ok(keys.into_iter().zip(values).filter_map(|(key, envelope)| Some((key, envelope?.value))).collect())
    }

    async fn count(&self, kind: Kind, key: &str, window: Duration) -> Result<u64, Error> {
        let now = self.clock.now();
        self.scripts
            .count
            .key(self.counter_key(kind, key))
            .arg(now.millis())
            .arg(envelope::moment(now + window))
            .arg(envelope::lifetime(window))
            .invoke_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn admit(&self, kind: Kind, key: &str, pace: &Numbers) -> Result<Admission, Error> {
        let mut script = self.scripts.admit.key(self.entry_key(kind, key));
        script.arg(self.clock.now().millis()).arg(pace.forgive).arg(pace.free);
        for wait in &pace.waits {
            script.arg(*wait);
        }
        let wait: u64 = script.invoke_async(&mut self.connection()?).await.map_err(|error| self.failed(&error))?;
        Ok(if wait == 0 { Admission::Admitted } else { Admission::Wait(Duration::from_millis(wait)) })
    }

    /// One after the other, since a cluster keeps each where it likes: what was counted before one that must wait is given back.
    async fn admit_all(&self, kind: Kind, tries: &[(&str, Numbers)]) -> Result<Option<Refused>, Error> {
        for (index, (key, pace)) in tries.iter().enumerate() {
            if let Admission::Wait(wait) = self.admit(kind, key, pace).await? {
                for (counted, pace) in &tries[..index] {
                    self.give_back(kind, counted, pace).await?;
                }
                return Ok(Some(Refused { index, wait }));
            }
        }
        Ok(None)
    }

    async fn give_back(&self, kind: Kind, key: &str, pace: &Numbers) -> Result<(), Error> {
        self.scripts
            .give_back
            .key(self.entry_key(kind, key))
            .arg(self.clock.now().millis())
            .arg(pace.forgive)
            .invoke_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn mark_seen(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error> {
        let now = self.clock.now();
        let mark = Envelope { spent: true, expires_at: now + ttl, owner: None, value: Vec::new() };
        self.scripts
            .mark
            .key(self.entry_key(kind, key))
            .arg(now.millis())
            .arg(mark.write())
            .arg(envelope::lifetime(ttl))
            .invoke_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), Error> {
        redis::cmd("PUBLISH")
            .arg(format!("{}{topic}", self.prefix))
            .arg(message)
            .query_async(&mut self.connection()?)
            .await
            .map_err(|error| self.failed(&error))
    }

    async fn subscribe(&self, topic: &str) -> Result<Subscription, Error> {
        self.connection()?;
        let connect = || Listener::connect(&self.client, self.connection.clone(), Arc::clone(&self.place));
        let listener = self.listener.get_or_try_init(connect).await?;
        listener.subscribe(&format!("{}{topic}", self.prefix)).await
    }

    async fn ping(&self) -> Result<(), Error> {
        redis::cmd("PING").query_async(&mut self.connection()?).await.map_err(|error| self.failed(&error))
    }

    async fn close(&self) {
        self.closed.store(true, std::sync::atomic::Ordering::Release);
        if let Some(listener) = self.listener.get() {
            listener.close();
        }
    }
}
