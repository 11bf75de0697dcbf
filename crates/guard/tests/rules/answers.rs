//! What is answered where something is missing, and what an API tells of itself.

use serde_json::{Value, json};

use crate::{API, alone, api::Call};

const METADATA: &str = "resource_metadata=\"https://api.example/.well-known/oauth-protected-resource\"";

#[tokio::test]
async fn without_a_token_the_answer_says_how_to_get_one_and_no_error() {
    let (_provider, api) = alone().await;
    for call in [Call::get("/who"), Call::get("/who").header("authorization", "Basic YTpi")] {
        let answer = api.call(call).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (401, ""));
        assert_eq!(answer.challenge("Bearer"), format!("Bearer {METADATA}"));
        assert_eq!(answer.challenge("DPoP"), format!("DPoP algs=\"ES256 PS256 EdDSA\", {METADATA}"));
    }
}

#[tokio::test]
async fn a_malformed_header_is_invalid_request() {
    let (provider, api) = alone().await;
    let token = provider.token(json!({}));
    let twice = api.call(Call::get("/who").bearer(&token).bearer(&token)).await;
    assert_eq!((twice.status.as_u16(), twice.error().as_str()), (400, "invalid_request"));
}

#[tokio::test]
async fn a_token_in_the_query_is_none() {
    let (_provider, api) = alone().await;
    assert_eq!(api.call(Call::get("/who?access_token=a.b.c")).await.status, 401);
}

#[tokio::test]
async fn a33_a_missing_scope_is_403_and_named() {
    let (provider, api) = alone().await;
    assert_eq!(api.get("/notes", &provider.token(json!({}))).await.status, 200);
    assert_eq!(api.get("/write", &provider.token(json!({ "scope": "notes:write notes:read" }))).await.status, 200);
    for scope in [json!("notes:read"), json!("notes:read notes:writer"), json!(null)] {
        let answer = api.get("/write", &provider.token(json!({ "scope": scope }))).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (403, "insufficient_scope"));
        let challenge = answer.challenge("Bearer");
        assert!(challenge.contains("scope=\"notes:read notes:write\"") && challenge.contains(METADATA), "{challenge}");
    }
    assert_eq!(
        api.get("/nothing", &provider.token(json!({}))).await.status,
        403,
        "a requirement of nothing is a mistake"
    );
}

#[tokio::test]
async fn a_sign_in_that_is_too_old_or_too_weak_is_asked_for_again() {
    let (provider, api) = alone().await;
    let now = provider.clock.now().seconds();
    let signed_in = |ago: i64, acr: &str| provider.token(json!({ "auth_time": now - ago, "acr": acr }));
    assert_eq!(api.get("/transfer", &signed_in(10, "stronger")).await.status, 200);
    for token in [signed_in(100, "strong"), signed_in(10, "weak"), provider.token(json!({}))] {
        let answer = api.get("/transfer", &token).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "insufficient_user_authentication"));
        let challenge = answer.challenge("Bearer");
        assert!(challenge.contains("acr_values=\"strong stronger\", max_age=\"60\""), "{challenge}");
    }
}

#[tokio::test]
async fn a_route_that_asks_for_something_without_a_guard_is_closed() {
    let (provider, api) = alone().await;
    assert_eq!(api.get("/unguarded", &provider.token(json!({}))).await.status, 500);
}

#[tokio::test]
async fn the_metadata_is_there_without_a_token() {
    let (provider, api) = alone().await;
    let answer = api.call(Call::get("/.well-known/oauth-protected-resource")).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["content-type"]), (200, &"application/json".parse().unwrap()));
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((&told["resource"], &told["authorization_servers"]), (&json!(API), &json!([provider.issuer])));
    assert_eq!(api.call(Call::get("/.well-known/oauth-protected-resource").method("POST")).await.status, 405);
}
