//! Why a token, a key or a signature was refused.

use crate::{Algorithm, KeyManagement};

/// Why a JWS was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JwsError {
    /// It is longer than anything that is looked at.
    #[error("it is longer than a token may be")]
    TooLong,
    /// It is no JWS in compact form, or its header or payload is not the JSON that is asked for; a member that stands there
    /// twice is not.
    #[error("it is no JWS in compact form with the members that are asked for")]
    Malformed,
    /// Its header names an extension that must be understood (`crit`).
    #[error("its header names an extension that must be understood, and none is")]
    Critical,
    /// Its `alg` is none of those that are taken here, or not the key's; `none` ends here.
    #[error("it names another algorithm than its key is for")]
    OtherAlgorithm,
    /// No key that may have signed it is known.
    #[error("it names no key that is known")]
    UnknownKey,
    /// Its signature is not by the key.
    #[error("its signature is wrong")]
    Signature,
}

/// Why a JWE was refused. Whatever a private key had a part in is one of them, so that nobody learns by trying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum JweError {
    /// It is longer than anything that is looked at.
    #[error("it is longer than an encrypted token may be")]
    TooLong,
    /// It is no JWE in compact form, or its header is not the JSON that is asked for; a member that stands there twice is not.
    #[error("it is no JWE in compact form with the header that is asked for")]
    Malformed,
    /// Its header names an extension that must be understood (`crit`).
    #[error("its header names an extension that must be understood, and none is")]
    Critical,
    /// Its content is compressed (`zip`).
    #[error("its content is compressed (zip), and nothing is inflated here")]
    Compressed,
    /// Its `alg` or `enc` is none of those that are taken here, or not the key's.
    #[error("its alg or enc is none of those that are taken, or not its key's")]
    OtherAlgorithm,
    /// No key of ours that it may be for is known.
    #[error("it is encrypted to no key that is known here")]
    UnknownKey,
    /// It does not decrypt.
    #[error("it does not decrypt")]
    Undecryptable,
}

/// Why something could not be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptError {
    /// The key is for another algorithm.
    #[error("the key is not for {0}")]
    OtherAlgorithm(KeyManagement),
    /// The library refused.
    #[error("the key for {0} does not encrypt")]
    Refused(KeyManagement),
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyError {
    /// It is no JWK, or a member that its type needs is missing or no base64url.
    #[error("it is no JSON Web Key, or a member is missing or malformed")]
    Malformed,
    /// It holds a private part or a secret, where only the public half belongs.
    #[error("it holds a private part, and only the public half may be shown")]
    Private,
    /// Its type, curve or algorithm is none that we know.
    #[error("its kty, crv or alg is not supported")]
    Unsupported,
    /// Its `use` or `key_ops` say that it is for something else.
    #[error("its use or key_ops say that it is for something else")]
    OtherUse,
    /// It is for none of the algorithms that are taken.
    #[error("it is for none of the algorithms that are taken")]
    OtherAlgorithm,
    /// It is shorter or longer than its algorithm allows.
    #[error("it is shorter or longer than its algorithm allows")]
    Size,
    /// Its numbers make no key (a point that is not on the curve, say), or one that is known to be broken.
    #[error("its numbers make no key, or a broken one")]
    Invalid,
}

/// Why something could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The claims cannot be written as JSON.
    #[error("the claims cannot be written as JSON: {0}")]
    Claims(#[from] serde_json::Error),
    /// The library refused.
    #[error("the key for {0} does not sign")]
    Refused(Algorithm),
}
