//! What is known of a browser that someone signed in at.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vestibule_core::{PublicSessionId, Timestamp, UserId};

/// How and when a person proved to be who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// When (`auth_time`).
    pub auth_time: Timestamp,
    /// The methods (`amr`, RFC 8176).
    pub amr: Vec<String>,
}

/// Where a browser speaks from, as well as it can be known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its network address.
    pub address: Option<IpAddr>,
    /// What it says that it is (`User-Agent`), cut to [`Origin::LONGEST_AGENT`] characters.
    pub agent: Option<String>,
}

impl Origin {
    /// How much is kept of what a browser says of itself.
    pub const LONGEST_AGENT: usize = 300;

    /// From an address and a `User-Agent`.
    #[must_use]
    pub fn new(address: Option<IpAddr>, agent: Option<&str>) -> Self {
        let printable = |agent: &str| agent.chars().filter(|c| !c.is_control()).take(Self::LONGEST_AGENT).collect();
        Self { address, agent: agent.map(printable) }
    }
}

/// A person signed in at a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Who.
    pub user_id: UserId,
    /// The `sid` of ID tokens. It outlives the session's secret id at a step-up.
    pub sid: PublicSessionId,
    /// When the person first signed in at it.
    pub created_at: Timestamp,
    /// When they last proved who they are.
    pub auth_time: Timestamp,
    /// When everything else that the person had was ended and this stayed ([`Sessions::renew`](crate::Sessions::renew)): what
    /// ends sessions of before does not end it.
    #[serde(default)]
    pub renewed_at: Option<Timestamp>,
    /// The methods of that proof.
    pub amr: Vec<String>,
    /// Whether they chose to stay signed in: then the cookie outlives the browser's window.
    pub keep_signed_in: bool,
    /// When it ends, used or not.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// Where it was last used from.
    #[serde(default)]
    pub seen_from: Origin,
}
