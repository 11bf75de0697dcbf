//! The revocation endpoint (RFC 7009), without HTTP: an application gives back a token that it needs no more.
//!
//! A token that is none of ours, has expired or is void already is as good as revoked: the answer is the same (section 2.2), so
//! that the endpoint tells nothing of what exists. One that was issued to another application is refused and lives on.

use vestibule_tokens::{AccessToken, Revocation, Subject};

use crate::{
    Provider, Unavailable,
    authorize::request_doubles,
    client::{Client, authentication::Proof},
    grants::{Kept, Whose},
    token::TokenError,
};

impl Provider {
    /// Revokes a token of the application that asks. `token_type_hint` only says where to look first, and we know by the token.
    ///
    /// # Errors
    /// Why nothing was revoked.
    pub async fn revoke_token(&self, request: Proof<'_>) -> Result<(), TokenError> {
        if let Some(double) = request_doubles(request.parameters) {
            return Err(TokenError::InvalidRequest(double.to_string()));
        }
        let client = self.authenticate(request).await?;
        let text = request.parameters.get("token").filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| TokenError::InvalidRequest("token is missing".to_owned()))?;
        if let Ok(token) = self.tokens().verify_access_token(text) {
            return self.revoke_access_token(&client, &token).await;
        }
        match self.grants().find(text).await? {
            Some((kept, _)) => self.revoke_grant(&client, &kept).await,
            None => {
                tracing::debug!(client_id = %client.id, "there was nothing to revoke");
                Ok(())
            }
        }
    }

    /// Ends the grant of a refresh token, with every token that was minted from it (section 2.1). Any generation does: whoever
    /// holds one was given it.
    async fn revoke_grant(&self, client: &Client, kept: &Kept) -> Result<(), TokenError> {
        if kept.client != client.id {
            tracing::warn!(client_id = %client.id, issued_to = %kept.client, "an application tried to revoke a token of another");
            return Err(TokenError::OtherClientsToken);
        }
        self.revoke(Subject::Grant(kept.id), None).await?;
        self.end_grants(&Whose::Grant(kept.id)).await?;
        tracing::info!(client_id = %client.id, grant = %kept.id, "an application gave a grant back");
        Ok(())
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
