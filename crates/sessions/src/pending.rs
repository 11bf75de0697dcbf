//! Requests that wait for a person to sign in or to consent, each bound to the browser that began it.

use std::{marker::PhantomData, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use vestibule_core::{HashKey, Random};
use vestibule_ephemeral::{Ephemeral, Error, Kind};

use crate::{BrowserToken, RequestId};

/// Taken once: after an unclean end of the embedded engine a waiting request counts as finished.
const REQUEST: Kind = Kind::once("request");

/// The waiting requests, with a payload of type `P`, kept as JSON.
pub struct Pending<P> {
    ephemeral: Ephemeral,
    ids: HashKey,
    browsers: HashKey,
    random: Random,
    lifetime: Duration,
    payload: PhantomData<fn(P) -> P>,
}

/// A waiting request, as it was when it was loaded.
pub struct Waiting<P> {
    /// What it carries.
    pub payload: P,
    key: String,
    browser: String,
    /// As it lies in the store: what an update compares with.
    stored: Vec<u8>,
}

/// Why a waiting request cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PendingError {
    /// There is none of this id: it has expired, it is finished, or it never was.
    #[error("the request is finished, or it waited for too long")]
    Unknown,
    /// Another browser began it.
    #[error("the request was begun in another browser")]
    OtherBrowser,
    /// The store does not answer, or the payload cannot be kept as JSON.
    #[error("waiting requests are not available: {0}")]
    Unavailable(String),
}

/// Why a waiting request was not updated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// It was updated or finished since it was loaded: load it again.
    #[error("the request has moved on meanwhile")]
    Conflict,
    /// The store does not answer, or the payload cannot be kept as JSON.
    #[error("waiting requests are not available: {0}")]
    Unavailable(String),
}

/// Why a waiting request was not finished by this caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FinishError {
    /// Someone else finished it, or it has expired.
    #[error("the request is finished already")]
    AlreadyFinished,
    /// It was updated since it was loaded, so that what was decided on may no longer hold. It still waits: load it again.
    #[error("the request has moved on meanwhile")]
    Changed,
    /// The store does not answer. It may be finished.
    #[error("waiting requests are not available: {0}")]
    Unavailable(String),
}

/// As it lies in the store.
#[derive(Serialize, Deserialize)]
struct Record<P> {
    /// The keyed hash of the browser's token.
    browser: String,
    payload: P,
}

impl<P: Serialize + DeserializeOwned> Pending<P> {
    pub(crate) fn new(ephemeral: Ephemeral, key: &HashKey, random: Random, lifetime: Duration) -> Self {
        let (ids, browsers) = (key.for_purpose("request"), key.for_purpose("browser"));
        Self { ephemeral, ids, browsers, random, lifetime, payload: PhantomData }
    }

    /// Lets a request wait, for this browser only.
    ///
    /// # Errors
    /// [`PendingError::Unavailable`].
    pub async fn begin(&self, browser: &BrowserToken, payload: &P) -> Result<RequestId, PendingError> {
        let id = RequestId::new(&self.random);
        let value = encode(&self.browser(browser), payload).map_err(PendingError::Unavailable)?;
        self.ephemeral.put(REQUEST, &self.key(&id), &value, self.lifetime, None).await?;
        Ok(id)
    }

    /// The request of this id, where this browser began it.
    ///
    /// # Errors
    /// [`PendingError`].
    pub async fn load(&self, id: &RequestId, browser: &BrowserToken) -> Result<Waiting<P>, PendingError> {
        let key = self.key(id);
        let stored = self.ephemeral.get(REQUEST, &key).await?.ok_or(PendingError::Unknown)?;
        let record: Record<P> = serde_json::from_slice(&stored).map_err(|error| {
            // Another version of this program wrote it, with another payload.
            tracing::warn!(%error, "A waiting request cannot be read, and counts as finished");
            PendingError::Unknown
        })?;
        // Both are keyed hashes: the time that their comparison takes tells nothing of the token.
        if self.browser(browser) != record.browser {
            return Err(PendingError::OtherBrowser);
        }
        Ok(Waiting { payload: record.payload, key, browser: record.browser, stored })
    }

    /// Replaces the payload, where nobody did since it was loaded. It does not wait any longer for that.
    ///
    /// # Errors
    /// [`UpdateError`].
    pub async fn update(&self, waiting: Waiting<P>, payload: P) -> Result<Waiting<P>, UpdateError> {
        let stored = encode(&waiting.browser, &payload).map_err(UpdateError::Unavailable)?;
        if !self.ephemeral.swap(REQUEST, &waiting.key, &waiting.stored, &stored).await? {
            return Err(UpdateError::Conflict);
        }
        Ok(Waiting { payload, stored, ..waiting })
    }

    /// Ends the waiting: the payload goes to exactly one caller, and only to one that holds it as it is now.
    ///
    /// # Errors
    /// [`FinishError`]; after any of them the caller must not go on.
    pub async fn finish(&self, waiting: Waiting<P>) -> Result<P, FinishError> {
        if self.ephemeral.remove_if(REQUEST, &waiting.key, &waiting.stored).await? {
            return Ok(waiting.payload);
        }
        match self.ephemeral.get(REQUEST, &waiting.key).await? {
            Some(_) => Err(FinishError::Changed),
            None => Err(FinishError::AlreadyFinished),
        }
    }

    fn key(&self, id: &RequestId) -> String {
        self.ids.digest(id.as_str()).to_key()
    }

    fn browser(&self, token: &BrowserToken) -> String {
        self.browsers.digest(token.as_cookie_value()).to_key()
    }
}

fn encode<P: Serialize>(browser: &str, payload: &P) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&Record { browser: browser.to_owned(), payload }).map_err(|error| error.to_string())
}

impl<P> Clone for Pending<P> {
    fn clone(&self) -> Self {
        Self {
            ephemeral: self.ephemeral.clone(),
            ids: self.ids.clone(),
            browsers: self.browsers.clone(),
            random: self.random.clone(),
            lifetime: self.lifetime,
            payload: PhantomData,
        }
    }
}

impl<P> std::fmt::Debug for Pending<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pending").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

impl<P> std::fmt::Debug for Waiting<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waiting(..)")
    }
}

macro_rules! from_store {
    ($($error:ident),*) => {
        $(
            impl From<Error> for $error {
                fn from(error: Error) -> Self {
                    Self::Unavailable(error.to_string())
                }
            }
        )*
    };
}
from_store!(PendingError, UpdateError, FinishError);
