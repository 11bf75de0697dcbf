//! Pushing a request (RFC 9126): the application proves itself, and every rule of the authorization endpoint is asked at once.

use serde::Serialize;
use vestibule_core::Parameters;
use vestibule_tokens::Confirmation;

use super::{
    ErrorCode, PageError,
    error::{NotValid, request_doubles},
    resolve::{Resolved, Unresolved},
};
use crate::{
    DpopRefusal, Provider, Unavailable,
    client::authentication::{AuthenticationError, Proof},
    token::{TokenError, TokenRequest},
};

/// The longest request that is kept, in bytes.
const LONGEST: usize = 32 * 1024;

/// The answer to a pushed request (RFC 9126 section 2.2).
#[derive(Clone, Serialize)]
pub struct PushedRequest {
    /// What the browser brings along.
    pub request_uri: String,
    /// How long it can be opened, in seconds.
    pub expires_in: u64,
}

impl std::fmt::Debug for PushedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushedRequest").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Why a pushed request is refused (RFC 9126 section 2.3).
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// The application did not prove itself, or not its key.
    #[error(transparent)]
    Client(#[from] TokenError),
    /// A rule of the authorization endpoint is not satisfied.
    #[error("{1}")]
    Refused(ErrorCode, String),
}

impl PushError {
    /// The code that the application is told.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Client(error) => error.code().as_str(),
            Self::Refused(code, _) => code.as_str(),
        }
    }
}

impl From<Unavailable> for PushError {
    fn from(error: Unavailable) -> Self {
        Self::Client(error.into())
    }
}

impl From<AuthenticationError> for PushError {
    fn from(error: AuthenticationError) -> Self {
        Self::Client(error.into())
    }
}

impl From<DpopRefusal> for PushError {
    fn from(error: DpopRefusal) -> Self {
        Self::Client(error.into())
    }
}

impl From<Unresolved> for PushError {
    fn from(unresolved: Unresolved) -> Self {
        match unresolved {
            Unresolved::Refused(code, words) => Self::Refused(code, words),
            Unresolved::Unavailable(error) => error.into(),
        }
    }
}

impl From<NotValid> for PushError {
    fn from(not: NotValid) -> Self {
        match not {
            NotValid::Page(PageError::Refused(code, words)) | NotValid::To(_, code, words) => {
                Self::Refused(code, words)
            }
            NotValid::Page(error) => Self::Refused(ErrorCode::InvalidRequest, error.to_string()),
            NotValid::Unavailable(error) => error.into(),
        }
    }
}

impl Provider {
    /// Keeps an authorization request for the browser that will come with its `request_uri`.
    ///
    /// # Errors
    /// Why it is refused; [`PushError::code`] is what the application is told.
    pub async fn push(&self, request: TokenRequest<'_>) -> Result<PushedRequest, PushError> {
        let answer = self.keep_pushed(&request).await;
        if let Err(error) = &answer {
            let reason = error.to_string();
            tracing::info!(error = error.code(), reason, "a pushed authorization request was refused");
        }
        answer
    }

    async fn keep_pushed(&self, request: &TokenRequest<'_>) -> Result<PushedRequest, PushError> {
        let TokenRequest { authorization, parameters, certificate, ref dpop, .. } = *request;
        if let Some(double) = request_doubles(parameters) {
            return Err(PushError::Refused(ErrorCode::InvalidRequest, double.to_string()));
        }
        // Held before the application proves itself, so that whoever has to come back with a nonce has not spent an assertion.
        let proof = self.hold_dpop(dpop, None)?;
        let client = self.authenticate(Proof { authorization, parameters, certificate }).await?;
        let parameters = self.resolve_push(&client, parameters).await?;
        let parameters = match proof {
            Some(proof) => bound(parameters, &self.take_dpop(&proof).await?)?,
            None => parameters,
        };
        if parameters.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LONGEST {
            return Err(PushError::Refused(ErrorCode::InvalidRequest, "the request is longer than 32 KiB".to_owned()));
        }
        let resolved = Resolved { parameters: std::borrow::Cow::Borrowed(&parameters), pushed: None };
        self.valid(&client, resolved).await?;
        let (request_uri, lifetime) = self.pushed().keep(&client.id, parameters).await?;
        tracing::info!(client_id = %client.id, "an authorization request was pushed");
        Ok(PushedRequest { request_uri, expires_in: lifetime.as_secs() })
    }
}

/// The code will be bound to the key whose proof came along (RFC 9449 section 10.1).
fn bound(parameters: Parameters, key: &Confirmation) -> Result<Parameters, PushError> {
    let Confirmation::Jkt(jkt) = key else { return Ok(parameters) };
    match parameters.get("dpop_jkt") {
        Some(named) if named != jkt => {
            let words = "dpop_jkt is not the thumbprint of the key whose proof came along";
            Err(PushError::Refused(ErrorCode::InvalidRequest, words.to_owned()))
        }
        _ => Ok(parameters.with("dpop_jkt", jkt)),
    }
}
