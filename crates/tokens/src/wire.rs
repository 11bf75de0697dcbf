//! Claims as they stand in a token.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use vestibule_core::{ClientId, GrantId, PublicSessionId, ScopeSet, Timestamp, TokenId, UserId};
use vestibule_jose::Algorithm;

use crate::{
    AccessToken, AccessTokenClaims, Actor, Authentication, Confirmation, IdTokenClaims, IdTokenHint, LogoutTokenClaims,
    TokenError, at_hash,
};

/// The claims of an access token (RFC 9068 section 2.2), `grant_id` being our own.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AccessTokenWire {
    pub(crate) iss: String,
    sub: String,
    aud: String,
    client_id: ClientId,
    #[serde(default, skip_serializing_if = "ScopeSet::is_empty")]
    scope: ScopeSet,
    iat: i64,
    exp: i64,
    jti: TokenId,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    amr: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<PublicSessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_id: Option<GrantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<Actor>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    userinfo_claims: Vec<String>,
}

impl AccessTokenWire {
    pub(crate) fn new(iss: &str, sub: String, claims: AccessTokenClaims, jti: TokenId, now: Timestamp) -> Self {
        let (auth_time, acr, amr) = match claims.authentication {
            Some(how) => (Some(how.time.seconds()), how.acr, how.amr),
            None => (None, None, Vec::new()),
        };
        Self {
            iss: iss.to_owned(),
            sub,
            aud: claims.audience,
            client_id: claims.client,
            scope: claims.scope,
            iat: now.seconds(),
            exp: (now + claims.lifetime).seconds(),
            jti,
            auth_time,
            acr,
            amr,
            sid: claims.session,
            grant_id: claims.grant,
            cnf: claims.confirmation,
            act: claims.actor,
            userinfo_claims: claims.userinfo_claims,
        }
    }

    pub(crate) fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.exp)
    }

    /// In our own types. A `jti` without its millisecond is none of ours. `person` says whose a `sub` is.
    pub(crate) fn into_token(self, person: impl FnOnce(&str) -> Option<UserId>) -> Result<AccessToken, TokenError> {
        let minted_at = self.jti.minted_at().ok_or(TokenError::Malformed)?;
        let is_client = self.sub == self.client_id.as_str();
        let user = if is_client { None } else { person(&self.sub) };
        Ok(AccessToken {
            id: self.jti,
            user,
            expires_at: self.expires_at(),
            subject: self.sub,
            client: self.client_id,
            scope: self.scope,
            authentication: self.auth_time.map(|time| Authentication {
                time: Timestamp::from_seconds(time),
                acr: self.acr,
                amr: self.amr,
            }),
            session: self.sid,
            grant: self.grant_id,
            confirmation: self.cnf,
            actor: self.act,
            userinfo_claims: self.userinfo_claims,
            minted_at,
            audience: self.aud,
        })
    }
}

/// Claims about a person, signed (OpenID Connect Core section 5.3.2).
#[derive(Serialize)]
pub(crate) struct UserinfoWire<'a> {
    pub(crate) iss: &'a str,
    pub(crate) aud: &'a ClientId,
    #[serde(flatten)]
    pub(crate) told: &'a Map<String, Value>,
}

/// An answer about a token, signed (RFC 9701 section 5).
#[derive(Serialize)]
pub(crate) struct IntrospectionWire<'a, A> {
    pub(crate) iss: &'a str,
    pub(crate) aud: &'a ClientId,
    pub(crate) iat: i64,
    pub(crate) token_introspection: &'a A,
}

/// The claims of a logout token (OpenID Connect Back-Channel Logout section 2.4). There is no `nonce` among them, so that it is
/// taken for no ID token.
#[derive(Serialize)]
pub(crate) struct LogoutWire<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a ClientId,
    iat: i64,
    exp: i64,
    jti: TokenId,
    sid: PublicSessionId,
    events: Value,
}

impl<'a> LogoutWire<'a> {
    pub(crate) fn new(iss: &'a str, sub: String, claims: &'a LogoutTokenClaims, jti: TokenId, now: Timestamp) -> Self {
        Self {
            iss,
            sub,
            aud: &claims.client,
            iat: now.seconds(),
            exp: (now + claims.lifetime).seconds(),
            jti,
            sid: claims.session,
            events: json!({ "http://schemas.openid.net/event/backchannel-logout": {} }),
        }
    }
}

/// Claims of the protocol: no claim about a person takes the place of one, even where it is left out.
const PROTOCOL_CLAIMS: [&str; 17] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "nbf",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "sid",
    "at_hash",
    "c_hash",
    "s_hash",
    "cnf",
];

/// The claims of an ID token (OpenID Connect Core section 2), with what else is said of the person.
pub(crate) fn id_token(
    iss: &str,
    sub: String,
    claims: IdTokenClaims,
    algorithm: Algorithm,
    now: Timestamp,
) -> Map<String, Value> {
    let mut map = claims.extra;
    map.retain(|name, _| !PROTOCOL_CLAIMS.contains(&name.as_str()));
    let hash = |of: Option<String>| of.map(|text| Value::from(at_hash(&text, algorithm)));
    let said: [(&str, Option<Value>); 13] = [
        ("iss", Some(iss.into())),
        ("sub", Some(sub.into())),
        ("aud", Some(claims.client.as_str().into())),
        ("iat", Some(now.seconds().into())),
        ("exp", Some((now + claims.lifetime).seconds().into())),
        ("auth_time", Some(claims.authentication.time.seconds().into())),
        ("nonce", claims.nonce.map(Value::from)),
        ("acr", claims.authentication.acr.map(Value::from)),
        ("amr", Some(claims.authentication.amr).filter(|amr| !amr.is_empty()).map(Value::from)),
        ("sid", claims.session.map(|sid| sid.to_string().into())),
        ("at_hash", hash(claims.access_token)),
        ("c_hash", hash(claims.code)),
        ("s_hash", hash(claims.state)),
    ];
    map.extend(said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    map
}

/// What an ID token of ours is read for when it comes back as a hint.
#[derive(Deserialize)]
pub(crate) struct IdTokenWire {
    pub(crate) iss: String,
    sub: String,
    aud: ClientId,
    iat: i64,
    exp: i64,
    auth_time: Option<i64>,
    sid: Option<PublicSessionId>,
}

impl IdTokenWire {
    /// In our own types. `person` says whose a `sub` is.
    pub(crate) fn into_hint(self, person: impl FnOnce(&str) -> Option<UserId>) -> IdTokenHint {
        IdTokenHint {
            user: person(&self.sub),
            client: self.aud,
            session: self.sid,
            auth_time: self.auth_time.map(Timestamp::from_seconds),
            issued_at: Timestamp::from_seconds(self.iat),
            expires_at: Timestamp::from_seconds(self.exp),
        }
    }
}
