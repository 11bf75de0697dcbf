//! The userinfo endpoint (OpenID Connect Core section 5.3), without HTTP.

use crate::{
    PresentedError, PresentedToken, Provider, Unavailable, claims,
    client::{Client, NotEncrypted},
};
use serde_json::{Map, Value};
use vestibule_core::{ClientId, ScopeSet, UserId};

/// Why nothing is told (RFC 6750 section 3.1).
#[derive(Debug, thiserror::Error)]
pub enum UserinfoError {
    /// The token is not one of ours, has expired or was revoked, or its key is not proved.
    #[error(transparent)]
    Token(#[from] PresentedError),
    /// The person is gone or deactivated, or the application was deleted.
    #[error("the access token's {0} is gone")]
    Gone(&'static str),
    /// The token was not given for `openid`.
    #[error("the access token was given without the scope openid")]
    Scope,
    /// What is told is to be encrypted to the application, and cannot be.
    #[error(transparent)]
    NotEncrypted(NotEncrypted),
    /// Something of ours does not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// What an application is told, in the way that it registered.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// As JSON.
    Plain(Map<String, Value>),
    /// As a JWT: signed, with `iss` and `aud`, or encrypted, or both.
    Jwt(String),
}

impl Provider {
    /// What the application that holds this access token may be told of its user.
    ///
    /// The scope `openid` is what opens this endpoint. A token for an API that was asked for together with `openid` opens it
    /// too; one without that scope does not, whoever it is for.
    ///
    /// # Errors
    /// Why nothing is told.
    pub async fn userinfo(&self, presented: &PresentedToken<'_>) -> Result<Told, UserinfoError> {
        let token = self.presented(presented).await?;
        if !token.scope.contains("openid") {
            return Err(UserinfoError::Scope);
        }
        let user = token.user.ok_or(UserinfoError::Gone("user"))?;
        let client = self.clients().find(&token.client).await?.ok_or(UserinfoError::Gone("client"))?;
        let told = self.told_of(user, &client, &token.scope, &token.userinfo_claims).await?;
        let mut told = told.ok_or(UserinfoError::Gone("user"))?;
        // As its ID token says, and the token itself.
        told.insert("sub".to_owned(), Value::from(self.tokens().subject(user, client.sector().as_ref())));
        let told = match client.metadata.userinfo_signed_response_alg {
            None => Told::Plain(told),
            Some(algorithm) => {
                let key = self.clients().key_for(&client, algorithm)?;
                let signed = self.tokens().sign_userinfo(&client.id, &told, key).map_err(Unavailable::from)?;
                Told::Jwt(signed)
            }
        };
        self.encrypted(&client, told).await
    }

    /// What is told, encrypted where the application registered that: the JWT, or the claims as they are (OpenID Connect Core
    /// section 5.3.2).
    async fn encrypted(&self, client: &Client, told: Told) -> Result<Told, UserinfoError> {
        let Some(encryption) = client.metadata.encryption.of_userinfo() else { return Ok(told) };
        let (content, cty) = match told {
            Told::Plain(claims) => (Value::Object(claims).to_string(), None),
            Told::Jwt(signed) => (signed, Some("JWT")),
        };
        match self.encrypt_to(client, encryption, cty, &content).await {
            Ok(token) => Ok(Told::Jwt(token)),
            Err(NotEncrypted::Unavailable(error)) => Err(error.into()),
            Err(error) => Err(UserinfoError::NotEncrypted(error)),
        }
    }

    /// What an application with these scopes may be told of a user; nothing where they are gone or deactivated.
    pub(crate) async fn told_about(
        &self,
        user: UserId,
        client: &ClientId,
        scope: &ScopeSet,
    ) -> Result<Option<Map<String, Value>>, Unavailable> {
        let portrait = self.portraits().of(user).await?;
        let Some(portrait) = portrait.filter(|portrait| portrait.user.active) else { return Ok(None) };
        let mut told = claims::about(&portrait.user, scope)?;
        told.extend(self.access_claims(user, client, scope).await?);
        told.extend(self.attributes().claims_of(&portrait.attributes, scope).await?);
        Ok(Some(told))
    }
}
