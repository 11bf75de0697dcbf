//! What is said of a token, in the words of RFC 7662 section 2.2.

use serde::{Serialize, Serializer, ser::SerializeMap};
use vestibule_core::{ClientId, GrantId, PublicSessionId, ScopeSet, TokenId};
use vestibule_tokens::{AccessToken, Confirmation};

use super::Told;
use crate::grants::Kept;

/// What is said of a token.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Nothing but that it is not good, whatever the reason.
    Inactive,
    /// It is good.
    Active(Box<Active>),
}

/// What is said of a good token: what stands in it, and what its person may do at this moment.
#[derive(Clone, Debug, Serialize)]
pub struct Active {
    active: bool,
    iss: String,
    sub: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    client_id: ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "ScopeSet::is_empty")]
    scope: ScopeSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<TokenId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<String>,
    /// The key that whoever presents the token must prove to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    /// What entries of the log of revocations may name it by, for those who keep this answer for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<PublicSessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_id: Option<GrantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<String>>,
}

impl Answer {
    pub(super) fn of(issuer: &str, token: &AccessToken, told: Told) -> Self {
        let how = token.authentication.as_ref();
        Self::Active(Box::new(Active {
            active: true,
            iss: issuer.to_owned(),
            sub: token.subject.clone(),
            aud: Some(token.audience().to_owned()),
            client_id: token.client.clone(),
            username: told.username,
            scope: token.scope.clone(),
            token_type: Some(Confirmation::token_type(token.confirmation.as_ref())),
            iat: token.minted_at.seconds(),
            exp: token.expires_at.seconds(),
            jti: Some(token.id),
            auth_time: how.map(|how| how.time.seconds()),
            acr: how.and_then(|how| how.acr.clone()),
            amr: how.map(|how| how.amr.clone()).unwrap_or_default(),
            cnf: token.confirmation.clone(),
            sid: token.session,
            grant_id: token.grant,
            groups: told.groups,
            permissions: told.permissions,
        }))
    }

    /// Of a refresh token: it has no audience but us, and no type that a resource server could use it by.
    pub(super) fn of_grant(issuer: &str, sub: String, kept: Kept, username: Option<String>) -> Self {
        Self::Active(Box::new(Active {
            active: true,
            iss: issuer.to_owned(),
            sub,
            aud: None,
            client_id: kept.client,
            username,
            scope: kept.scope,
            token_type: None,
            iat: kept.granted_at.seconds(),
            exp: kept.ends_at.seconds(),
            jti: None,
            auth_time: Some(kept.authentication.time.seconds()),
            acr: kept.authentication.acr,
            amr: kept.authentication.amr,
            cnf: kept.confirmation,
            sid: kept.session,
            grant_id: Some(kept.id),
            groups: None,
            permissions: None,
        }))
    }

    /// Whether the token is good.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Active(_))
    }
}

impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Active(active) => active.serialize(serializer),
            Self::Inactive => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("active", &false)?;
                map.end()
            }
        }
    }
}
