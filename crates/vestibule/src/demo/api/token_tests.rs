//! The checks of an access token, each with a token that fails only that one. Signed with aws-lc, verified by the library.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::json;

use super::*;

const ISSUER: &str = "http://localhost:8080";
const API: &str = "http://127.0.0.1:8082";
const NOW: i64 = 1_800_000_000;

struct Provider(EcdsaKeyPair);

impl Provider {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let [x, y] = [&point[1..33], &point[33..]].map(|half| URL_SAFE_NO_PAD.encode(half));
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "key", "x": x, "y": y })
    }

    fn keys(&self) -> CoreJsonWebKeySet {
        serde_json::from_value(json!({ "keys": [self.jwk()] })).unwrap()
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn header() -> Value {
    json!({ "alg": "ES256", "typ": "at+jwt", "kid": "key" })
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": "alice", "aud": API, "exp": NOW + 60, "client_id": "app", "scope": "openid notes.read",
    })
}

/// `value` with one member changed, or taken away by null.
fn with(mut value: Value, member: &str, changed: Value) -> Value {
    match changed {
        Value::Null => _ = value.as_object_mut().unwrap().remove(member),
        changed => value[member] = changed,
    }
    value
}

fn checked(header: &Value, claims: &Value) -> Result<Bearer, Refusal> {
    let provider = Provider::new();
    check_against(&provider, &provider.sign(header, claims))
}

fn check_against(provider: &Provider, token: &str) -> Result<Bearer, Refusal> {
    let now = Timestamp::from_seconds(NOW);
    check(token, &provider.keys(), &Expected { issuer: ISSUER, audience: API, scope: "notes.read", now })
}

#[test]
fn a_token_for_this_api_opens_it() {
    let bearer = Bearer { subject: "alice".into(), client_id: "app".into() };
    assert_eq!(checked(&header(), &claims()), Ok(bearer.clone()));
    assert_eq!(checked(&header(), &with(claims(), "aud", json!(["other", API]))), Ok(bearer.clone()));
    assert_eq!(checked(&with(header(), "typ", json!("application/at+JWT")), &claims()), Ok(bearer));
}

#[test]
fn a_token_for_another_audience_is_refused() {
    for other in [json!("http://127.0.0.1:8083"), json!(format!("{API}/")), json!(["app"]), json!([])] {
        assert_eq!(checked(&header(), &with(claims(), "aud", other)), Err(Refusal::WrongAudience));
    }
}

#[test]
fn a_token_of_another_issuer_is_refused() {
    let claims = with(claims(), "iss", json!("http://localhost:8080/"));
    assert_eq!(checked(&header(), &claims), Err(Refusal::WrongIssuer));
}

#[test]
fn a_token_is_refused_from_the_second_that_it_expires() {
    assert_eq!(checked(&header(), &with(claims(), "exp", json!(NOW))), Err(Refusal::Expired));
    assert_eq!(checked(&header(), &with(claims(), "exp", Value::Null)), Err(Refusal::Malformed));
    assert_eq!(checked(&header(), &with(claims(), "nbf", json!(NOW + 1))), Err(Refusal::TooEarly));
}

#[test]
fn an_id_token_is_no_access_token() {
    for typ in [json!("JWT"), Value::Null, json!("logout+jwt")] {
        assert_eq!(checked(&with(header(), "typ", typ), &claims()), Err(Refusal::NotAnAccessToken));
    }
}

#[test]
fn the_key_chooses_the_algorithm() {
    for alg in ["none", "HS256", "RS256", "ES384"] {
        assert_eq!(checked(&with(header(), "alg", json!(alg)), &claims()), Err(Refusal::WrongAlgorithm), "{alg}");
    }
}

#[test]
fn a_token_without_a_signature_is_refused() {
    let provider = Provider::new();
    let token = provider.sign(&header(), &claims());
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(check_against(&provider, &format!("{signed}.")), Err(Refusal::WrongSignature));
    assert_eq!(check_against(&provider, signed), Err(Refusal::Malformed));
}

#[test]
fn a_signature_of_another_key_does_not_hold() {
    let token = Provider::new().sign(&header(), &claims());
    assert_eq!(check_against(&Provider::new(), &token), Err(Refusal::WrongSignature));
}

#[test]
fn a_key_that_the_issuer_does_not_publish_is_unknown() {
    for kid in [json!("other"), Value::Null] {
        assert_eq!(checked(&with(header(), "kid", kid), &claims()), Err(Refusal::UnknownKey));
    }
}

#[test]
fn a_critical_header_is_not_passed_over() {
    assert_eq!(checked(&with(header(), "crit", json!(["exp"])), &claims()), Err(Refusal::Critical));
}

#[test]
fn the_scope_must_be_among_the_tokens_scopes_as_a_whole_word() {
    for scope in [json!("openid"), json!("notes.read.all"), Value::Null] {
        assert_eq!(checked(&header(), &with(claims(), "scope", scope)), Err(Refusal::MissingScope));
    }
}

#[test]
fn what_is_no_jwt_is_malformed() {
    for text in ["", "a.b", "a.b.c", "....", &"x".repeat(LONGEST_TOKEN + 1)] {
        assert_eq!(check_against(&Provider::new(), text), Err(Refusal::Malformed), "{}", text.len());
    }
}
