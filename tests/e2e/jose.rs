//! Signatures and hashes of tokens, checked by the openidconnect crate with the keys that the provider publishes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    AccessToken, AccessTokenHash, JsonWebKey as _,
    core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde_json::Value;
use vestibule_tests::{JsonAnswer, TestApp, header};

/// The published keys.
pub(crate) async fn keys(app: &TestApp) -> CoreJsonWebKeySet {
    let document = JsonAnswer::of(app.wire().get("/oauth2/jwks")).await.body;
    serde_json::from_value(document).expect("a JWKS")
}

/// The `kid` of each published key, in order.
pub(crate) async fn kids(app: &TestApp) -> Vec<String> {
    let keys = keys(app).await;
    keys.keys().iter().map(|key| key.key_id().expect("a kid").to_string()).collect()
}

/// Whether the signature of `token` is by the key that its header names, with the algorithm that it names.
pub(crate) fn is_signed(token: &str, keys: &CoreJsonWebKeySet) -> bool {
    let Some((message, signature)) = token.rsplit_once('.') else { return false };
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    key_of(token, keys).verify_signature(&algorithm(token), message.as_bytes(), &signature).is_ok()
}

/// The `at_hash` of `access_token` in an ID token with the header of `id_token` (OpenID Connect Core section 3.1.3.6).
pub(crate) fn at_hash(access_token: &str, id_token: &str, keys: &CoreJsonWebKeySet) -> String {
    let token = AccessToken::new(access_token.to_owned());
    let hash = AccessTokenHash::from_token(&token, &algorithm(id_token), key_of(id_token, keys));
    hash.expect("a hash").as_str().to_owned()
}

/// A token with one of its claims changed, under the same signature.
pub(crate) fn with_claim(token: &str, name: &str, value: Value) -> String {
    with_part(token, 1, name, value)
}

/// A token with a member of its header changed, under the same signature.
pub(crate) fn with_header(token: &str, name: &str, value: Value) -> String {
    with_part(token, 0, name, value)
}

fn with_part(token: &str, index: usize, name: &str, value: Value) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let part = URL_SAFE_NO_PAD.decode(&parts[index]).expect("base64url");
    let mut part: Value = serde_json::from_slice(&part).expect("JSON");
    part[name] = value;
    parts[index] = URL_SAFE_NO_PAD.encode(part.to_string());
    parts.join(".")
}

fn key_of<'a>(token: &str, keys: &'a CoreJsonWebKeySet) -> &'a CoreJsonWebKey {
    let kid = header(token)["kid"].as_str().expect("a kid").to_owned();
    let mut found = keys.keys().iter().filter(|key| key.key_id().is_some_and(|id| **id == kid));
    let key = found.next().unwrap_or_else(|| panic!("no key {kid} is published"));
    assert!(found.next().is_none(), "{kid} is published twice");
    key
}

fn algorithm(token: &str) -> CoreJwsSigningAlgorithm {
    serde_json::from_value(header(token)["alg"].clone()).expect("an algorithm")
}
