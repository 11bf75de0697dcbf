//! The authorization code grant (RFC 6749 section 4.1.3, OpenID Connect Core section 3.1.3).

use vestibule_core::{Parameters, TokenId};
use vestibule_tokens::{Revocation, Subject, TokenFacts};
use vestibule_users::User;

use super::{TokenError, mint::Checked};
use crate::{
    Provider, Unavailable,
    client::Client,
    code::{self, CodeGrant, Presented, Redeemed},
    code_grant::{self, Redemption},
    provider::LONGEST_ACCESS_TOKEN,
};

/// A live code of this client, not yet taken.
pub(super) struct Source {
    code: String,
    left: Redeemed,
}

/// Reads what the code stands for, and proves that it is this client's. A replay by the client that redeemed it revokes what
/// it gave; another client's try changes nothing.
pub(super) async fn read(provider: &Provider, client: &Client, parameters: &Parameters) -> Result<Source, TokenError> {
    let presented = parameters.get("code").ok_or_else(|| TokenError::InvalidRequest("code is missing".to_owned()))?;
    match provider.codes().look(presented).await? {
        Presented::Unknown => Err(TokenError::UnknownCode),
        Presented::Spent(redeemed) => Err(replayed(provider, client, redeemed).await?),
        Presented::Live(grant) if grant.client != client.id => Err(TokenError::OtherClientsCode),
        Presented::Live(grant) => {
            // A moment more for what is minted between here and the answer.
            let dead_at = provider.clock().now() + LONGEST_ACCESS_TOKEN + code::LIFETIME;
            let left = Redeemed { grant: grant.grant, client: client.id.clone(), dead_at };
            Ok(Source { code: presented.to_owned(), left })
        }
    }
}

/// Takes the code. Of parallel callers one gets it; the others are replays like any other.
pub(super) async fn take(provider: &Provider, source: Source) -> Result<CodeGrant, TokenError> {
    match provider.codes().take(&source.code, &source.left).await? {
        Presented::Live(grant) => Ok(*grant),
        Presented::Spent(redeemed) => {
            revoke(provider, &redeemed).await?;
            Err(TokenError::Replayed)
        }
        Presented::Unknown => Err(TokenError::UnknownCode),
    }
}

/// Checks the rest, by the code grant's machine and against what may have happened since the code was issued.
pub(super) async fn check(
    provider: &Provider,
    client: &Client,
    taken: CodeGrant,
    parameters: &Parameters,
) -> Result<Checked, TokenError> {
    let redemption = Redemption {
        client_id: client.id.as_str(),
        code: parameters.get("code").unwrap_or_default(),
        redirect_uri: parameters.get("redirect_uri"),
        code_verifier: parameters.get("code_verifier"),
    };
    code_grant::redeem(&redemption, &taken, client.require_pkce)?;
    let user = still_there(provider, &taken).await?;
    Ok(Checked { grant: taken, user })
}

/// The person, where they may still sign in and nothing ended the session that the code came from.
async fn still_there(provider: &Provider, taken: &CodeGrant) -> Result<User, TokenError> {
    let user = provider.users().get(taken.user).await.map_err(Unavailable::from)?;
    let user = user.filter(|user| user.active).ok_or(TokenError::NoLongerValid("the user is gone or deactivated"))?;
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
    Ok(user)
}

/// What a spent code answers: revoked and told to the client that redeemed it, left alone for another.
async fn replayed(provider: &Provider, client: &Client, redeemed: Redeemed) -> Result<TokenError, TokenError> {
    if redeemed.client != client.id {
        return Ok(TokenError::OtherClientsCode);
    }
    revoke(provider, &redeemed).await?;
    Ok(TokenError::Replayed)
}

async fn revoke(provider: &Provider, redeemed: &Redeemed) -> Result<(), Unavailable> {
    tracing::warn!(client_id = %redeemed.client, grant = %redeemed.grant, "a code was redeemed twice; what it gave is revoked");
    let subject = Subject::Grant(redeemed.grant);
    let entry = Revocation { subject, issued_before: None, expires_at: redeemed.dead_at };
    Ok(provider.tokens().revocations().revoke(entry).await?)
}
