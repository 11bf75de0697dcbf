//! Pushed authorization requests (RFC 9126): what an application leaves here before it sends a browser.
//!
//! ```text
//!   keep ──> live ──find──> live ──spend──> spent, and forgotten
//!              │ (its application, while its time runs)  └─ once, when the request is answered
//!              └──its time, and that of the person at the browser──> forgotten
//! ```
//! A person may open the address twice, or reload it, so that looking does not spend it: the answer does (section 7.3). It is
//! kept for longer than it can be opened, since whoever opened it in time has a while to sign in. Only a keyed hash of the
//! `request_uri` is kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_core::{ClientId, Clock, HashKey, Parameters, Random, Timestamp};
use vestibule_ephemeral::{Ephemeral, Kind};

use crate::Unavailable;

/// What each `request_uri` of ours begins with (RFC 9126 section 2.2).
pub(crate) const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

const PUSHED: Kind = Kind::once("pushed");

/// A request that was posted from another site waits so long for the browser's next one.
const ON_THE_WAY: Duration = Duration::from_secs(60);

/// Names a pushed request on our side, where it waits for its answer: a keyed hash, of no use to anybody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PushedId(String);

/// What lies in the store.
#[derive(Serialize, Deserialize)]
struct Entry {
    client: ClientId,
    parameters: Parameters,
    /// Until when it can be opened.
    expires_at: Timestamp,
}

/// The pushed requests. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct PushedRequests {
    store: Ephemeral,
    key: HashKey,
    clock: Clock,
    random: Random,
    lifetime: Duration,
    answered_within: Duration,
}

impl PushedRequests {
    /// Each can be opened for `lifetime`; whoever opened it has `waits` to answer.
    pub(crate) fn new(
        store: Ephemeral,
        key: &HashKey,
        clock: Clock,
        random: Random,
        lifetime: Duration,
        waits: Duration,
    ) -> Self {
        let key = key.for_purpose("pushed request");
        Self { store, key, clock, random, lifetime, answered_within: waits + ON_THE_WAY }
    }

    /// Keeps a request, and gives its `request_uri` and how long that can be opened.
    pub(crate) async fn keep(
        &self,
        client: &ClientId,
        parameters: Parameters,
    ) -> Result<(String, Duration), Unavailable> {
        let request_uri = format!("{PREFIX}{}", self.random.token());
        let expires_at = self.clock.now() + self.lifetime;
        let entry = serde_json::to_vec(&Entry { client: client.clone(), parameters, expires_at })?;
        let PushedId(key) = self.id_of(&request_uri);
        self.store.put(PUSHED, &key, &entry, self.lifetime + self.answered_within, None).await?;
        Ok((request_uri, self.lifetime))
    }

    /// What `client` pushed under this `request_uri`, while it can be opened. Another's is left alone.
    pub(crate) async fn find(
        &self,
        client: &ClientId,
        request_uri: &str,
    ) -> Result<Option<(PushedId, Parameters)>, Unavailable> {
        let id = self.id_of(request_uri);
        let Some(entry) = self.store.get(PUSHED, &id.0).await? else { return Ok(None) };
        let entry: Entry = serde_json::from_slice(&entry)?;
        let is_theirs = entry.client == *client && self.clock.now() < entry.expires_at;
        Ok(is_theirs.then_some((id, entry.parameters)))
    }

    /// Spends a request: of any number of callers, one hears `true`.
    pub(crate) async fn spend(&self, id: &PushedId) -> Result<bool, Unavailable> {
        Ok(self.store.take(PUSHED, &id.0, None).await?.live().is_some())
    }

    fn id_of(&self, request_uri: &str) -> PushedId {
        PushedId(self.key.digest(request_uri).to_key())
    }
}
