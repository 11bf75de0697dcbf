//! What is known of a browser that someone signed in at.

use serde::{Deserialize, Serialize};
use vestibule_core::{PublicSessionId, Timestamp, UserId};

/// How and when a person proved to be who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// When (`auth_time`).
    pub auth_time: Timestamp,
    /// The class of it (`acr`, OpenID Connect Core 2), where one was reached.
    pub acr: Option<String>,
    /// The methods (`amr`, RFC 8176).
    pub amr: Vec<String>,
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
    /// The class of that proof.
    pub acr: Option<String>,
    /// Its methods.
    pub amr: Vec<String>,
    /// Whether they chose to stay signed in: then the cookie outlives the browser's window.
    pub keep_signed_in: bool,
    /// When it ends, used or not.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
}
