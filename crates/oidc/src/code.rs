//! Authorization codes: what one stands for, and taking it exactly once.
//!
//! ```text
//!   issue ──> live ──take──> spent (a tombstone with the grant's id) ──> forgotten
//!               └──60 s──> forgotten
//! ```
//! Only a keyed hash of the code is kept. The tombstone outlives the tokens that the code gave, so that a replay can still
//! revoke them (RFC 6749 section 4.1.2).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_core::{ClientId, GrantId, HashKey, PublicSessionId, Random, RedirectUri, ScopeSet, Timestamp, UserId};
use vestibule_ephemeral::{Ephemeral, Found, Kind, Tombstone};
use vestibule_tokens::Confirmation;

use crate::{RequestedClaims, Unavailable};

/// How long a code lives: RFC 9700 and ASVS 10.4.3 want it short, and an honest application redeems it at once.
pub(crate) const LIFETIME: Duration = Duration::from_secs(60);

/// What a code begins with, so that it is recognised where it should not be.
const PREFIX: &str = "vst_code_";

const CODE: Kind = Kind::once("code");

/// What a code stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeGrant {
    pub(crate) grant: GrantId,
    pub(crate) client: ClientId,
    pub(crate) user: UserId,
    pub(crate) redirect_uri: RedirectUri,
    /// Whether the authorization request named it; then the token request must too (RFC 6749 section 4.1.3).
    pub(crate) redirect_uri_named: bool,
    pub(crate) scope: ScopeSet,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<String>,
    pub(crate) session: PublicSessionId,
    /// When that session ends, used or not.
    #[serde(default)]
    pub(crate) session_expires_at: Option<Timestamp>,
    pub(crate) auth_time: Timestamp,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Vec<String>,
    pub(crate) issued_at: Timestamp,
    /// The APIs that the authorization request named.
    #[serde(default)]
    pub(crate) resources: Vec<String>,
    /// The key that the authorization request bound the code to.
    #[serde(default)]
    pub(crate) confirmation: Option<Confirmation>,
    /// Single claims that it asked for.
    #[serde(default)]
    pub(crate) claims: RequestedClaims,
}

/// What stays of a redeemed code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Redeemed {
    pub(crate) grant: GrantId,
    pub(crate) client: ClientId,
    /// When all that it gave is over, whatever its lifetime. Fixed at the redemption, so that each replay asks
    /// for the same entry of the revocation log, and the table does not grow with the replays.
    pub(crate) dead_at: Timestamp,
}

/// What is known of a code that was presented.
pub(crate) enum Presented {
    /// It can be taken.
    Live(Box<CodeGrant>),
    /// It was taken before.
    Spent(Redeemed),
    /// It never was one of ours, or has expired.
    Unknown,
}

/// The codes that wait to be redeemed.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    store: Ephemeral,
    key: HashKey,
    random: Random,
    tombstone: Duration,
}

impl Codes {
    /// `tokens` is the longest lifetime of what a code gives.
    pub(crate) fn new(store: Ephemeral, key: &HashKey, random: Random, tokens: Duration) -> Self {
        Self { store, key: key.for_purpose("authorization code"), random, tombstone: tokens + LIFETIME }
    }

    /// Keeps what was granted, and gives the code for it.
    pub(crate) async fn issue(&self, grant: &CodeGrant) -> Result<String, Unavailable> {
        let code = format!("{PREFIX}{}", self.random.token());
        let value = serde_json::to_vec(grant)?;
        self.store.put(CODE, &self.key_of(&code), &value, LIFETIME, None).await?;
        Ok(code)
    }

    /// Looks at a code and leaves it as it is.
    pub(crate) async fn look(&self, code: &str) -> Result<Presented, Unavailable> {
        read(self.store.look(CODE, &self.key_of(code)).await?)
    }

    /// Takes a code: of any number of callers, one gets [`Presented::Live`].
    pub(crate) async fn take(&self, code: &str, left: &Redeemed) -> Result<Presented, Unavailable> {
        let value = serde_json::to_vec(left)?;
        let tombstone = Tombstone { value: &value, ttl: self.tombstone };
        read(self.store.take(CODE, &self.key_of(code), Some(tombstone)).await?)
    }

    fn key_of(&self, code: &str) -> String {
        self.key.digest(code).to_key()
    }
}

fn read(found: Found) -> Result<Presented, Unavailable> {
    Ok(match found {
        Found::Live(value) => Presented::Live(serde_json::from_slice(&value)?),
        Found::Spent(value) => Presented::Spent(serde_json::from_slice(&value)?),
        Found::Missing => Presented::Unknown,
    })
}
