//! What we sign, and what makes it void again.
//!
//! - [`open_vault`] proves the key-encryption key, which lies outside the database ([`KeyFile`]), against what it sealed there.
//! - [`Secrets`] are the provider's own: the key of all keyed hashes.
//! - [`KeyRing`] holds the signing keys, and those that request objects are encrypted to: made on the first run, rotated, published
//!   as JWKS, parsed once per process.
//! - [`Issuer`] mints access tokens (RFC 9068, or [opaque](OpaqueTokens)) and ID tokens, and verifies what claims to be one of
//!   them.
//! - [`PairwiseSubjects`] are how applications know people that are not to compare what they know.
//! - [`RevocationLog`] says which tokens are dead before their time, from memory.
//!
//! Below it stand `jose`, `database` and `ephemeral` (its bus); above it `oidc` and `server`.

mod actor;
mod algorithm;
mod at_hash;
mod claims;
mod confirmation;
mod follow;
mod issuer;
mod key_file;
mod opaque;
mod response_key;
mod revocation;
mod rewrap;
mod ring;
mod secrets;
mod signing_key;
mod subject;
mod tables;
mod token_type;
mod vault;
mod verdicts;
mod wire;

pub use actor::Actor;
pub use algorithm::{ResponseAlgorithm, SecretAlgorithm, SigningAlgorithm, UnknownAlgorithm};
pub use at_hash::at_hash;
pub use claims::{
    AccessToken, AccessTokenClaims, Authentication, IdTokenClaims, IdTokenHint, LogoutTokenClaims, MintedAccessToken,
};
pub use confirmation::Confirmation;
pub use issuer::{Issuer, MintError, TokenError};
pub use key_file::{KeyFile, KeyFileError};
pub use opaque::OpaqueTokens;
pub use response_key::{ResponseKey, ShortSecret};
pub use revocation::{Feed, News, Revocation, RevocationError, RevocationLog, Subject, TokenFacts};
pub use rewrap::{RewrapError, change_key, rewrap};
pub use ring::{DECRYPTION_ALGORITHMS, DecryptionKeyInfo, KeyInfo, KeyRing, KeyRingError, KeyState, Rotation};
pub use secrets::{Secrets, SecretsError};
pub use signing_key::UnusableKey;
pub use subject::{PairwiseSubjects, Sector};
pub use token_type::TokenType;
pub use vault::open_vault;
