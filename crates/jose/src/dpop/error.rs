//! Why a proof is refused.

use crate::{JwsError, KeyError};

/// Why a DPoP proof is refused. Outside there are two codes: see [`DpopError::code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DpopError {
    /// It is no JWS, or its signature is wrong.
    #[error("the DPoP proof is refused: {0}")]
    Jws(#[from] JwsError),
    /// Its `typ` is not `dpop+jwt`.
    #[error("the DPoP proof is of another type than dpop+jwt")]
    Type,
    /// Its `alg` is none that is taken.
    #[error("the DPoP proof is not signed with one of ES256, PS256 and EdDSA")]
    Algorithm,
    /// Its header has no `jwk`.
    #[error("the DPoP proof has no jwk in its header")]
    Header,
    /// Its key cannot be used.
    #[error("the jwk of the DPoP proof is refused: {0}")]
    Key(#[from] KeyError),
    /// One of the claims that each proof has is missing or malformed.
    #[error("the DPoP proof lacks one of jti, htm, htu and iat, or one is malformed")]
    Claims,
    /// Its `jti` is empty or too long.
    #[error("the jti of the DPoP proof is empty, or longer than 512 bytes")]
    Jti,
    /// Its `htm` is another method.
    #[error("the htm of the DPoP proof is not the method of this request")]
    Method,
    /// Its `htu` is another URL.
    #[error("the htu of the DPoP proof is not the URL of this request")]
    Target,
    /// It was made too long ago, or in the future; or `exp` or `nbf` say that it does not hold now.
    #[error("the DPoP proof was not made just now: look at iat, exp and nbf")]
    Time,
    /// It has no nonce of ours, or an old one, and must have one.
    #[error("the DPoP proof must carry the nonce of the DPoP-Nonce header")]
    Nonce,
    /// Its `ath` is not that of the access token.
    #[error("the ath of the DPoP proof is missing, or not the hash of the access token")]
    AccessToken,
}

impl DpopError {
    /// The code that the client is told (RFC 9449 sections 5, 7.1 and 8).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Nonce => "use_dpop_nonce",
            _ => "invalid_dpop_proof",
        }
    }
}
