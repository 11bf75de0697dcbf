//! Token exchange (RFC 8693): an application trades a person's access token for one at another API, or for one that may do less.
//!
//! What may be had is a matter of who asks and for which API. The token must have been given to the client itself, or be meant for
//! an API that the client is; the new one is for the same API with no more scope, or for an API that an administrator named for
//! this client (`token_exchange_audiences`), with the scopes that the client was registered for there.
//! It says who acts (`act`), unless the client may impersonate (`token_exchange_impersonation`), and it never outlives the one
//! that it was given for: it carries the same grant and session, so that what ends those ends it.

use std::sync::Arc;

use vestibule_core::{ClientId, ScopeSet};
use vestibule_tokens::{AccessToken, Actor};

use super::{Allowed, Asking, Grant, Person, TokenError};
use crate::{RequestedClaims, Unavailable, client::AccessTokenFormat, target::Target};

/// The one kind of token that is taken and given; ours may be named as JWTs too.
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// So many actors one after the other are more than any chain of services that is meant.
const LONGEST_CHAIN: usize = 8;

pub(super) struct TokenExchange;

/// What a request presents.
pub(super) struct Presented {
    subject: Arc<AccessToken>,
    actor: Option<Arc<AccessToken>>,
}

impl Grant for TokenExchange {
    const NAME: &'static str = "urn:ietf:params:oauth:grant-type:token-exchange";
    type Source = Presented;
    type Taken = Presented;

    async fn read(asking: &Asking<'_>) -> Result<Presented, TokenError> {
        if asking.client.is_public() {
            return Err(TokenError::UnauthorizedClient);
        }
        let subject = asking.token("subject_token")?.ok_or_else(|| refused("subject_token is missing"))?;
        let actor = asking.token("actor_token")?;
        Ok(Presented { subject, actor })
    }

    /// Whose the tokens are is more than one question; [`Grant::check`] asks them.
    fn owner(_: &Presented) -> Option<&ClientId> {
        None
    }

    /// The token that is presented stays good.
    async fn take(_: &Asking<'_>, source: Presented) -> Result<Presented, TokenError> {
        Ok(source)
    }

    async fn check(asking: &Asking<'_>, Presented { subject, actor }: Presented) -> Result<Allowed, TokenError> {
        asking.may_present(&subject).await?;
        let user = subject.user.ok_or_else(|| refused("subject_token is no person's"))?;
        let found = asking.provider.users().get(user).await.map_err(Unavailable::from)?;
        if !found.is_some_and(|user| user.active) {
            return Err(refused("the person of subject_token is gone"));
        }
        let mut target = asking.exchanged_for(&subject).await?;
        // Bound to the second, so that it never outlives the token that it stands on.
        let left = subject.expires_at.since(asking.provider.clock().now());
        target.lifetime = target.lifetime.min(std::time::Duration::from_secs(left.as_secs()));
        let issued = asking.wanted_type(&mut target)?;
        let authentication = subject.authentication.clone().map(|how| asking.provider.holding(how));
        Ok(Allowed {
            actor: asking.acting(&subject, actor)?,
            person: Some(Person { user, authentication }),
            granted: ScopeSet::default(),
            target,
            session: subject.session,
            grant: subject.grant,
            nonce: None,
            claims: RequestedClaims::default(),
            refresh: None,
            issued_token_type: Some(issued),
        })
    }
}

impl Asking<'_> {
    /// A token of the request, with its type: both or neither, and one that is ours and alive.
    fn token(&self, name: &'static str) -> Result<Option<Arc<AccessToken>>, TokenError> {
        let of_type =
            self.parameters.get(if name == "subject_token" { "subject_token_type" } else { "actor_token_type" });
        match (self.parameters.get(name), of_type) {
            (None, None) => Ok(None),
            (Some(token), Some(ACCESS_TOKEN | JWT)) => match self.provider.tokens().verify_access_token(token) {
                Ok(token) => Ok(Some(token)),
                Err(error) => Err(TokenError::InvalidRequest(format!("{name} is refused: {error}"))),
            },
            (Some(_), Some(_)) => Err(TokenError::InvalidRequest(format!("{name} is of a type that is not supported"))),
            _ => Err(TokenError::InvalidRequest(format!("{name} and its type go together"))),
        }
    }

    /// Whether the token is this client's to exchange: given to it, or sent to the API that it is. One that is bound to a key is
    /// exchanged by whoever holds that key only.
    async fn may_present(&self, subject: &AccessToken) -> Result<(), TokenError> {
        if subject.client != self.client.id {
            let api = self.provider.apis().find(subject.audience()).await?;
            if !api.is_some_and(|api| api.is_client(&self.client.id)) {
                return Err(refused("subject_token was given to another client, and is not meant for this one"));
            }
        }
        if !self.holds(subject.confirmation.as_ref()) {
            return Err(refused("subject_token is bound to another key than the request proves"));
        }
        Ok(())
    }

    /// For which API the new token is, and what it may do there.
    async fn exchanged_for(&self, subject: &AccessToken) -> Result<Target, TokenError> {
        let named = self.targets()?;
        let same = named.iter().all(|name| name == subject.audience());
        let asked: Option<ScopeSet> = match self.parameters.get("scope") {
            Some(text) => Some(text.parse().map_err(|_| TokenError::scope("scope is not well formed"))?),
            None => None,
        };
        if same {
            let scope = asked.unwrap_or_else(|| subject.scope.clone());
            if !scope.is_subset(&subject.scope) {
                return Err(TokenError::scope("scope is more than subject_token allows"));
            }
            let resources = [subject.audience().to_owned()];
            return Ok(self.provider.target(self.client, &scope, &resources, &[]).await?);
        }
        let [name] = named.as_slice() else {
            return Err(TokenError::InvalidTarget(
                "an access token is for one resource; ask for one at a time".to_owned(),
            ));
        };
        self.provider.may_target(self.client, &named).await?;
        if !self.client.metadata.token_exchange_audiences.contains(name) {
            return Err(TokenError::InvalidTarget("this client may not exchange tokens for that resource".to_owned()));
        }
        let whole = self.whole_scope(&named).await?;
        let scope = asked.unwrap_or_else(|| whole.clone());
        if !scope.is_subset(&whole) {
            return Err(TokenError::scope("scope is more than this client may ask for there"));
        }
        Ok(self.provider.target(self.client, &scope, &named, &named).await?)
    }

    /// What the answer calls the new token; a client may insist on one that an API can read.
    fn wanted_type(&self, target: &mut Target) -> Result<&'static str, TokenError> {
        match self.parameters.get("requested_token_type") {
            None | Some(ACCESS_TOKEN) => Ok(ACCESS_TOKEN),
            Some(JWT) if target.format == AccessTokenFormat::Jwt => Ok(JWT),
            Some(JWT) => Err(refused("the tokens of that resource are opaque")),
            Some(_) => Err(refused("requested_token_type is not supported")),
        }
    }

    /// Who acts for the person: whoever the actor token names, or the client itself, in front of those who acted before.
    fn acting(&self, subject: &AccessToken, actor: Option<Arc<AccessToken>>) -> Result<Option<Actor>, TokenError> {
        let before = subject.actor.clone();
        let acting = match actor {
            Some(actor) if actor.client != self.client.id => {
                return Err(refused("actor_token was given to another client"));
            }
            Some(actor) => Actor { sub: actor.subject.clone(), act: before.map(Box::new) },
            None if self.client.metadata.token_exchange_impersonation == Some(true) => return Ok(before),
            None => Actor { sub: self.client.id.to_string(), act: before.map(Box::new) },
        };
        if acting.length() > LONGEST_CHAIN {
            return Err(refused("too many act one after the other"));
        }
        Ok(Some(acting))
    }
}

fn refused(words: &str) -> TokenError {
    TokenError::InvalidRequest(words.to_owned())
}
