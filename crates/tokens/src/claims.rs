//! What is said in a token, in our own types: what minting is given and what verifying gives back.

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use vestibule_core::{ClientId, GrantId, PublicSessionId, ScopeSet, Timestamp, TokenId, UserId};

use crate::{Actor, Confirmation, Sector, TokenFacts, wire::AccessTokenWire};

/// How and when a person signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// When the person last proved who they are (`auth_time`).
    pub time: Timestamp,
    /// The authentication context class (`acr`), where one was reached.
    pub acr: Option<String>,
    /// The methods used (`amr`, RFC 8176).
    pub amr: Vec<String>,
}

/// What an access token is to say (RFC 9068 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessTokenClaims {
    /// Whose it is; nobody's where the application acts for itself. Then its own id is the `sub`.
    pub user: Option<UserId>,
    /// The application it is given to.
    pub client: ClientId,
    /// To whom the person's `sub` means something; nothing here: to everybody.
    pub sector: Option<Sector>,
    /// The API it is for (`aud`).
    pub audience: String,
    /// What it allows there.
    pub scope: ScopeSet,
    /// How the person signed in.
    pub authentication: Option<Authentication>,
    /// The browser session it is minted in.
    pub session: Option<PublicSessionId>,
    /// The consent it is minted from.
    pub grant: Option<GrantId>,
    /// The key that whoever uses it must prove to hold (`cnf`, RFC 7800).
    pub confirmation: Option<Confirmation>,
    /// Who acts for the user (`act`, RFC 8693); nobody's here where the application acts as the user let it.
    pub actor: Option<Actor>,
    /// Single claims that userinfo tells whoever holds it, beside those of its scope (OpenID Connect Core section 5.5).
    pub userinfo_claims: Vec<String>,
    /// How long it lives.
    pub lifetime: Duration,
}

/// An access token as it goes to the application.
#[derive(Clone, PartialEq, Eq)]
pub struct MintedAccessToken {
    /// The token itself. It is a secret.
    pub token: String,
    /// Its id (`jti`), which the revocation log knows it by.
    pub id: TokenId,
    /// When it expires.
    pub expires_at: Timestamp,
    /// What it says, for [`Issuer::remember`](crate::Issuer::remember).
    pub(crate) said: Box<Said>,
}

/// What an access token says, and the key that signed it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) wire: AccessTokenWire,
    pub(crate) kid: Option<Arc<str>>,
}

impl std::fmt::Debug for MintedAccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MintedAccessToken")
            .field("id", &self.id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What an ID token is to say (OpenID Connect Core section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenClaims {
    /// Who signed in.
    pub user: UserId,
    /// The application that asked (`aud`).
    pub client: ClientId,
    /// To whom the person's `sub` means something; nothing here: to everybody.
    pub sector: Option<Sector>,
    /// The application's own mark, given back as it came.
    pub nonce: Option<String>,
    /// How the person signed in.
    pub authentication: Authentication,
    /// The browser session (`sid`).
    pub session: Option<PublicSessionId>,
    /// The access token that goes with it, for its `at_hash`.
    pub access_token: Option<String>,
    /// The code that goes with it, for its `c_hash` (section 3.3.2.11).
    pub code: Option<String>,
    /// The `state` that goes with it, for its `s_hash` (FAPI 1.0 part 2 section 5.1.1).
    pub state: Option<String>,
    /// Further claims about the person. None of them can take the place of a claim of the protocol.
    pub extra: Map<String, Value>,
    /// How long it lives.
    pub lifetime: Duration,
}

/// What a logout token is to say (OpenID Connect Back-Channel Logout section 2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutTokenClaims {
    /// Whose session ended.
    pub user: UserId,
    /// The application that is told (`aud`).
    pub client: ClientId,
    /// To whom the person's `sub` means something; nothing here: to everybody.
    pub sector: Option<Sector>,
    /// The session that ended (`sid`).
    pub session: PublicSessionId,
    /// How long it lives: two minutes at most.
    pub lifetime: Duration,
}

/// An access token that proved to be ours, alive and not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Its id (`jti`).
    pub id: TokenId,
    /// Its `sub`.
    pub subject: String,
    /// Whose it is; nobody's where the application acts for itself.
    pub user: Option<UserId>,
    /// The application it was given to.
    pub client: ClientId,
    /// What it allows.
    pub scope: ScopeSet,
    /// How the person signed in.
    pub authentication: Option<Authentication>,
    /// The browser session it was minted in.
    pub session: Option<PublicSessionId>,
    /// The consent it was minted from.
    pub grant: Option<GrantId>,
    /// The key that whoever uses it must prove to hold. Whoever takes the token for good without asking for that proof takes a
    /// stolen one too.
    pub confirmation: Option<Confirmation>,
    /// Who acts for the user.
    pub actor: Option<Actor>,
    /// When it was minted, to the millisecond.
    pub minted_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    pub(crate) audience: String,
    /// Single claims that userinfo tells whoever holds it, beside those of its scope.
    pub userinfo_claims: Vec<String>,
}

impl AccessToken {
    /// The API that it is for (`aud`).
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// Whether it is for `audience`. A token for another API must be refused (RFC 9068 section 4).
    #[must_use]
    pub fn is_for(&self, audience: &str) -> bool {
        self.audience == audience
    }

    /// How much memory it takes, as near as matters.
    pub(crate) fn bytes(&self) -> usize {
        /// What an allocation costs beside its content.
        const EACH: usize = 40;
        let texts = self.authentication.iter().flat_map(|how| how.amr.iter().chain(&how.acr)).map(String::as_str);
        let texts = texts.chain(self.scope.iter()).chain([&*self.subject, self.client.as_str(), &*self.audience]);
        // The key that it may be bound to is named by a thumbprint.
        let key = self.confirmation.as_ref().map_or(0, |_| EACH + 43);
        size_of::<Self>() + key + texts.map(|text| EACH + text.len()).sum::<usize>()
    }

    /// What the revocation log knows it by.
    #[must_use]
    pub fn facts(&self) -> TokenFacts {
        TokenFacts {
            token: self.id,
            grant: self.grant,
            session: self.session,
            user: self.user,
            client: self.client.clone(),
            minted_at: self.minted_at,
        }
    }
}

/// What an ID token of ours tells when an application gives it back as a hint. It may have expired; it grants nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// Who signed in, by whatever `sub`; nobody where it is no person of ours.
    pub user: Option<UserId>,
    /// The application it was given to (`aud`).
    pub client: ClientId,
    /// The browser session (`sid`).
    pub session: Option<PublicSessionId>,
    /// When the person had signed in.
    pub auth_time: Option<Timestamp>,
    /// When it was minted, to the second.
    pub issued_at: Timestamp,
    /// When it expires, or did.
    pub expires_at: Timestamp,
}
