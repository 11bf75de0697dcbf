//! The introspection endpoint (RFC 7662), without HTTP: what is said of a token, and to whom.
//!
//! ```text
//! prove who asks ─▶ the token: its verdict, kept ─▶ its expiry, its key, the log of revocations ─▶ may this one hear of it?
//!                                               ─▶ is its application still there, its person active? ─▶ [`Answer`]
//! ```
//! Each of these is asked in memory once it was seen there, and nothing is written. Of a refresh token its own application hears
//! whether it is good, which is asked of the database.
//!
//! A confidential application may ask about the tokens that were issued to it, and about those meant for an API that it is
//! ([`Api::is_client`](crate::client::Api::is_client)). Whoever else asks hears what they would hear of a token that never was:
//! `{"active": false}`, and nothing of why.

mod answer;

use std::sync::Arc;

use vestibule_core::{ScopeSet, TokenId};
use vestibule_tokens::AccessToken;
use vestibule_users::NamesForApps;

use crate::{
    Provider, Unavailable,
    access_claims::{GROUPS, PERMISSIONS},
    authorize::request_doubles,
    client::{
        Client,
        authentication::{AuthenticationError, Proof},
        known::Known,
    },
    grants::Kept,
    token::TokenError,
};

pub use self::answer::Answer;

/// What is said of a token, and who asked.
#[derive(Clone, Debug)]
pub struct Introspected {
    /// Who asked.
    pub asker: Arc<Client>,
    /// What is said.
    pub answer: Answer,
}

/// Why somebody hears of a token.
enum Right {
    /// It was issued to them.
    Own,
    /// It is meant for an API that they are.
    Meant,
}

/// What is said to somebody who may ask.
struct Told {
    /// What the person is called, where there is one.
    username: Option<String>,
    groups: Option<Vec<String>>,
    permissions: Option<Vec<String>>,
}

impl Provider {
    /// Answers what is to be known of a token.
    ///
    /// # Errors
    /// An application that did not prove itself, a request without a token, or something of ours that does not answer.
    pub async fn introspect(&self, request: Proof<'_>) -> Result<Introspected, TokenError> {
        if let Some(double) = request_doubles(request.parameters) {
            return Err(TokenError::InvalidRequest(double.to_string()));
        }
        let asker = self.authenticate(request).await?;
        if asker.is_public() {
            // Whoever scans for tokens could call themselves so (RFC 7662 section 2.1).
            return Err(AuthenticationError::Refused("it is public, and proves nothing").into());
        }
        let text = request.parameters.get("token").filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| TokenError::InvalidRequest("token is missing".to_owned()))?;
        let answer = match self.tokens().verify_access_token(text) {
            Ok(token) => self.told(&asker, &token).await?,
            Err(reason) => {
                tracing::debug!(client_id = %asker.id, %reason, "what was asked about is no access token");
                self.told_of_grant(&asker, text).await?
            }
        };
        Ok(Introspected { asker, answer: answer.unwrap_or(Answer::Inactive) })
    }

    /// Signs an answer for whoever asked, by the algorithm that they registered for it (RFC 9701), and encrypts it where they
    /// registered that too.
    ///
    /// # Errors
    /// A ring without a key for it, a secret that cannot be one, or no key of theirs to encrypt to.
    pub async fn sign_introspection(&self, introspected: &Introspected) -> Result<String, TokenError> {
        let Introspected { asker, answer } = introspected;
        let key = self.clients().key_for(asker, asker.metadata.introspection_signed_response_alg)?;
        let token = self.tokens().sign_introspection(&asker.id, answer, key).map_err(Unavailable::from)?;
        Ok(match asker.metadata.encryption.of_introspection() {
            Some(encryption) => self.encrypt_to(asker, encryption, Some("JWT"), &token).await?,
            None => token,
        })
    }

    /// What is said of a live token; nothing to whom it is none of their business, or where it is alive by its text only.
    async fn told(&self, asker: &Client, token: &AccessToken) -> Result<Option<Answer>, Unavailable> {
        let Some(right) = self.right_to_hear(asker, token).await? else {
            tracing::info!(client_id = %asker.id, issued_to = %token.client, "an application asked about a token of others");
            return Ok(None);
        };
        let Some(holder) = self.clients().known(&token.client).await? else { return Ok(None) };
        let Some(told) = self.of_the_person(asker, &right, token, &holder).await? else { return Ok(None) };
        Ok(Some(Answer::of(self.issuer(), token, told)))
    }

    /// What is said of a refresh token to the application that it was issued to, and to nobody else. It is asked of the database:
    /// no resource server has one.
    async fn told_of_grant(&self, asker: &Client, text: &str) -> Result<Option<Answer>, Unavailable> {
        let Some((kept, generation)) = self.grants().find(text).await? else { return Ok(None) };
        let facts = kept.facts(TokenId::mint(kept.granted_at, self.random()));
        let is_good = kept.client == asker.id
            && generation == kept.lineage.generation()
            && !self.tokens().revocations().is_revoked(&facts);
        if !is_good {
            return Ok(None);
        }
        let effective = self.access().effective(kept.user).await?;
        let Some(username) = effective.username().map(str::to_owned) else { return Ok(None) };
        let sub = self.tokens().subject(kept.user, asker.sector().as_ref());
        let username = Some(username).filter(|_| may_be_named(asker, &kept.scope));
        let kept = Kept { authentication: self.holding(kept.authentication), ..kept };
        Ok(Some(Answer::of_grant(self.issuer(), sub, kept, username)))
    }

    async fn right_to_hear(&self, asker: &Client, token: &AccessToken) -> Result<Option<Right>, Unavailable> {
        let api = self.apis().find(token.audience()).await?;
        Ok(match api {
            Some(api) if api.is_client(&asker.id) => Some(Right::Meant),
            _ if token.client == asker.id => Some(Right::Own),
            _ => None,
        })
    }

    /// What is said of the token's person; nothing where they are gone or deactivated.
    ///
    /// An API hears of the apps that it stands for itself, whatever the token's scopes: it is its own permissions that it asks
    /// for. Of the apps that the token's application stands for is told what userinfo would tell.
    async fn of_the_person(
        &self,
        asker: &Client,
        right: &Right,
        token: &AccessToken,
        holder: &Known,
    ) -> Result<Option<Told>, Unavailable> {
        let Some(user) = token.user else {
            return Ok(Some(Told { username: None, groups: None, permissions: None }));
        };
        let effective = self.access().effective(user).await?;
        let Some(username) = effective.username().map(str::to_owned) else { return Ok(None) };
        let own = match right {
            Right::Meant => self.clients().known(&asker.id).await?,
            Right::Own => None,
        };
        let own = own.as_deref().map_or(&[][..], |known| &known.apps);
        let names = |scope: &str, list: fn(NamesForApps) -> Vec<String>| {
            let granted = token.scope.contains(scope);
            if !granted && own.is_empty() {
                return None;
            }
            let granted = if granted { &holder.apps[..] } else { &[] };
            Some(list(effective.names_for_apps(&[own, granted].concat())))
        };
        let (groups, permissions) =
            (names(GROUPS, |names| names.groups), names(PERMISSIONS, |names| names.permissions));
        let username = Some(username).filter(|_| may_be_named(&holder.client, &token.scope));
        Ok(Some(Told { username, groups, permissions }))
    }
}

/// Where applications are not to compare whom they know, a name is told by the scope that brings it alone.
fn may_be_named(holder: &Client, scope: &ScopeSet) -> bool {
    holder.sector().is_none() || scope.contains("profile")
}
