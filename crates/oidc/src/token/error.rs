//! Why there are no tokens: precise inside, a closed set outside.

use vestibule_jose::DpopError;

use crate::{
    DpopRefusal, Unavailable,
    client::{NotEncrypted, authentication::AuthenticationError},
    code_grant::RedeemedWrongly,
    target::TargetError,
};

/// The errors that a client may be told (RFC 6749 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenErrorCode {
    /// A parameter is missing, malformed or doubled.
    InvalidRequest,
    /// The client did not prove itself.
    InvalidClient,
    /// What was presented is not to be redeemed, by this client or at all.
    InvalidGrant,
    /// This client may not use this grant.
    UnauthorizedClient,
    /// No such grant.
    UnsupportedGrantType,
    /// The scope cannot be had.
    InvalidScope,
    /// A resource is malformed, unknown, or not to be had (RFC 8707 section 2).
    InvalidTarget,
    /// Nobody has answered at the browser yet (RFC 8628 section 3.5).
    AuthorizationPending,
    /// The device asks more often than it was told.
    SlowDown,
    /// The person said no.
    AccessDenied,
    /// Nobody answered in time.
    ExpiredToken,
    /// The DPoP proof does not hold, came before, or is missing (RFC 9449 section 5).
    InvalidDpopProof,
    /// The DPoP proof needs the nonce that comes with the answer (RFC 9449 section 8).
    UseDpopNonce,
    /// Something of ours does not answer at the moment.
    TemporarilyUnavailable,
}

impl TokenErrorCode {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::AccessDenied => "access_denied",
            Self::ExpiredToken => "expired_token",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
        }
    }
}

/// Why there are no tokens. The words are for our log; [`TokenError::code`] and [`TokenError::hint`] are for the client.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// A parameter is missing, malformed or doubled.
    #[error("{0}")]
    InvalidRequest(String),
    /// The client did not prove itself.
    #[error(transparent)]
    Client(AuthenticationError),
    /// This client may not use this grant.
    #[error("the client did not register this grant")]
    UnauthorizedClient,
    /// This client is of no API, and cannot hear of revocations.
    #[error("the client is of no API; register it with one")]
    OfNoApi,
    /// No such grant.
    #[error("the grant type is not supported")]
    UnsupportedGrantType,
    /// What was presented is none of ours, or has expired.
    #[error("it is unknown or has expired")]
    Unknown,
    /// What was presented is another client's. It is left as it was.
    #[error("it was given to another client")]
    OtherClients,
    /// Another client's token was to be revoked. It is left as it was.
    #[error("the token was issued to another client")]
    OtherClientsToken,
    /// What was presented was redeemed before; what it gave is revoked now.
    #[error("it was redeemed before, and what it gave is revoked")]
    Replayed,
    /// A rule of the grant refuses, in words that the client may hear.
    #[error("{0}")]
    Refused(&'static str),
    /// What somebody states, for a client or as one, does not hold.
    #[error("the assertion is refused: {0}")]
    Statement(String),
    /// The person can no longer sign in, the session has ended, or the like.
    #[error("{0}")]
    NoLongerValid(&'static str),
    /// The scope is malformed, more than was granted, or for nobody any more.
    #[error("{0}")]
    InvalidScope(String),
    /// A resource is malformed, unknown, or not to be had.
    #[error("{0}")]
    InvalidTarget(String),
    /// Nobody has answered at the browser yet.
    #[error("nobody has answered yet")]
    AuthorizationPending,
    /// The device asks more often than it was told.
    #[error("wait longer between two requests")]
    SlowDown,
    /// The person said no.
    #[error("the person said no")]
    AccessDenied,
    /// Nobody answered in time.
    #[error("nobody answered in time; begin anew")]
    ExpiredToken,
    /// The key that the request is to prove is not proved.
    #[error(transparent)]
    Dpop(DpopRefusal),
    /// What the client asked for is to be encrypted to it, and cannot be.
    #[error(transparent)]
    NotEncrypted(NotEncrypted),
    /// Something of ours does not answer.
    #[error(transparent)]
    Unavailable(Unavailable),
}

impl TokenError {
    /// Of a scope, in these words.
    pub(super) fn scope(words: &str) -> Self {
        Self::InvalidScope(words.to_owned())
    }

    /// What the client is told.
    #[must_use]
    pub fn code(&self) -> TokenErrorCode {
        match self {
            Self::InvalidRequest(_)
            | Self::NotEncrypted(_)
            | Self::Client(AuthenticationError::TwoMethods | AuthenticationError::OtherClient) => {
                TokenErrorCode::InvalidRequest
            }
            Self::Client(AuthenticationError::Unavailable(_)) | Self::Unavailable(_) => {
                TokenErrorCode::TemporarilyUnavailable
            }
            Self::Client(
                AuthenticationError::Missing
                | AuthenticationError::Malformed
                | AuthenticationError::Refused(_)
                | AuthenticationError::Assertion(_),
            ) => TokenErrorCode::InvalidClient,
            Self::UnauthorizedClient | Self::OtherClientsToken | Self::OfNoApi => TokenErrorCode::UnauthorizedClient,
            Self::UnsupportedGrantType => TokenErrorCode::UnsupportedGrantType,
            Self::Statement(_)
            | Self::Unknown
            | Self::OtherClients
            | Self::Replayed
            | Self::Refused(_)
            | Self::NoLongerValid(_) => TokenErrorCode::InvalidGrant,
            Self::InvalidScope(_) => TokenErrorCode::InvalidScope,
            Self::InvalidTarget(_) => TokenErrorCode::InvalidTarget,
            Self::AuthorizationPending => TokenErrorCode::AuthorizationPending,
            Self::SlowDown => TokenErrorCode::SlowDown,
            Self::AccessDenied => TokenErrorCode::AccessDenied,
            Self::ExpiredToken => TokenErrorCode::ExpiredToken,
            Self::Dpop(DpopRefusal::Proof(DpopError::Nonce)) => TokenErrorCode::UseDpopNonce,
            Self::Dpop(_) => TokenErrorCode::InvalidDpopProof,
        }
    }

    /// What helps a developer and tells an attacker nothing.
    #[must_use]
    pub fn hint(&self) -> String {
        match self.code() {
            TokenErrorCode::InvalidRequest
            | TokenErrorCode::UnauthorizedClient
            | TokenErrorCode::UnsupportedGrantType => self.to_string(),
            TokenErrorCode::InvalidClient => "the client did not prove itself".to_owned(),
            TokenErrorCode::InvalidGrant => match self {
                Self::Refused(words) => (*words).to_owned(),
                Self::Statement(_) => self.to_string(),
                _ => "it is unknown, expired, spent, or another client's".to_owned(),
            },
            TokenErrorCode::InvalidScope
            | TokenErrorCode::InvalidTarget
            | TokenErrorCode::AuthorizationPending
            | TokenErrorCode::SlowDown
            | TokenErrorCode::AccessDenied
            | TokenErrorCode::ExpiredToken
            | TokenErrorCode::InvalidDpopProof
            | TokenErrorCode::UseDpopNonce => self.to_string(),
            TokenErrorCode::TemporarilyUnavailable => "please try again in a minute".to_owned(),
        }
    }
}

impl From<AuthenticationError> for TokenError {
    fn from(error: AuthenticationError) -> Self {
        Self::Client(error)
    }
}

impl From<Unavailable> for TokenError {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<NotEncrypted> for TokenError {
    fn from(error: NotEncrypted) -> Self {
        match error {
            NotEncrypted::Unavailable(error) => Self::Unavailable(error),
            error => Self::NotEncrypted(error),
        }
    }
}

impl From<DpopRefusal> for TokenError {
    fn from(error: DpopRefusal) -> Self {
        match error {
            DpopRefusal::Unavailable(error) => Self::Unavailable(error),
            error => Self::Dpop(error),
        }
    }
}

impl From<TargetError> for TokenError {
    fn from(error: TargetError) -> Self {
        match error {
            TargetError::Scope => Self::scope("the granted scopes no longer belong to one API"),
            TargetError::Unavailable(error) => Self::Unavailable(error),
            error => Self::InvalidTarget(error.to_string()),
        }
    }
}

impl From<RedeemedWrongly> for TokenError {
    fn from(wrong: RedeemedWrongly) -> Self {
        Self::Refused(match wrong {
            RedeemedWrongly::RedirectUri => "redirect_uri is not the one of the authorization request",
            RedeemedWrongly::Verifier => "code_verifier is missing, or does not belong to the code_challenge",
            RedeemedWrongly::VerifierWithoutChallenge => "code_verifier came, and no code_challenge before it",
            RedeemedWrongly::Grant => "the code cannot be redeemed",
        })
    }
}
