//! What others ask of the ring and are told.

use std::time::Duration;

use sea_orm::DbErr;
use serde::Serialize;
use vestibule_core::{SealError, Timestamp};
use vestibule_jose::KeyManagement;

use crate::{SigningAlgorithm, key_file::KeyFileError, signing_key::UnusableKey};

/// Why the key ring could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// A private key does not open.
    #[error("the key {kid} does not open: {source}")]
    Sealed {
        /// The key's id.
        kid: String,
        /// Why.
        source: SealError,
    },
    /// A private key is not what its row says.
    #[error("the key {kid} is not what its row says")]
    Damaged {
        /// The key's id.
        kid: String,
    },
    /// The key-encryption key was changed while this process ran.
    #[error("the key-encryption key has changed, and the new one is not at hand: {0}")]
    KeyFile(#[from] KeyFileError),
    /// Nothing is signed with the algorithm here.
    #[error("{0} is not among keys.algorithms")]
    Off(SigningAlgorithm),
    /// A key could not be made.
    #[error(transparent)]
    Unusable(#[from] UnusableKey),
    /// A key that others encrypt to could not be made.
    #[error("a key for decrypting could not be made")]
    NotMade,
    /// The database does not answer.
    #[error("cannot read or write the signing keys: {0}")]
    Database(#[from] DbErr),
}

/// When a rotation takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// How long the new key is published before it signs: longer than anyone keeps a copy of the JWKS.
    pub publish_ahead: Duration,
    /// How long the old key verifies after it has signed its last: the longest lifetime of a token, and a margin.
    pub keep: Duration,
}

impl Default for Rotation {
    /// An hour ahead, and a day after.
    fn default() -> Self {
        Self { publish_ahead: Duration::from_secs(60 * 60), keep: Duration::from_secs(24 * 60 * 60) }
    }
}

/// One key, for `vestibule keys list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// The key's id: its thumbprint (RFC 7638).
    pub kid: String,
    /// What it signs with.
    pub algorithm: SigningAlgorithm,
    /// Where it is on its way.
    pub state: KeyState,
    /// When it was made, in milliseconds since the Unix epoch.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Until when it verifies; nothing while no newer key follows it.
    pub verifies_until: Option<Timestamp>,
}

/// One key that request objects are encrypted to, for `vestibule keys list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecryptionKeyInfo {
    /// The key's id: its thumbprint (RFC 7638).
    pub kid: String,
    /// What others encrypt with.
    pub algorithm: KeyManagement,
    /// When it was made. It is in the JWKS from then on, until a newer one follows it.
    pub created_at: Timestamp,
    /// Until when it decrypts at least; nothing while no newer key follows it.
    pub decrypts_until: Option<Timestamp>,
}

/// Where a key is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// In the JWKS, not signing yet.
    Published,
    /// Signing.
    Signing,
    /// In the JWKS for the tokens that it signed.
    Verifying,
    /// Out of the JWKS; kept for hints.
    Retired,
}
