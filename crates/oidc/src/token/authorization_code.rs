//! The authorization code grant (RFC 6749 section 4.1.3, OpenID Connect Core section 3.1.3).

use vestibule_core::{ClientId, TokenId};
use vestibule_tokens::{Authentication, Revocation, Subject, TokenFacts};

use super::{Allowed, Asking, Grant, Person, Refresh, TokenError};
use crate::{
    OFFLINE_ACCESS, Provider, Unavailable,
    code::{self, CodeGrant, Presented, Redeemed},
    code_grant::{self, Redemption},
    grants::{NewGrant, Whose},
};

pub(super) struct AuthorizationCode;

/// A live code, not yet taken.
pub(super) struct Source {
    code: String,
    left: Redeemed,
}

impl Grant for AuthorizationCode {
    const NAME: &'static str = "authorization_code";
    type Source = Source;
    type Taken = CodeGrant;

    /// A replay by the client that redeemed the code revokes what it gave.
    async fn read(asking: &Asking<'_>) -> Result<Source, TokenError> {
        let missing = || TokenError::InvalidRequest("code is missing".to_owned());
        let presented = asking.parameters.get("code").ok_or_else(missing)?;
        match asking.provider.codes().look(presented).await? {
            Presented::Unknown => Err(TokenError::Unknown),
            Presented::Spent(redeemed) => Err(replayed(asking, redeemed).await?),
            Presented::Live(grant) => {
                // A moment more for what is minted between here and the answer.
                let dead_at = asking.provider.clock().now() + asking.provider.longest_life() + code::LIFETIME;
                let left = Redeemed { grant: grant.grant, client: grant.client, dead_at };
                Ok(Source { code: presented.to_owned(), left })
            }
        }
    }

    fn owner(source: &Source) -> Option<&ClientId> {
        Some(&source.left.client)
    }

    /// Of parallel callers one gets the code; the others are replays like any other.
    async fn take(asking: &Asking<'_>, source: Source) -> Result<CodeGrant, TokenError> {
        match asking.provider.codes().take(&source.code, &source.left).await? {
            Presented::Live(grant) => Ok(*grant),
            Presented::Spent(redeemed) => {
                revoke(asking.provider, &redeemed).await?;
                Err(TokenError::Replayed)
            }
            Presented::Unknown => Err(TokenError::Unknown),
        }
    }

    /// By the code grant's machine, and against what may have happened since the code was issued.
    async fn check(asking: &Asking<'_>, taken: CodeGrant) -> Result<Allowed, TokenError> {
        let redemption = Redemption {
            client_id: asking.client.id.as_str(),
            code: asking.parameters.get("code").unwrap_or_default(),
            redirect_uri: asking.parameters.get("redirect_uri"),
            code_verifier: asking.parameters.get("code_verifier"),
        };
        code_grant::redeem(&redemption, &taken, asking.client.require_pkce)?;
        if !asking.holds(taken.confirmation.as_ref()) {
            return Err(TokenError::Refused("the code was bound to another key than the request proves"));
        }
        still_there(asking.provider, &taken).await?;
        let asked = asking.targets()?;
        let target = asking.provider.target(asking.client, &taken.scope, &taken.resources, &asked).await?;
        let authentication = Authentication { time: taken.auth_time, acr: taken.acr.clone(), amr: taken.amr.clone() };
        Ok(Allowed {
            refresh: asking.coming_back(&taken, &authentication).map(|new| Refresh::Begins(Box::new(new))),
            person: Some(Person { user: taken.user, authentication }),
            granted: taken.scope,
            target,
            session: Some(taken.session),
            grant: Some(taken.grant),
            nonce: taken.nonce,
        })
    }
}

impl Asking<'_> {
    /// What is kept for a client that may come back: until the session ends, or beyond that where the person allowed it.
    fn coming_back(&self, taken: &CodeGrant, authentication: &Authentication) -> Option<NewGrant> {
        if !self.client.may_use_grant("refresh_token") {
            return None;
        }
        let offline = taken.scope.contains(OFFLINE_ACCESS);
        Some(NewGrant {
            id: taken.grant,
            client: taken.client.clone(),
            user: taken.user,
            session: (!offline).then_some(taken.session),
            scope: taken.scope.clone(),
            resources: taken.resources.clone(),
            authentication: authentication.clone(),
            // One that has a secret is bound by that (RFC 9449 section 5).
            confirmation: self.confirmation.clone().filter(|_| self.client.is_public()),
            granted_at: taken.issued_at,
            expires_at: taken.session_expires_at.filter(|_| !offline),
        })
    }
}

/// Whether the person may still sign in, and nothing ended the session that the code came from.
async fn still_there(provider: &Provider, taken: &CodeGrant) -> Result<(), TokenError> {
    let user = provider.users().get(taken.user).await.map_err(Unavailable::from)?;
    if !user.is_some_and(|user| user.active) {
        return Err(TokenError::NoLongerValid("the user is gone or deactivated"));
    }
    let facts = TokenFacts {
        token: TokenId::mint(taken.issued_at, provider.random()),
        // The grant's own entry is what a parallel replay leaves: that one must not undo the one success.
        grant: None,
        session: Some(taken.session),
        user: Some(taken.user),
        client: taken.client.clone(),
        minted_at: taken.issued_at,
    };
    if provider.tokens().revocations().is_revoked(&facts) {
        return Err(TokenError::NoLongerValid("the session has ended since the code was issued"));
    }
    Ok(())
}

/// What a spent code answers: revoked and told to the client that redeemed it, left alone for another.
async fn replayed(asking: &Asking<'_>, redeemed: Redeemed) -> Result<TokenError, TokenError> {
    if redeemed.client != asking.client.id {
        return Ok(TokenError::OtherClients);
    }
    revoke(asking.provider, &redeemed).await?;
    Ok(TokenError::Replayed)
}

async fn revoke(provider: &Provider, redeemed: &Redeemed) -> Result<(), Unavailable> {
    tracing::warn!(client_id = %redeemed.client, grant = %redeemed.grant, "a code was redeemed twice; what it gave is revoked");
    let subject = Subject::Grant(redeemed.grant);
    let entry = Revocation { subject, issued_before: None, expires_at: redeemed.dead_at };
    provider.tokens().revocations().revoke(entry).await?;
    provider.end_grants(&Whose::Grant(redeemed.grant)).await?;
    Ok(())
}
