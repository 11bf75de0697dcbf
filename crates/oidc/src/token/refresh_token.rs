//! The refresh token grant (RFC 6749 section 6, RFC 9700 section 4.14, OpenID Connect Core section 12).
//!
//! Unlike a code, a refresh token is taken last: whatever a client can mend (a scope that is too wide, a resource of nobody) is
//! refused before, and leaves it as it was. What a presented token means is told by [`Lineage`](crate::grants::Lineage).

use vestibule_audit::{Actor, Event, Kind};
use vestibule_core::{ClientId, ScopeSet, TokenId};

use super::{Allowed, Asking, Grant, Person, Refresh, TokenError};
use crate::{
    Unavailable,
    grants::{Kept, Step, Whose},
    target::Target,
};

pub(super) struct RefreshToken;

/// A grant that is kept, and which of its refresh tokens was presented.
pub(super) struct Source {
    kept: Kept,
    generation: u32,
}

/// What a refresh gives, and the token to come back with.
pub(super) struct Taken {
    kept: Kept,
    scope: ScopeSet,
    target: Target,
    token: String,
}

impl Grant for RefreshToken {
    const NAME: &'static str = "refresh_token";
    type Source = Source;
    type Taken = Taken;

    async fn read(asking: &Asking<'_>) -> Result<Source, TokenError> {
        let (kept, generation) =
            asking.provider.grants().find(asking.presented()?).await?.ok_or(TokenError::Unknown)?;
        Ok(Source { kept, generation })
    }

    fn owner(source: &Source) -> Option<&ClientId> {
        Some(&source.kept.client)
    }

    async fn take(asking: &Asking<'_>, source: Source) -> Result<Taken, TokenError> {
        let Source { kept, generation } = source;
        asking.may_come_back(&kept).await?;
        let scope = asking.narrowed(&kept).await?;
        let target = asking.provider.target(asking.client, &scope, &kept.resources, &asking.targets()?).await?;
        let token = asking.successor(&kept, generation).await?;
        Ok(Taken { kept, scope, target, token })
    }

    /// Once more, from memory: what ended while the token was taken must not be given for.
    async fn check(asking: &Asking<'_>, taken: Taken) -> Result<Allowed, TokenError> {
        let Taken { kept, scope, target, token } = taken;
        asking.holds_still(&kept)?;
        Ok(Allowed {
            person: Some(Person {
                user: kept.user,
                authentication: Some(asking.provider.holding(kept.authentication)),
            }),
            granted: scope,
            target,
            session: kept.session,
            grant: Some(kept.id),
            nonce: None,
            refresh: Some(Refresh::Goes(token)),
            claims: kept.claims,
            actor: None,
            issued_token_type: None,
        })
    }
}

impl Asking<'_> {
    fn presented(&self) -> Result<&str, TokenError> {
        let missing = || TokenError::InvalidRequest("refresh_token is missing".to_owned());
        self.parameters.get("refresh_token").ok_or_else(missing)
    }

    /// Whether the log knows nothing that ended the grant.
    fn holds_still(&self, kept: &Kept) -> Result<(), TokenError> {
        let facts = kept.facts(TokenId::mint(kept.granted_at, self.provider.random()));
        if self.provider.tokens().revocations().is_revoked(&facts) {
            return Err(TokenError::NoLongerValid("the grant has ended"));
        }
        Ok(())
    }

    /// Whether the grant still stands: its key, its person and its session.
    async fn may_come_back(&self, kept: &Kept) -> Result<(), TokenError> {
        if !self.holds(kept.confirmation.as_ref()) {
            return Err(TokenError::Refused("the refresh token is bound to another key than the request proves"));
        }
        if let Err(ended) = self.holds_still(kept) {
            // Whatever left its row behind: the log forgets one day, and the row must not be there then.
            self.provider.end_grants(&Whose::Grant(kept.id)).await?;
            return Err(ended);
        }
        // From memory: what ends a person is in the log as well, which is asked before and after this.
        let portrait = self.provider.portraits().of(kept.user).await.map_err(Unavailable::from)?;
        if !portrait.is_some_and(|portrait| portrait.user.active) {
            return Err(TokenError::NoLongerValid("the user is gone or deactivated"));
        }
        if let Some(sid) = kept.session {
            // A refresh is a use of the session that it belongs to.
            let used = self.provider.sessions().use_one(kept.user, sid).await.map_err(Unavailable::because)?;
            if used.is_none_or(|session| self.provider.is_void(&session)) {
                return Err(TokenError::NoLongerValid("the session has ended"));
            }
        }
        Ok(())
    }

    /// What is asked for of what was granted, without what belongs to nobody any more. The grant itself stays as wide as it is.
    async fn narrowed(&self, kept: &Kept) -> Result<ScopeSet, TokenError> {
        let scope = match self.parameters.get("scope") {
            None => kept.scope.clone(),
            Some(asked) => asked.parse().map_err(|_| TokenError::scope("scope is not well formed"))?,
        };
        if !scope.is_subset(&kept.scope) {
            return Err(TokenError::scope("scope is more than was granted"));
        }
        if !scope.is_subset(self.client.allowed_scopes()) {
            return Err(TokenError::Refused("the application may no longer ask for all that was granted"));
        }
        let known = self.provider.known(&scope).await?;
        // A token that allows nothing of what was granted helps nobody: the target says what is wrong.
        Ok(if known.is_empty() { scope } else { known })
    }

    /// The refresh token that takes the place of the one presented. Of any number of callers, all get the same one.
    async fn successor(&self, kept: &Kept, presented: u32) -> Result<String, TokenError> {
        let grants = self.provider.grants();
        let mut kept = kept.clone();
        // A client that has a secret or a key is not somebody who found an old token.
        let proves = !self.client.is_public() || kept.confirmation.is_some();
        loop {
            let now = self.provider.clock().now();
            match kept.lineage.step(presented, now, grants.policy().retry, proves) {
                Step::Rotate(_) if self.keeps_its_token() => {
                    if grants.touch(&kept).await? {
                        return Ok(self.presented()?.to_owned());
                    }
                }
                Step::Rotate(next) | Step::Renew(next) => {
                    if grants.advance(&kept, &next).await? {
                        return Ok(grants.token(&kept, next.generation()));
                    }
                }
                Step::Repeat(successor) => return Ok(grants.token(&kept, successor)),
                Step::Dead => {
                    let words = "a refresh token was presented that another has taken the place of";
                    tracing::warn!(client_id = %kept.client, grant = %kept.id, "{words}");
                    return Err(TokenError::Unknown);
                }
                Step::Reused => {
                    self.reused(&kept).await?;
                    return Err(TokenError::Replayed);
                }
            }
            // Somebody else was quicker: what that made of it decides. Each turn of this is another's success.
            kept = grants.again(&kept).await?.ok_or(TokenError::Unknown)?;
        }
    }

    /// Whether the client wants no rotation, and proves a key that makes it needless (FAPI 2.0 Security Profile section 5.3.2.1).
    fn keeps_its_token(&self) -> bool {
        self.client.metadata.rotate_refresh_tokens == Some(false) && self.confirmation.is_some()
    }

    /// Two hold the same token, and one of them is not the application: the grant ends for both.
    async fn reused(&self, kept: &Kept) -> Result<(), Unavailable> {
        tracing::warn!(client_id = %kept.client, grant = %kept.id, "a spent refresh token was presented; its grant has ended");
        if self.provider.end_grants(&Whose::Grant(kept.id)).await?.is_empty() {
            // Of parallel replays, one ended it and tells.
            return Ok(());
        }
        let event = Event::new(Kind::RefreshTokenReused, Actor::Client(kept.client.clone()))
            .subject(kept.user)
            .client(kept.client.clone())
            .source(self.source);
        if let Err(error) = self.provider.audit().record(event).await {
            tracing::error!(%error, "what happened could not be recorded");
        }
        Ok(())
    }
}
