//! The last phases: every grant ends here, so that tokens are minted in one place.

use serde_json::Map;
use vestibule_core::{ScopeSet, UserId};
use vestibule_tokens::{AccessTokenClaims, Authentication, Confirmation, IdTokenClaims, MintedAccessToken};

use super::{Allowed, Asking, Person, TokenError, TokenResponse};
use crate::{Unavailable, client::AccessTokenFormat};

impl Asking<'_> {
    /// Mints what a checked grant gives. `signs_in` says whether userinfo is likely to be asked next.
    pub(super) async fn mint(&self, allowed: Allowed, signs_in: bool) -> Result<TokenResponse, TokenError> {
        let access = self.access_token(&allowed)?;
        if signs_in && allowed.granted.contains("openid") {
            self.provider.tokens().remember(&access);
        }
        let id_token = match &allowed.person {
            Some(Person { user, authentication: Some(how) }) if allowed.granted.contains("openid") => {
                let token = self.id_token(*user, how, &allowed, &access.token).await?;
                Some(self.provider.encrypt_id_token(self.client, token).await?)
            }
            _ => None,
        };
        tracing::info!(
            client_id = %self.client.id,
            user = allowed.person.as_ref().map(|person| tracing::field::display(person.user)),
            grant = allowed.grant.map(tracing::field::display),
            actor = allowed.actor.as_ref().map(|actor| actor.sub.as_str()),
            token = %access.id,
            "tokens were issued"
        );
        Ok(TokenResponse {
            access_token: access.token,
            issued_token_type: allowed.issued_token_type,
            token_type: Confirmation::token_type(self.confirmation.as_ref()),
            expires_in: allowed.target.lifetime.as_secs(),
            scope: allowed.target.scope.to_string(),
            refresh_token: None,
            id_token,
        })
    }

    fn access_token(&self, allowed: &Allowed) -> Result<MintedAccessToken, Unavailable> {
        let target = &allowed.target;
        let claims = AccessTokenClaims {
            user: allowed.person.as_ref().map(|person| person.user),
            client: self.client.id.clone(),
            sector: self.client.sector(),
            audience: target.identifier.clone(),
            scope: target.scope.clone(),
            authentication: allowed.person.as_ref().and_then(|person| person.authentication.clone()),
            session: allowed.session,
            grant: allowed.grant,
            confirmation: self.confirmation.clone(),
            actor: allowed.actor.clone(),
            userinfo_claims: allowed.claims.userinfo.iter().cloned().collect(),
            lifetime: target.lifetime,
        };
        let tokens = self.provider.tokens();
        Ok(match target.format {
            AccessTokenFormat::Jwt => tokens.mint_access_token(claims, target.algorithm)?,
            AccessTokenFormat::Opaque => tokens.mint_opaque_access_token(claims)?,
        })
    }

    async fn id_token(
        &self,
        user: UserId,
        how: &Authentication,
        allowed: &Allowed,
        access_token: &str,
    ) -> Result<String, Unavailable> {
        let single = &allowed.claims.id_token;
        let extra = match single.is_empty() {
            true => Map::new(),
            false => self.provider.told_of(user, self.client, &ScopeSet::default(), single).await?.unwrap_or_default(),
        };
        let claims = IdTokenClaims {
            user,
            client: self.client.id.clone(),
            sector: self.client.sector(),
            nonce: allowed.nonce.clone(),
            authentication: how.clone(),
            session: allowed.session,
            access_token: Some(access_token.to_owned()),
            code: None,
            state: None,
            extra,
            lifetime: self.provider.settings().id_token_lifetime,
        };
        Ok(self.provider.tokens().mint_id_token(claims, self.provider.id_token_key(self.client)?)?)
    }
}
