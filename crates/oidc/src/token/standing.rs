//! What grants of people share: whether the person is still there, what a replay does, and what is kept to come back for.

use vestibule_core::{GrantId, PublicSessionId, ScopeSet, Timestamp, TokenId, UserId};
use vestibule_tokens::{Authentication, Revocation, Subject, TokenFacts};

use super::{Allowed, Asking, Refresh, TokenError};
use crate::{
    OFFLINE_ACCESS, RequestedClaims, Unavailable,
    code::Redeemed,
    grants::{NewGrant, Whose},
};

/// What somebody granted at a browser.
pub(super) struct Given<'a> {
    pub(super) grant: GrantId,
    pub(super) user: UserId,
    pub(super) session: PublicSessionId,
    pub(super) session_expires_at: Option<Timestamp>,
    pub(super) scope: &'a ScopeSet,
    pub(super) resources: &'a [String],
    pub(super) authentication: &'a Authentication,
    pub(super) claims: &'a RequestedClaims,
    /// When they did.
    pub(super) at: Timestamp,
}

impl Asking<'_> {
    /// Whether the person may still sign in, and nothing ended the session in which something was granted at that moment.
    pub(super) async fn still_there(
        &self,
        user: UserId,
        session: PublicSessionId,
        granted_at: Timestamp,
    ) -> Result<(), TokenError> {
        let provider = self.provider;
        // From memory: what ends a person is in the log as well, which is asked after this.
        let found = provider.portraits().of(user).await.map_err(Unavailable::from)?;
        if !found.is_some_and(|portrait| portrait.user.active) {
            return Err(TokenError::NoLongerValid("the user is gone or deactivated"));
        }
        if self.has_ended(user, session, granted_at) {
            return Err(TokenError::NoLongerValid("the session has ended since the code was issued"));
        }
        Ok(())
    }

    /// Whether the log says that what was granted in a session at that moment is over.
    fn has_ended(&self, user: UserId, session: PublicSessionId, granted_at: Timestamp) -> bool {
        let provider = self.provider;
        let facts = TokenFacts {
            token: TokenId::mint(granted_at, provider.random()),
            // The grant's own entry is what a parallel replay leaves: that one must not undo the one success.
            grant: None,
            session: Some(session),
            user: Some(user),
            client: self.client.id.clone(),
            minted_at: granted_at,
        };
        provider.tokens().revocations().is_revoked(&facts)
    }

    /// Has the client hear of the end of the session in which it is given an ID token now, for a request that began at that
    /// moment. Whoever comes back with a refresh token was entered before.
    pub(super) async fn joins(
        &self,
        allowed: &Allowed,
        refresh: Option<&Refresh>,
        began: Timestamp,
    ) -> Result<(), TokenError> {
        let (Some(person), Some(session)) = (&allowed.person, allowed.session) else { return Ok(()) };
        if matches!(refresh, Some(Refresh::Goes(_))) || !allowed.granted.contains("openid") {
            return Ok(());
        }
        let ended = || self.has_ended(person.user, session, began);
        match self.provider.joins(self.client, person.user, session, ended).await? {
            true => Ok(()),
            false => Err(TokenError::NoLongerValid("the session has ended since the request came")),
        }
    }

    /// What is kept for a client that may come back: until the session ends, or beyond that where the person allowed it.
    pub(super) fn comes_back(&self, given: Given<'_>) -> Option<Refresh> {
        if !self.client.may_use_grant("refresh_token") {
            return None;
        }
        let offline = given.scope.contains(OFFLINE_ACCESS);
        Some(Refresh::Begins(Box::new(NewGrant {
            id: given.grant,
            client: self.client.id.clone(),
            user: given.user,
            session: (!offline).then_some(given.session),
            scope: given.scope.clone(),
            resources: given.resources.to_vec(),
            authentication: given.authentication.clone(),
            claims: given.claims.clone(),
            // One that has a secret is bound by that (RFC 9449 section 5).
            confirmation: self.confirmation.clone().filter(|_| self.client.is_public()),
            granted_at: given.at,
            expires_at: given.session_expires_at.filter(|_| !offline),
        })))
    }

    /// What a spent code answers: what it gave is revoked, and the client that redeemed it is told; for another it is left alone.
    pub(super) async fn replayed(&self, redeemed: Redeemed) -> Result<TokenError, TokenError> {
        if redeemed.client != self.client.id {
            return Ok(TokenError::OtherClients);
        }
        tracing::warn!(client_id = %redeemed.client, grant = %redeemed.grant, "a code was redeemed twice; what it gave is revoked");
        let subject = Subject::Grant(redeemed.grant);
        let entry = Revocation { subject, issued_before: None, expires_at: redeemed.dead_at };
        self.provider.tokens().revocations().revoke(entry).await.map_err(Unavailable::from)?;
        self.provider.end_grants(&Whose::Grant(redeemed.grant)).await?;
        Ok(TokenError::Replayed)
    }

    /// What is left of a code that is taken now, which lived for `life`.
    pub(super) fn redeemed(&self, grant: GrantId, life: std::time::Duration) -> Redeemed {
        // A moment more for what is minted between here and the answer.
        let dead_at = self.provider.clock().now() + self.provider.longest_life() + life;
        Redeemed { grant, client: self.client.id.clone(), dead_at }
    }
}
