//! The client credentials grant (RFC 6749 section 4.4): an application acts for itself.
//!
//! There is nothing to take, no person, no ID token and no refresh token: the application can ask again.

use std::sync::Arc;

use vestibule_core::{ClientId, ScopeSet};

use super::{Allowed, Asking, Grant, TokenError};
use crate::{RequestedClaims, STANDARD_SCOPES, client::Api, target::TargetError};

pub(super) struct ClientCredentials;

impl Grant for ClientCredentials {
    const NAME: &'static str = "client_credentials";
    type Source = ();
    type Taken = ();

    async fn read(asking: &Asking<'_>) -> Result<(), TokenError> {
        // Registration refuses it before; an application that proves nothing gets nothing.
        if asking.client.is_public() { Err(TokenError::UnauthorizedClient) } else { Ok(()) }
    }

    fn owner((): &()) -> Option<&ClientId> {
        None
    }

    async fn take(_: &Asking<'_>, (): ()) -> Result<(), TokenError> {
        Ok(())
    }

    async fn check(asking: &Asking<'_>, (): ()) -> Result<Allowed, TokenError> {
        asking.for_itself().await
    }
}

impl Asking<'_> {
    /// What an application gets for itself, once it has proved who it is.
    pub(super) async fn for_itself(&self) -> Result<Allowed, TokenError> {
        let named = self.targets()?;
        self.provider.may_target(self.client, &named).await?;
        let scope = match self.parameters.get("scope") {
            Some(asked) => self.of_apis(named_scope(self, asked)?).await?,
            None => self.whole_scope(&named).await?,
        };
        let target = self.provider.target(self.client, &scope, &named, &named).await.map_err(|error| match error {
            TargetError::Scope => TokenError::scope("the scopes belong to different APIs; name one with resource"),
            error => error.into(),
        })?;
        Ok(Allowed {
            person: None,
            granted: ScopeSet::default(),
            target,
            session: None,
            grant: None,
            nonce: None,
            refresh: None,
            claims: RequestedClaims::default(),
            actor: None,
            issued_token_type: None,
        })
    }
}

/// What the request asks for, as far as an application can have it for itself: the scopes of OpenID Connect are about a person.
fn named_scope(asking: &Asking<'_>, asked: &str) -> Result<ScopeSet, TokenError> {
    let asked: ScopeSet = asked.parse().map_err(|_| TokenError::scope("scope is not well formed"))?;
    if !asked.is_subset(asking.client.allowed_scopes()) {
        return Err(TokenError::scope("this application may not ask for one of the scopes"));
    }
    let for_itself = asked.filter(|scope| !STANDARD_SCOPES.contains(&scope));
    if for_itself.is_empty() {
        return Err(TokenError::scope("an application cannot have these scopes for itself"));
    }
    Ok(for_itself)
}

impl Asking<'_> {
    /// The same scopes, where APIs own them: those that bring claims of attributes are about a person too.
    async fn of_apis(&self, scope: ScopeSet) -> Result<ScopeSet, TokenError> {
        let owners = self.provider.apis().owners(&scope).await?;
        let owned = |scope: &str| owners.iter().any(|api| api.scopes.iter().any(|owned| owned.scope == scope));
        if scope.iter().all(owned) {
            Ok(scope)
        } else {
            Err(TokenError::scope("an application cannot have these scopes for itself"))
        }
    }

    /// What an application that names no scope gets: all that it is registered for, at the APIs that it names.
    pub(super) async fn whole_scope(&self, named: &[String]) -> Result<ScopeSet, TokenError> {
        let all = self.client.allowed_scopes().filter(|scope| !STANDARD_SCOPES.contains(&scope));
        let owners = self.provider.apis().owners(&all).await?;
        let wanted = |api: &&Arc<Api>| named.is_empty() || named.contains(&api.identifier);
        // One whose API was deleted is registered for nothing any more.
        let owned: ScopeSet =
            owners.iter().filter(wanted).flat_map(|api| api.scopes.iter().map(|owned| owned.scope.as_str())).collect();
        Ok(all.filter(|scope| owned.contains(scope)))
    }
}
