//! The authorization code grant (RFC 6749 section 4.1.3, OpenID Connect Core section 3.1.3).

use vestibule_core::{ClientId, GrantId};
use vestibule_tokens::Authentication;

use super::{Allowed, Asking, Grant, Person, TokenError, standing::Given};
use crate::{
    code::{self, CodeGrant, Presented},
    code_grant::{self, Redemption},
};

pub(super) struct AuthorizationCode;

/// A live code, not yet taken.
pub(super) struct Source {
    code: String,
    grant: GrantId,
    client: ClientId,
}

impl Grant for AuthorizationCode {
    const NAME: &'static str = "authorization_code";
    const SIGNS_IN: bool = true;
    type Source = Source;
    type Taken = CodeGrant;

    /// A replay by the client that redeemed the code revokes what it gave.
    async fn read(asking: &Asking<'_>) -> Result<Source, TokenError> {
        let missing = || TokenError::InvalidRequest("code is missing".to_owned());
        let presented = asking.parameters.get("code").ok_or_else(missing)?;
        match asking.provider.codes().look(presented).await? {
            Presented::Unknown => Err(TokenError::Unknown),
            Presented::Spent(redeemed) => Err(asking.replayed(redeemed).await?),
            Presented::Live(live) => Ok(Source { code: presented.to_owned(), grant: live.grant, client: live.client }),
        }
    }

    fn owner(source: &Source) -> Option<&ClientId> {
        Some(&source.client)
    }

    /// Of parallel callers one gets the code; the others are replays like any other.
    async fn take(asking: &Asking<'_>, source: Source) -> Result<CodeGrant, TokenError> {
        let left = asking.redeemed(source.grant, code::LIFETIME);
        match asking.provider.codes().take(&source.code, &left).await? {
            Presented::Live(grant) => Ok(*grant),
            Presented::Spent(redeemed) => Err(asking.replayed(redeemed).await?),
            Presented::Unknown => Err(TokenError::Unknown),
        }
    }

    /// By the code grant's machine, and against what may have happened since the code was issued. A failure leaves it spent.
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
        asking.still_there(taken.user, taken.session, taken.issued_at).await?;
        let asked = asking.targets()?;
        let target = asking.provider.target(asking.client, &taken.scope, &taken.resources, &asked).await?;
        let authentication = Authentication { time: taken.auth_time, acr: taken.acr, amr: taken.amr };
        let refresh = asking.comes_back(Given {
            grant: taken.grant,
            user: taken.user,
            session: taken.session,
            session_expires_at: taken.session_expires_at,
            scope: &taken.scope,
            resources: &taken.resources,
            authentication: &authentication,
            claims: &taken.claims,
            at: taken.issued_at,
        });
        Ok(Allowed {
            person: Some(Person { user: taken.user, authentication: Some(authentication) }),
            granted: taken.scope,
            target,
            session: Some(taken.session),
            grant: Some(taken.grant),
            nonce: taken.nonce,
            refresh,
            claims: taken.claims,
            actor: None,
            issued_token_type: None,
        })
    }
}
