//! JWTs that are verified here: each rule of RFC 9068 section 4 and RFC 8725, by what it refuses.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestibule_guard::Algorithm;
use vestibule_jose::{EncodedHeader, SecretKey, sign};

use crate::{alone, api::Call, provider::new_key};

#[tokio::test]
async fn a_good_token_tells_whose_it_is() {
    let (provider, api) = alone().await;
    let token = provider.token(json!({}));
    api.takes(&token).await;
    assert_eq!(api.get("/all", &token).await.body, "alice for app: notes:read");
    api.takes(&provider.token(json!({ "aud": ["https://other.example", crate::API] }))).await;
    assert_eq!(provider.asked("/jwks"), 1);
}

#[tokio::test]
async fn a31_another_audience_and_another_issuer_are_refused() {
    let (provider, api) = alone().await;
    for aud in [json!("https://other.example"), json!([]), json!(null), json!("https://api.example/")] {
        api.refuses(&provider.token(json!({ "aud": aud }))).await;
    }
    for iss in [json!("https://evil.example"), json!(format!("{}/", provider.issuer)), json!(null)] {
        api.refuses(&provider.token(json!({ "iss": iss }))).await;
    }
}

#[tokio::test]
async fn a31_an_id_token_and_whatever_else_is_no_access_token_are_refused() {
    let (provider, api) = alone().await;
    for typ in [json!("JWT"), json!(null), json!("dpop+jwt"), json!("logout+jwt"), json!("at+jwt2")] {
        api.refuses(&provider.signed(json!({ "typ": typ }), json!({}))).await;
    }
    api.takes(&provider.signed(json!({ "typ": "application/at+jwt" }), json!({}))).await;
}

#[tokio::test]
async fn a_token_that_lacks_what_each_has_is_refused() {
    let (provider, api) = alone().await;
    for name in ["sub", "client_id", "exp", "iat", "jti"] {
        api.refuses(&provider.token(json!({ (name): null }))).await;
    }
}

#[tokio::test]
async fn it_expires_also_where_it_was_seen_before() {
    let (provider, api) = alone().await;
    let token = provider.token(json!({}));
    api.takes(&token).await;
    provider.clock.advance(Duration::from_secs(590));
    api.takes(&token).await;
    provider.clock.advance(Duration::from_secs(16));
    api.refuses(&token).await;
    let later = provider.clock.now().seconds() + 60;
    api.refuses(&provider.token(json!({ "nbf": later }))).await;
    api.refuses(&provider.token(json!({ "iat": later }))).await;
}

#[tokio::test]
async fn a40_a_token_without_a_signature_is_refused_whatever_its_algorithm_is_called() {
    let (provider, api) = alone().await;
    let claims = URL_SAFE_NO_PAD.encode(provider.claims(json!({})).to_string());
    for algorithm in ["none", "None", "nOnE", "", "HS256", "ES256"] {
        let header = json!({ "alg": algorithm, "typ": "at+jwt", "kid": provider.key.public().kid() });
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        for signature in ["", "AA"] {
            api.refuses(&format!("{header}.{claims}.{signature}")).await;
        }
    }
}

#[tokio::test]
async fn a41_the_public_key_is_no_secret_to_sign_with() {
    let (provider, api) = alone().await;
    let jwk = provider.key.public().jwk().to_json();
    let point = |name: &str| URL_SAFE_NO_PAD.decode(jwk[name].as_str().unwrap()).unwrap();
    for secret in [jwk.to_string().into_bytes(), [point("x"), point("y")].concat()] {
        let secret = SecretKey::new(Algorithm::Hs256, &secret).unwrap();
        for kid in [provider.key.public().kid(), None] {
            let header = EncodedHeader::new(Algorithm::Hs256, kid, "at+jwt");
            api.refuses(&sign(&secret, &header, &provider.claims(json!({}))).unwrap()).await;
        }
    }
}

#[tokio::test]
async fn a41_only_the_algorithms_that_are_named_are_taken() {
    let (provider, _) = alone().await;
    let (es256, p384) = (provider.token(json!({})), new_key(Algorithm::Es384));
    provider.state(|state| state.keys.push(p384.public().jwk().to_json()));
    let header = EncodedHeader::new(Algorithm::Es384, p384.public().kid(), "at+jwt");
    let es384 = sign(&p384, &header, &provider.claims(json!({}))).unwrap();
    let only = |algorithm| crate::Api::new(provider.guard().algorithms([algorithm]).build().unwrap());
    only(Algorithm::Es256).takes(&es256).await;
    only(Algorithm::Es256).refuses(&es384).await;
    only(Algorithm::Es384).takes(&es384).await;
    only(Algorithm::Es384).refuses(&es256).await;
}

#[tokio::test]
async fn a42_no_header_leads_to_another_key() {
    let (provider, api) = alone().await;
    let evil = new_key(Algorithm::Es256);
    let own = json!({ "alg": "ES256", "typ": "at+jwt", "jwk": evil.public().jwk().to_json() });
    for kid in [json!(null), json!(provider.key.public().kid()), json!("../../etc/passwd"), json!("' OR 1=1")] {
        let header = crate::with(own.clone(), json!({ "kid": kid, "jku": "http://localhost:1/jwks" }));
        api.refuses(&sign(&evil, &EncodedHeader::from_json(&header), &provider.claims(json!({}))).unwrap()).await;
    }
    api.refuses(&provider.signed(json!({ "crit": ["exp"] }), json!({}))).await;
}

#[tokio::test]
async fn a40_a_token_that_was_changed_in_any_part_is_refused() {
    let (provider, api) = alone().await;
    let token = provider.token(json!({}));
    let [header, claims, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let mut more: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    more["scope"] = json!("notes:read notes:write");
    let more = URL_SAFE_NO_PAD.encode(more.to_string());
    let backwards: String = signature.chars().rev().collect();
    for changed in [
        format!("{header}.{more}.{signature}"),
        format!("{header}.{claims}.{backwards}"),
        format!("{header}.{claims}.{}", "A".repeat(86)),
        format!("{header}.{claims}."),
        format!("{token}A"),
    ] {
        api.refuses(&changed).await;
    }
    api.takes(&token).await;
}

#[tokio::test]
async fn a39_what_is_no_token_is_refused_before_anybody_is_asked() {
    let (provider, api) = alone().await;
    for odd in ["a", "a.b.c", "..", "a.b", "a.b.c.d", &"a".repeat(16_000)] {
        api.refuses(odd).await;
    }
    assert_eq!(provider.asked("/jwks") + provider.asked("/introspect"), 0);
    let long = api.call(Call::get("/who").bearer(&"a".repeat(20_000))).await;
    assert_eq!((long.status.as_u16(), long.error().as_str()), (400, "invalid_request"));
}

#[tokio::test]
async fn an_opaque_token_is_refused_where_there_is_nobody_to_ask() {
    let (provider, api) = alone().await;
    api.refuses(&provider.opaque("opaque", json!({}))).await;
    assert_eq!(provider.asked("/introspect"), 0);
}
