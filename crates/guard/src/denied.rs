//! Why a request is refused: precise inside, for the log, and a closed set of codes outside.

use std::time::Duration;

use http::StatusCode;
use vestibule_jose::{ClaimsError, DpopError, JwsError};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// It brings no access token.
    #[error("an access token is needed")]
    NoToken,
    /// Its `Authorization` header is malformed, or stands twice.
    #[error("the Authorization header is malformed, or stands twice")]
    Malformed,
    /// Its token is not good here.
    #[error("the access token is not good: {0}")]
    Token(#[from] TokenFault),
    /// It does not prove that whoever sends it is the token's holder.
    #[error("the DPoP proof is not good: {0}")]
    Proof(#[from] ProofFault),
    /// The token lacks a scope.
    #[error("the access token lacks a scope: {0}")]
    Scope(
        /// What the route asks for.
        String,
    ),
    /// The token's person lacks a permission.
    #[error("the permission {0} is needed")]
    Permission(
        /// What the route asks for.
        String,
    ),
    /// The person must sign in again, or better (RFC 9470).
    #[error("the person must sign in again, or by stronger means")]
    Authentication {
        /// Any of these authentication contexts is asked for.
        acr_values: Vec<String>,
        /// The sign-in must not lie further back.
        max_age: Option<Duration>,
    },
    /// The provider does not answer, and nothing that is remembered may stand in for it.
    #[error("the token cannot be checked at this moment")]
    Unavailable,
    /// There is no guard around this route, or it cannot know what the route asks for. Nothing that a client does helps.
    #[error("this API is not set up to check that")]
    Unguarded,
}

/// Why a token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenFault {
    /// It is no JWS that one of the provider's keys signed by one of the algorithms that are taken.
    #[error("{0}")]
    Jws(#[from] JwsError),
    /// Its `typ` is not `at+jwt`: an ID token is no access token (RFC 9068 section 4).
    #[error("its typ is not at+jwt")]
    Type,
    /// A claim that each access token has is missing, or is not what it should be.
    #[error("its claim {0} is missing or malformed")]
    Claim(&'static str),
    /// Another provider made it.
    #[error("another provider issued it (iss)")]
    Issuer,
    /// It is for another API.
    #[error("it is for another API (aud)")]
    Audience,
    /// It does not hold at this time.
    #[error("{0}")]
    Time(#[from] ClaimsError),
    /// It was ended before its time.
    #[error("it was revoked")]
    Revoked,
    /// The provider says so, and not why.
    #[error("the provider says that it is not active")]
    Inactive,
    /// It is no JWT, and there is nobody to ask about it.
    #[error("it is no JWT, and only JWTs are taken here")]
    Opaque,
    /// It is bound to its holder in a way that is not known here.
    #[error("it is bound to its holder in an unknown way (cnf)")]
    Confirmation,
    /// It is bound to a key, and was sent as a bearer token (RFC 9449 section 7.2).
    #[error("it is bound to a key, and must be sent by the DPoP scheme with a proof")]
    BearerOfBound,
    /// It was sent by the DPoP scheme, and is bound to no key, or to another one than the proof's.
    #[error("it is not bound to the key of the DPoP proof")]
    OtherKey,
    /// It is bound to a certificate that did not come with the request (RFC 8705 section 3).
    #[error("it is bound to a client certificate that did not come with the request")]
    OtherCertificate,
    /// Only tokens that are bound to a key are taken.
    #[error("only tokens that are bound to a key are taken here (DPoP)")]
    Unbound,
}

/// Why a DPoP proof is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ProofFault {
    /// There is none, or more than one.
    #[error("exactly one DPoP header is needed")]
    Count,
    /// It does not hold against RFC 9449 section 4.3.
    #[error("{0}")]
    Proof(#[from] DpopError),
    /// It was seen before.
    #[error("it was used before")]
    Replayed,
}

impl Denied {
    /// The code that clients are told (RFC 6750 section 3.1, RFC 9449 section 7.1, RFC 9470 section 3), where there is one: a
    /// request without a token is told none.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::NoToken => None,
            Self::Malformed => Some("invalid_request"),
            Self::Token(_) => Some("invalid_token"),
            Self::Proof(ProofFault::Proof(error)) => Some(error.code()),
            Self::Proof(ProofFault::Count | ProofFault::Replayed) => Some("invalid_dpop_proof"),
            Self::Scope(_) | Self::Permission(_) => Some("insufficient_scope"),
            Self::Authentication { .. } => Some("insufficient_user_authentication"),
            Self::Unavailable => Some("temporarily_unavailable"),
            Self::Unguarded => Some("server_error"),
        }
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NoToken | Self::Token(_) | Self::Proof(_) | Self::Authentication { .. } => StatusCode::UNAUTHORIZED,
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Scope(_) | Self::Permission(_) => StatusCode::FORBIDDEN,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unguarded => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What clients are told in words. Of a token that is not good: no more than that, but for what they can mend.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Token(
                fault @ (TokenFault::Time(_)
                | TokenFault::BearerOfBound
                | TokenFault::OtherKey
                | TokenFault::OtherCertificate
                | TokenFault::Unbound
                | TokenFault::Audience),
            ) => Self::Token(*fault).to_string(),
            Self::Token(_) => "the access token is not good".to_owned(),
            other => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_code_and_status() {
        let told = |denied: Denied| (denied.status().as_u16(), denied.code());
        assert_eq!(told(Denied::NoToken), (401, None));
        assert_eq!(told(Denied::Malformed), (400, Some("invalid_request")));
        assert_eq!(told(TokenFault::Revoked.into()), (401, Some("invalid_token")));
        assert_eq!(told(ProofFault::Replayed.into()), (401, Some("invalid_dpop_proof")));
        assert_eq!(told(ProofFault::Proof(DpopError::Nonce).into()), (401, Some("use_dpop_nonce")));
        assert_eq!(told(Denied::Scope("a".to_owned())), (403, Some("insufficient_scope")));
        assert_eq!(told(Denied::Unavailable), (503, Some("temporarily_unavailable")));
    }

    #[test]
    fn of_a_bad_token_nothing_is_told_that_helps_to_make_a_better_one() {
        for fault in
            [TokenFault::Jws(JwsError::Signature), TokenFault::Revoked, TokenFault::Inactive, TokenFault::Issuer]
        {
            assert_eq!(Denied::Token(fault).told(), "the access token is not good");
        }
    }
}
