//! Links that are sent to people, each of which does one thing once.
//!
//! ```text
//!  make ──▶ Live ──(take: exactly one caller)──▶ gone
//!            ├──(discard, void)─────────────────▶ gone
//!            └──(its time is over)──────────────▶ gone
//! ```
//! A link carries 256 random bits. The store has them only as a keyed hash, under a key and a namespace of its own for each
//! purpose, so that a link of one purpose is nothing to another. What it is for lies beside the hash and never in the link.
//!
//! Nobody has more than [`MOST`] links of a purpose at a time. Where they do, no more is made, rather than an old one taken
//! away: else a stranger who keeps asking could take away the link that is on its way.

pub(crate) mod targets;
#[cfg(test)]
mod tests;

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use vestibule_core::{HashKey, Random};
use vestibule_ephemeral::{Ephemeral, Error, Found, Kind};

/// How many links of one purpose one owner has at most.
pub(crate) const MOST: usize = 5;
/// 32 bytes in base64url.
const CHARACTERS: usize = 43;

/// What a link of one purpose is for.
pub(crate) trait Target: Serialize + DeserializeOwned + Send + Sync {
    /// Where they are kept.
    const KIND: Kind;

    /// Whose it is: a person, or an address.
    fn owner(&self) -> String;
}

/// The links that are good at the moment. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    store: Ephemeral,
    key: HashKey,
    random: Random,
}

impl Links {
    pub(crate) fn new(store: Ephemeral, hash_key: &HashKey, random: Random) -> Self {
        Self { store, key: hash_key.for_purpose("links to people"), random }
    }

    /// Makes a link: the secret that it carries. Nothing, where its owner has as many as anybody may have.
    pub(crate) async fn make<T: Target>(&self, target: &T, holds: Duration) -> Result<Option<SecretString>, Error> {
        let (token, owner) = (SecretString::from(self.random.token()), self.owner(&target.owner()));
        // What is made of plain fields can always be said in JSON.
        let value = serde_json::to_vec(target).unwrap_or_default();
        self.store.put(T::KIND, &self.key::<T>(&token), &value, holds, Some(&owner)).await?;
        // It is counted once it is there: of several that are made at once, none is overlooked.
        if self.store.list(T::KIND, &owner).await?.len() > MOST {
            self.discard::<T>(&token).await?;
            return Ok(None);
        }
        Ok(Some(token))
    }

    /// What a link is for, while it is good. It stays good.
    pub(crate) async fn look<T: Target>(&self, token: &SecretString) -> Result<Option<T>, Error> {
        if !is_token(token) {
            return Ok(None);
        }
        Ok(read(&self.store.look(T::KIND, &self.key::<T>(token)).await?))
    }

    /// Spends a link: of any number of callers, exactly one learns what it is for.
    pub(crate) async fn take<T: Target>(&self, token: &SecretString) -> Result<Option<T>, Error> {
        if !is_token(token) {
            return Ok(None);
        }
        Ok(read(&self.store.take(T::KIND, &self.key::<T>(token), None).await?))
    }

    /// Makes a link good for nothing.
    pub(crate) async fn discard<T: Target>(&self, token: &SecretString) -> Result<(), Error> {
        self.store.remove(T::KIND, &self.key::<T>(token)).await.map(drop)
    }

    /// Makes all links of one owner good for nothing.
    pub(crate) async fn void<T: Target>(&self, owner: &str) -> Result<(), Error> {
        for (key, _) in self.store.list(T::KIND, &self.owner(owner)).await? {
            self.store.remove(T::KIND, &key).await?;
        }
        Ok(())
    }

    fn key<T: Target>(&self, token: &SecretString) -> String {
        self.key.for_purpose(T::KIND.name()).digest(token.expose_secret()).to_key()
    }

    /// An owner may be an address, which the store need not show.
    fn owner(&self, owner: &str) -> String {
        self.key.for_purpose("owner").digest(owner).to_key()
    }
}

/// Whether a text has the form of 256 random bits. What has not never reaches the store.
fn is_token(text: &SecretString) -> bool {
    let text = text.expose_secret();
    text.len() == CHARACTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn read<T: Target>(found: &Found) -> Option<T> {
    match found {
        Found::Live(value) => serde_json::from_slice(value).ok(),
        Found::Spent(_) | Found::Missing => None,
    }
}
