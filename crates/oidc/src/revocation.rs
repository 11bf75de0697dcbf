//! The revocation endpoint (RFC 7009), without HTTP: an application gives back a token that it needs no more.
//!
//! A token that is none of ours, has expired or is void already is as good as revoked: the answer is the same (section 2.2), so
//! that the endpoint tells nothing of what exists. One that was issued to another application is refused and lives on.

use vestibule_core::Parameters;
use vestibule_tokens::{AccessToken, Revocation, Subject};

use crate::{Provider, Unavailable, authorize::request_doubles, client::Client, token::TokenError};

/// A request as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct RevocationRequest<'a> {
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form in the body.
    pub parameters: &'a Parameters,
}

impl Provider {
    /// Revokes a token of the application that asks. `token_type_hint` only says where to look first, and we know by the token.
    ///
    /// # Errors
    /// Why nothing was revoked.
    pub async fn revoke_token(&self, request: RevocationRequest<'_>) -> Result<(), TokenError> {
        if let Some(double) = request_doubles(request.parameters) {
            return Err(TokenError::InvalidRequest(double.to_string()));
        }
        let client = self.clients().authenticate(request.authorization, request.parameters).await?;
        let text = request.parameters.get("token").filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| TokenError::InvalidRequest("token is missing".to_owned()))?;
        match self.tokens().verify_access_token(text) {
            Ok(token) => self.revoke_access_token(&client, &token).await,
            Err(reason) => {
                tracing::debug!(client_id = %client.id, %reason, "there was nothing to revoke");
                Ok(())
            }
        }
    }

    async fn revoke_access_token(&self, client: &Client, token: &AccessToken) -> Result<(), TokenError> {
        if token.client != client.id {
            tracing::warn!(client_id = %client.id, issued_to = %token.client, "an application tried to revoke a token of another");
            return Err(TokenError::OtherClientsToken);
        }
        let entry = Revocation { subject: Subject::Token(token.id), issued_before: None, expires_at: token.expires_at };
        self.tokens().revocations().revoke(entry).await.map_err(Unavailable::from)?;
        tracing::info!(client_id = %client.id, token = %token.id, "an application gave a token back");
        Ok(())
    }
}
