//! The last phases: every grant ends here, so that tokens are minted in one place.

use std::time::Duration;

use serde_json::Map;
use vestibule_tokens::{AccessTokenClaims, Authentication, IdTokenClaims, SigningAlgorithm};
use vestibule_users::User;

use super::{TokenError, TokenResponse};
use crate::{Provider, STANDARD_SCOPES, Unavailable, client::Client, code::CodeGrant, provider::LONGEST_ACCESS_TOKEN};

/// A grant that passed every check.
pub(super) struct Checked {
    pub(super) grant: CodeGrant,
    pub(super) user: User,
}

/// The audience of an access token, and what goes with it.
struct Audience {
    name: String,
    algorithm: SigningAlgorithm,
    lifetime: Duration,
}

impl Provider {
    /// Mints what a checked grant gives.
    pub(super) async fn mint(&self, client: &Client, checked: Checked) -> Result<TokenResponse, TokenError> {
        let Checked { grant, user } = checked;
        let audience = self.audience(&grant).await?;
        let authentication = Authentication { time: grant.auth_time, acr: grant.acr.clone(), amr: grant.amr.clone() };
        let claims = AccessTokenClaims {
            user: Some(user.id),
            client: client.id.clone(),
            audience: audience.name,
            scope: grant.scope.clone(),
            authentication: Some(authentication.clone()),
            session: Some(grant.session),
            grant: Some(grant.grant),
            lifetime: audience.lifetime,
        };
        let access = self.tokens().mint_access_token(claims, audience.algorithm).map_err(Unavailable::from)?;
        let id_token = if grant.scope.contains("openid") {
            let claims = IdTokenClaims {
                user: user.id,
                client: client.id.clone(),
                nonce: grant.nonce,
                authentication,
                session: Some(grant.session),
                access_token: Some(access.token.clone()),
                extra: Map::new(),
                lifetime: self.settings().id_token_lifetime,
            };
            Some(self.tokens().mint_id_token(claims, client.id_token_algorithm()).map_err(Unavailable::from)?)
        } else {
            None
        };
        tracing::info!(client_id = %client.id, user = %user.id, grant = %grant.grant, token = %access.id, "tokens were issued");
        Ok(TokenResponse {
            access_token: access.token,
            token_type: "Bearer",
            expires_in: audience.lifetime.as_secs(),
            scope: grant.scope.to_string(),
            id_token,
        })
    }

    /// The API that owns the granted scopes, else the issuer itself (RFC 9068 section 3).
    async fn audience(&self, grant: &CodeGrant) -> Result<Audience, TokenError> {
        let settings = self.settings();
        let mut owners = self.apis().owners(&grant.scope).await?;
        let owned = |scope: &str| owners.iter().any(|api| api.scopes.iter().any(|owned| owned.scope == scope));
        let others = grant.scope.filter(|scope| !STANDARD_SCOPES.contains(&scope) && !owned(scope));
        if !others.is_empty() && !others.is_subset(&self.carrying().await?) {
            return Err(TokenError::InvalidScope);
        }
        let Some(api) = owners.pop() else {
            return Ok(Audience {
                name: self.issuer().to_owned(),
                algorithm: settings.access_token_alg,
                lifetime: settings.access_token_lifetime,
            });
        };
        if !owners.is_empty() {
            return Err(TokenError::InvalidScope);
        }
        Ok(Audience {
            name: api.identifier,
            algorithm: api.access_token_alg.unwrap_or(settings.access_token_alg),
            lifetime: api.access_token_lifetime.unwrap_or(settings.access_token_lifetime).min(LONGEST_ACCESS_TOKEN),
        })
    }
}
