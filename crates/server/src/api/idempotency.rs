//! A creation happens once for an `Idempotency-Key`.
//!
//! ```text
//!            claim (one of parallel callers)              it succeeded
//!  unused ─────────────────────────────────▶ claimed ─────────────────────▶ answered, for 24 hours
//!     ▲                                         │
//!     └──────── the next generation ────────────┘ it failed: nothing was done, and the key is free again
//! ```
//! A key belongs to who asks and to the operation. The answer is kept sealed under a key that is derived from the
//! `Idempotency-Key` itself, since it may hold a secret that is shown once (a client's, an API token). Where we end in the
//! middle, the key stays claimed: whether it was done is not known, and 409 says to look.

use std::{future::Future, time::Duration};

use poem::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use vestibule_core::{HashKey, Random, Vault};
use vestibule_ephemeral::{Ephemeral, Kind};

use super::{
    call::{Caller, Reply},
    problem::Problem,
};

/// For how long a key is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// How often a key may be tried in vain.
const GENERATIONS: u32 = 32;

const CLAIM: Kind = Kind::new("api-claim");
const ANSWER: Kind = Kind::new("api-answer");

/// What became of a claim.
#[derive(Serialize, Deserialize)]
enum Outcome {
    /// It succeeded, for the request with this fingerprint.
    Answered { fingerprint: String, sealed: Vec<u8> },
    /// It failed, and may be tried again.
    Free,
}

/// The answer, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    body: Option<Value>,
    location: Option<String>,
}

/// A request with a key.
pub(super) struct Keyed<'a> {
    pub(super) key: &'a str,
    pub(super) caller: &'a Caller,
    pub(super) operation: &'static str,
    pub(super) path: &'a [(&'static str, String)],
    pub(super) body: &'a Value,
}

/// Remembers answers.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    store: Ephemeral,
    names: HashKey,
    seals: HashKey,
    random: Random,
}

impl Once {
    pub(super) fn new(store: Ephemeral, key: &HashKey, random: Random) -> Self {
        let (names, seals) = (key.for_purpose("idempotency key"), key.for_purpose("idempotent answer"));
        Self { store, names, seals, random }
    }

    /// Does it, unless it was done already: then answers as before.
    pub(super) async fn run(
        &self,
        request: Keyed<'_>,
        work: impl Future<Output = Result<Reply, Problem>>,
    ) -> Result<Reply, Problem> {
        let who = match request.caller {
            Caller::Person(actor) => format!("user {}", actor.user.id),
            Caller::Client(client) => format!("client {}", client.id),
        };
        let scope = json!([who, request.operation, request.key]).to_string();
        let fingerprint = self.names.digest(&json!([request.path, request.body]).to_string()).to_key();
        let name = self.names.digest(&scope).to_key();
        let vault = Vault::new(self.seals.digest(&scope).as_bytes());
        for generation in 0..GENERATIONS {
            let place = format!("{name}.{generation}");
            match self.outcome(&place).await? {
                Some(Outcome::Answered { fingerprint: before, sealed }) => {
                    return if before == fingerprint { open(&vault, &place, &sealed) } else { Err(reused()) };
                }
                Some(Outcome::Free) => continue,
                None => {}
            }
            if !self.store.mark_seen(CLAIM, &place, REMEMBERED).await.map_err(Problem::unavailable)? {
                // Somebody was faster: it may be done by now, or have failed.
                match self.outcome(&place).await? {
                    None => return Err(in_progress()),
                    Some(Outcome::Free) => continue,
                    Some(Outcome::Answered { fingerprint: before, sealed }) => {
                        return if before == fingerprint { open(&vault, &place, &sealed) } else { Err(reused()) };
                    }
                }
            }
            let reply = work.await;
            let outcome = match &reply {
                Ok(reply) => Outcome::Answered { fingerprint, sealed: self.seal(&vault, &place, reply) },
                Err(_) => Outcome::Free,
            };
            self.keep(&place, &outcome).await;
            return reply;
        }
        Err(Problem::conflict("this Idempotency-Key failed too often; use another"))
    }

    async fn outcome(&self, place: &str) -> Result<Option<Outcome>, Problem> {
        let stored = self.store.get(ANSWER, place).await.map_err(Problem::unavailable)?;
        stored.map(|bytes| serde_json::from_slice(&bytes)).transpose().map_err(Problem::unavailable)
    }

    /// What was done is done, also where it cannot be remembered: then the key stays claimed.
    async fn keep(&self, place: &str, outcome: &Outcome) {
        let bytes = serde_json::to_vec(outcome).unwrap_or_default();
        if let Err(error) = self.store.put(ANSWER, place, &bytes, REMEMBERED, None).await {
            tracing::warn!(%error, "the answer to an Idempotency-Key could not be kept");
        }
    }

    fn seal(&self, vault: &Vault, place: &str, reply: &Reply) -> Vec<u8> {
        let Reply { status, body, location } = reply.clone();
        let kept = serde_json::to_vec(&Kept { status: status.as_u16(), body, location }).unwrap_or_default();
        vault.seal(place, &kept, &self.random)
    }
}

fn open(vault: &Vault, place: &str, sealed: &[u8]) -> Result<Reply, Problem> {
    let kept = vault.open(place, sealed).map_err(Problem::unavailable)?;
    let Kept { status, body, location } = serde_json::from_slice(&kept).map_err(Problem::unavailable)?;
    Ok(Reply { status: StatusCode::from_u16(status).map_err(Problem::unavailable)?, body, location })
}

fn reused() -> Problem {
    let detail = "this Idempotency-Key was used for another request; use a new key for a new request";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key_reused", detail)
}

fn in_progress() -> Problem {
    let detail = "a request with this Idempotency-Key is being answered, or was broken off; look whether it was done";
    Problem::new(StatusCode::CONFLICT, "in_progress", detail)
}
