//! The token endpoint (RFC 6749 section 3.2), without HTTP.
//!
//! The phases belong to the endpoint, and no grant can skip one:
//!
//! 1. parse · 2. authenticate the client · 3. may it use this grant? · 4. read the grant's source · 5. is it this client's?
//!    (another's try leaves it alone) · 6. take it, atomically, before anything is minted · 7. check the rest (a failure leaves
//!    it spent) · 8. mint · 9. write.
//!
//! What differs between grants is a file of this module: where the source lies, and what else must hold.

mod authorization_code;
mod error;
mod mint;

use serde::Serialize;
use vestibule_core::Parameters;

use crate::{Provider, authorize::request_doubles, client::Client};

pub use error::{TokenError, TokenErrorCode};

/// A token request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form in the body.
    pub parameters: &'a Parameters,
}

/// A successful answer (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// How long the access token lives, in seconds.
    pub expires_in: u64,
    /// What was granted.
    pub scope: String,
    /// The ID token, where `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse").field("scope", &self.scope).finish_non_exhaustive()
    }
}

impl Provider {
    /// Answers a token request.
    ///
    /// # Errors
    /// Why there are no tokens; [`TokenError::code`] is what the client is told.
    pub async fn token(&self, request: TokenRequest<'_>) -> Result<TokenResponse, TokenError> {
        let answer = self.redeem(request).await;
        if let Err(error) = &answer {
            // As text, which the log quotes: it may hold a parameter's name as it came, with a line break in it (attack A80).
            let reason = error.to_string();
            tracing::info!(error = error.code().as_str(), reason, "a token request was refused");
        }
        answer
    }

    async fn redeem(&self, request: TokenRequest<'_>) -> Result<TokenResponse, TokenError> {
        let parameters = request.parameters;
        if let Some(double) = request_doubles(parameters) {
            return Err(TokenError::InvalidRequest(double.to_string()));
        }
        let client = self.clients().authenticate(request.authorization, parameters).await?;
        let grant_type = parameters
            .get("grant_type")
            .ok_or_else(|| TokenError::InvalidRequest("grant_type is missing".to_owned()))?;
        match grant_type {
            "authorization_code" => {
                may_use(&client, grant_type)?;
                let source = authorization_code::read(self, &client, parameters).await?;
                let taken = authorization_code::take(self, source).await?;
                let checked = authorization_code::check(self, &client, taken, parameters).await?;
                self.mint(&client, checked).await
            }
            _ => Err(TokenError::UnsupportedGrantType),
        }
    }
}

fn may_use(client: &Client, grant_type: &str) -> Result<(), TokenError> {
    if client.may_use_grant(grant_type) { Ok(()) } else { Err(TokenError::UnauthorizedClient) }
}
