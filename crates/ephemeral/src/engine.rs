//! What an engine must do. [`crate::Ephemeral`] says what each operation promises.

use std::time::Duration;

use crate::{
    Admission, Error, Kind, Subscription,
    pace::{Numbers, Refused},
};

/// What was found under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A live value.
    Live(Vec<u8>),
    /// It was taken; this is the tombstone that was left.
    Spent(Vec<u8>),
    /// Nothing, or nothing any more.
    Missing,
}

impl Found {
    /// The live value, where it is one.
    #[must_use]
    pub fn live(self) -> Option<Vec<u8>> {
        if let Self::Live(value) = self { Some(value) } else { None }
    }
}

/// What [`crate::Ephemeral::take`] leaves behind for those who come later.
#[derive(Clone, Copy, Debug)]
pub struct Tombstone<'a> {
    /// What they find.
    pub value: &'a [u8],
    /// For how long.
    pub ttl: Duration,
}

/// What is put under a key.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) value: &'a [u8],
    pub(crate) ttl: Duration,
    pub(crate) owner: Option<&'a str>,
}

#[async_trait::async_trait]
pub(crate) trait Engine: Send + Sync {
    async fn put(&self, kind: Kind, key: &str, entry: Entry<'_>) -> Result<(), Error>;
    async fn look(&self, kind: Kind, key: &str) -> Result<Found, Error>;
    async fn swap(&self, kind: Kind, key: &str, old: &[u8], new: &[u8]) -> Result<bool, Error>;
    async fn take(&self, kind: Kind, key: &str, tombstone: Option<Tombstone<'_>>) -> Result<Found, Error>;
    async fn remove_if(&self, kind: Kind, key: &str, value: &[u8]) -> Result<bool, Error>;
    async fn touch(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error>;
    async fn list(&self, kind: Kind, owner: &str) -> Result<Vec<(String, Vec<u8>)>, Error>;
    async fn count(&self, kind: Kind, key: &str, window: Duration) -> Result<u64, Error>;
    async fn admit(&self, kind: Kind, key: &str, pace: &Numbers) -> Result<Admission, Error>;
    async fn admit_all(&self, kind: Kind, tries: &[(&str, Numbers)]) -> Result<Option<Refused>, Error>;
    async fn give_back(&self, kind: Kind, key: &str, pace: &Numbers) -> Result<(), Error>;
    async fn mark_seen(&self, kind: Kind, key: &str, ttl: Duration) -> Result<bool, Error>;
    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), Error>;
    async fn subscribe(&self, topic: &str) -> Result<Subscription, Error>;
    async fn ping(&self) -> Result<(), Error>;
    async fn close(&self);
}
