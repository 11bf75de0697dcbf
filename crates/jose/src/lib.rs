//! What is signed and encrypted, by us and by others: algorithms, keys, and the compact forms of a JWS and a JWE (RFC 7515 to 7518,
//! 8037).
//!
//! - [`Unverified`] takes a token apart without believing it. A key makes a [`Verified`] of it, or nothing does.
//! - [`PublicKey`] comes from a [`Jwk`] and knows the algorithms that it is for; [`SecretKey`] is a client secret. Both are parsed
//!   once, and whoever asks them often keeps them.
//! - [`JwkSet`] holds the keys that somebody publishes.
//! - [`PrivateKey`] signs.
//! - [`Encryption`] encrypts to an [`EncryptionKey`]; [`Encrypted`] is a JWE taken apart, which a [`DecryptionKey`] opens.
//! - [`DpopCheck`] holds a DPoP proof against RFC 9449.
//! - [`RegisteredClaims`] holds the times and names of a JWT (RFC 7519 section 4.1) against the clock.
//!
//! Whoever calls says which algorithms are taken. A key narrows that, the token's own `alg` only has to agree (RFC 8725 section
//! 3.1), and no header of a token leads to a key: `jku`, `x5u`, `x5c` and `jwk` are not followed (section 3.10). A
//! DPoP proof alone brings its key along, since possessing it is all that it proves.
//!
//! There is no I/O here. Below stands `core`; above `tokens`, `oidc` and `guard`. No other crate names jsonwebtoken, of which we
//! take the JWK types.

mod algorithm;
mod claims;
mod compact;
mod dpop;
mod error;
mod json;
mod jwe;
mod jwk;
mod jwk_set;
mod private_key;
mod public_key;
mod secret_key;
mod thumbprint;

pub use algorithm::{Algorithm, UnknownAlgorithm};
pub use claims::{Audience, ClaimsError, NumericDate, RegisteredClaims};
pub use compact::{EncodedHeader, Signer, Unverified, Verified, Verifier, is_type, sign};
pub use dpop::{DPOP_ALGORITHMS, DpopCheck, DpopError, DpopNonces, DpopProof, REMEMBER as DPOP_REMEMBER};
pub use error::{EncryptError, JweError, JwsError, KeyError, SignError};
pub use jwe::{
    ContentEncryption, DecryptionKey, Encrypted, Encryption, EncryptionKey, KeyManagement, UnknownEncryption,
};
pub use jwk::Jwk;
pub use jwk_set::{JwkSet, JwkSetError};
pub use private_key::PrivateKey;
pub use public_key::PublicKey;
pub use secret_key::SecretKey;
pub use thumbprint::{sha256, x5t_s256};
