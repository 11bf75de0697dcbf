//! What a good token says: the same whether it stood in the token (RFC 9068) or the provider told it (RFC 7662).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use vestibule_core::{ScopeSet, Timestamp, TokenId};
use vestibule_jose::{Audience, NumericDate, RegisteredClaims};

use crate::{
    TokenFault,
    builder::LEEWAY,
    revocations::{Facts, Named},
};

/// The claims of a token that is good here. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Claims(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    said: Map<String, Value>,
    subject: String,
    client: String,
    scopes: ScopeSet,
    permissions: Option<Box<[String]>>,
    times: RegisteredClaims,
    authenticated_at: Option<Timestamp>,
    key: Option<String>,
    certificate: Option<String>,
    facts: Facts,
}

/// Whom a token must be by and for, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) now: Timestamp,
}

/// Who said it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The token itself: RFC 9068 section 2.2 names what must stand in it.
    InTheToken,
    /// The provider, of whose making the token therefore is.
    ByTheProvider,
}

/// What is read of them. Everything else is left to [`Claims::get`].
#[derive(Deserialize)]
struct Wire {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    client_id: Option<String>,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
    jti: Option<String>,
    #[serde(default)]
    scope: ScopeSet,
    auth_time: Option<NumericDate>,
    sid: Option<String>,
    grant_id: Option<String>,
    permissions: Option<Vec<String>>,
    cnf: Option<Map<String, Value>>,
}

impl Claims {
    /// Reads claims, and holds them against what is expected.
    pub(crate) fn read(said: Map<String, Value>, by: Said, expected: Expected<'_>) -> Result<Self, TokenFault> {
        let wire: Wire =
            serde_json::from_value(Value::Object(said.clone())).map_err(|_| TokenFault::Claim("of a known name"))?;
        let issuer = wire.iss.as_deref().or((by == Said::ByTheProvider).then_some(expected.issuer));
        if issuer.ok_or(TokenFault::Claim("iss"))? != expected.issuer {
            return Err(TokenFault::Issuer);
        }
        if !wire.aud.as_ref().ok_or(TokenFault::Claim("aud"))?.contains(expected.audience) {
            return Err(TokenFault::Audience);
        }
        if by == Said::InTheToken {
            wire.exp.ok_or(TokenFault::Claim("exp"))?;
            wire.iat.ok_or(TokenFault::Claim("iat"))?;
            wire.jti.as_ref().ok_or(TokenFault::Claim("jti"))?;
        }
        let subject = wire.sub.filter(|sub| !sub.is_empty()).ok_or(TokenFault::Claim("sub"))?;
        let client = wire.client_id.filter(|id| !id.is_empty()).ok_or(TokenFault::Claim("client_id"))?;
        let (key, certificate) = confirmation(wire.cnf)?;
        let made_at = wire.jti.as_deref().and_then(|jti| jti.parse::<TokenId>().ok()?.minted_at());
        let named = Named {
            token: wire.jti.as_deref(),
            grant: wire.grant_id.as_deref(),
            session: wire.sid.as_deref(),
            subject: &subject,
            client: &client,
        };
        // Without its millisecond it counts as made at the beginning of its second: rather too dead than too alive.
        let facts = Facts::new(named, made_at.or(wire.iat.map(NumericDate::moment)));
        let claims = Self(Arc::new(Inner {
            said,
            subject,
            client,
            scopes: wire.scope,
            permissions: wire.permissions.map(Vec::into_boxed_slice),
            times: RegisteredClaims { exp: wire.exp, nbf: wire.nbf, iat: wire.iat, ..RegisteredClaims::default() },
            authenticated_at: wire.auth_time.map(NumericDate::moment),
            key,
            certificate,
            facts,
        }));
        claims.check_times(expected.now)?;
        Ok(claims)
    }

    /// Holds its times against the clock, with a little room for clocks that differ.
    pub(crate) fn check_times(&self, now: Timestamp) -> Result<(), TokenFault> {
        Ok(self.0.times.check_times(now, LEEWAY)?)
    }

    /// Whom the token is about: a person's id, which never changes and is never given to another, or the application's own
    /// where it acts for itself.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The application that the token was given to.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.0.client
    }

    /// Whether the application acts for itself, and there is no person behind the token.
    #[must_use]
    pub fn is_of_the_client(&self) -> bool {
        self.0.subject == self.0.client
    }

    /// What the token allows.
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        &self.0.scopes
    }

    /// The claim `permissions`, where there is one: what its person may do by the provider's books, as `app.codename`.
    #[must_use]
    pub fn permissions(&self) -> Option<&[String]> {
        self.0.permissions.as_deref()
    }

    /// When it expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.0.times.exp.map(NumericDate::moment)
    }

    /// When the person last proved who they are (`auth_time`).
    #[must_use]
    pub fn authenticated_at(&self) -> Option<Timestamp> {
        self.0.authenticated_at
    }

    /// The authentication context that was reached (`acr`).
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.get("acr").and_then(Value::as_str)
    }

    /// Any claim, as it was said.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.said.get(name)
    }

    /// The thumbprint of the key that it is bound to (RFC 9449 section 6.1).
    pub(crate) fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// The thumbprint of the certificate that it is bound to (RFC 8705 section 3.1).
    pub(crate) fn certificate(&self) -> Option<&str> {
        self.0.certificate.as_deref()
    }

    /// What the log of revocations knows it by.
    pub(crate) fn facts(&self) -> &Facts {
        &self.0.facts
    }

    /// About how many bytes of memory it takes: each text stands there as it was said, and those that are asked for once more.
    pub(crate) fn bytes(&self) -> usize {
        fn of(value: &Value) -> usize {
            /// A value, and what an allocation costs beside its content.
            const EACH: usize = size_of::<Value>() + 16;
            EACH + match value {
                Value::String(text) => text.len(),
                Value::Array(list) => list.iter().map(of).sum(),
                Value::Object(map) => map.iter().map(|(name, value)| EACH + name.len() + of(value)).sum(),
                _ => 0,
            }
        }
        let said: usize = self.0.said.iter().map(|(name, value)| 64 + name.len() + of(value)).sum();
        size_of::<Inner>() + 6 * 32 + 2 * said
    }
}

/// The key and the certificate that `cnf` names (RFC 7800 section 3.1). What it names besides cannot be proved here, so that
/// nobody could be told from a thief.
fn confirmation(cnf: Option<Map<String, Value>>) -> Result<(Option<String>, Option<String>), TokenFault> {
    let (mut key, mut certificate) = (None, None);
    for (name, value) in cnf.into_iter().flatten() {
        let Value::String(value) = value else { return Err(TokenFault::Confirmation) };
        match name.as_str() {
            "jkt" => key = Some(value),
            "x5t#S256" => certificate = Some(value),
            _ => return Err(TokenFault::Confirmation),
        }
    }
    Ok((key, certificate))
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;
    use vestibule_jose::ClaimsError;

    use super::*;

    pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const EXPECTED: Expected<'_> = Expected { issuer: "https://id.example", audience: "https://api.example", now: NOW };

    pub(crate) fn good() -> Value {
        json!({
            "iss": "https://id.example", "aud": "https://api.example", "sub": "alice", "client_id": "app", "jti": "one",
            "iat": NOW.seconds(), "exp": NOW.seconds() + 600, "scope": "notes:read notes:write",
        })
    }

    fn read(by: Said, change: impl FnOnce(&mut Map<String, Value>)) -> Result<Claims, TokenFault> {
        let Value::Object(mut said) = good() else { unreachable!("an object") };
        change(&mut said);
        Claims::read(said, by, EXPECTED)
    }

    pub(crate) fn claims(change: impl FnOnce(&mut Map<String, Value>)) -> Claims {
        read(Said::InTheToken, change).expect("good claims")
    }

    fn with(name: &str, value: Value) -> Result<Claims, TokenFault> {
        read(Said::InTheToken, |said| drop(said.insert(name.to_owned(), value)))
    }

    #[test]
    fn a_good_token_tells_whose_it_is_and_what_it_allows() {
        let claims = claims(|_| {});
        assert_eq!((claims.subject(), claims.client_id(), claims.is_of_the_client()), ("alice", "app", false));
        assert!(claims.scopes().contains("notes:read") && !claims.scopes().contains("notes"));
        assert_eq!((claims.permissions(), claims.acr(), claims.authenticated_at()), (None, None, None));
        assert!(with("sub", json!("app")).unwrap().is_of_the_client());
    }

    #[test]
    fn a_claim_that_each_token_has_must_be_there() {
        for name in ["iss", "aud", "sub", "client_id", "exp", "iat", "jti"] {
            let refused = read(Said::InTheToken, |said| drop(said.remove(name))).err();
            assert_eq!(refused, Some(TokenFault::Claim(name)));
        }
        assert!(
            read(Said::ByTheProvider, |said| said.retain(|name, _| !["iss", "exp", "iat", "jti"].contains(&&**name)))
                .is_ok()
        );
        let refused = read(Said::ByTheProvider, |said| drop(said.remove("aud"))).err();
        assert_eq!(refused, Some(TokenFault::Claim("aud")), "a token of the API's own client may be for another API");
    }

    #[test]
    fn another_issuer_and_another_audience_are_refused() {
        assert_eq!(with("iss", json!("https://id.example/")).err(), Some(TokenFault::Issuer));
        assert_eq!(with("aud", json!("https://other.example")).err(), Some(TokenFault::Audience));
        assert_eq!(with("aud", json!([])).err(), Some(TokenFault::Audience));
        assert!(with("aud", json!(["https://other.example", "https://api.example"])).is_ok());
        let told = read(Said::ByTheProvider, |said| drop(said.insert("iss".to_owned(), json!("https://evil.example"))));
        assert_eq!(told.err(), Some(TokenFault::Issuer));
    }

    #[test]
    fn it_holds_from_its_beginning_to_its_end_with_five_seconds_room() {
        let at = |name: &str, after: i64| with(name, json!(NOW.seconds() + after)).err();
        assert_eq!(at("exp", -4), None);
        assert_eq!(at("exp", -5), Some(TokenFault::Time(ClaimsError::Expired)));
        assert_eq!(at("nbf", 5), None);
        assert_eq!(at("nbf", 6), Some(TokenFault::Time(ClaimsError::NotYet)));
        assert_eq!(at("iat", 6), Some(TokenFault::Time(ClaimsError::MadeInTheFuture)));
    }

    #[test]
    fn claims_of_a_wrong_kind_are_refused() {
        for (name, value) in
            [("sub", json!(1)), ("exp", json!("1")), ("scope", json!(["a"])), ("permissions", json!("a.b"))]
        {
            assert!(matches!(with(name, value).err(), Some(TokenFault::Claim(_))), "{name}");
        }
    }

    #[test]
    fn a_binding_that_is_not_known_is_refused() {
        let bound = with("cnf", json!({ "jkt": "a", "x5t#S256": "b" })).unwrap();
        assert_eq!((bound.key(), bound.certificate()), (Some("a"), Some("b")));
        for odd in [json!({ "kid": "a" }), json!({ "jkt": 1 }), json!({ "jkt": "a", "jwk": {} })] {
            assert_eq!(with("cnf", odd).err(), Some(TokenFault::Confirmation));
        }
        assert!(matches!(with("cnf", json!("a")).err(), Some(TokenFault::Claim(_))));
    }
}
