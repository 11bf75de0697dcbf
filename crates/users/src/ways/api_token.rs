//! By API token. A program's request is no sign-in of its owner, so that `last_sign_in` stays.

use async_trait::async_trait;

use super::{Evidence, Proven, Way, WayName};
use crate::{ApiTokens, AuthenticateError};

/// An API token, as [`ApiTokens::authenticate`] verifies it.
#[derive(Clone, Debug)]
pub struct ApiTokenWay {
    tokens: ApiTokens,
}

impl ApiTokenWay {
    /// Of these tokens.
    #[must_use]
    pub fn new(tokens: ApiTokens) -> Self {
        Self { tokens }
    }
}

#[async_trait]
impl Way for ApiTokenWay {
    fn name(&self) -> WayName {
        WayName::ApiToken
    }

    async fn prove(&self, evidence: &Evidence) -> Result<Option<Proven>, AuthenticateError> {
        let Some(text) = &evidence.api_token else { return Ok(None) };
        let (user, token) = self.tokens.authenticate(text).await?.ok_or(AuthenticateError::Refused)?;
        Ok(Some(Proven { user, way: WayName::ApiToken, amr: vec!["api_token"], token: Some(token) }))
    }
}
