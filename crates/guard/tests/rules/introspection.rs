//! Tokens about which the provider is asked.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{API, api::Api, in_touch, provider::Provider};

#[tokio::test]
async fn an_opaque_token_is_asked_about_once_a_minute() {
    let (provider, api) = in_touch().await;
    let token = provider.opaque("opaque", json!({}));
    for _ in 0..5 {
        api.takes(&token).await;
    }
    assert_eq!(provider.asked("/introspect"), 1);
    let expected = format!("Basic {}", STANDARD.encode("api:a+secret"));
    assert_eq!(provider.state(|state| state.authorization.clone()), Some(expected));
    // The stream must speak for that time to be in touch.
    for _ in 0..2 {
        provider.clock.advance(Duration::from_secs(29));
        provider.tell(": still here\n\n").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        api.takes(&token).await;
    }
    assert_eq!(provider.asked("/introspect"), 1);
    provider.clock.advance(Duration::from_secs(2));
    api.takes(&token).await;
    assert_eq!(provider.asked("/introspect"), 2);
}

#[tokio::test]
async fn a_token_that_is_not_active_is_refused_and_not_asked_about_again_at_once() {
    let (provider, api) = in_touch().await;
    for _ in 0..3 {
        api.refuses("unknown").await;
    }
    assert_eq!(provider.asked("/introspect"), 1);
    provider.clock.advance(Duration::from_secs(5));
    api.refuses("unknown").await;
    assert_eq!(provider.asked("/introspect"), 2);
}

#[tokio::test]
async fn a31_an_active_token_for_another_api_is_refused() {
    let (provider, api) = in_touch().await;
    for (name, changes) in [
        ("other", json!({ "aud": "https://other.example" })),
        ("nobody", json!({ "aud": null })),
        ("foreign", json!({ "iss": "https://evil.example" })),
        ("expired", json!({ "exp": 1 })),
        ("odd", json!({ "active": "true" })),
        ("no", json!({ "active": false })),
    ] {
        api.refuses(&provider.opaque(name, changes)).await;
    }
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_503_and_not_a_bad_token() {
    let (provider, api) = in_touch().await;
    let token = provider.opaque("opaque", json!({}));
    provider.state(|state| state.down = true);
    let answer = api.get("/who", &token).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (503, "temporarily_unavailable"));
    provider.state(|state| state.down = false);
    api.takes(&token).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_requests_with_one_new_token_ask_once() {
    let (provider, api) = in_touch().await;
    let (token, api) = (provider.opaque("opaque", json!({})), std::sync::Arc::new(api));
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (api, token) = (api.clone(), token.clone());
            tokio::spawn(async move { api.takes(&token).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(provider.asked("/introspect"), 1);
}

#[tokio::test]
async fn one_can_have_every_token_asked_about() {
    let provider = Provider::start().await;
    let guard = provider.guard().client("api", "a secret".to_owned()).introspect_always().build().unwrap();
    let api = Api::new(guard);
    let jwt = provider.token(json!({}));
    api.refuses(&jwt).await;
    assert_eq!((provider.asked("/introspect"), provider.asked("/jwks")), (1, 0));
    let told = provider.opaque("x", json!({}));
    api.takes(&told).await;
}

#[tokio::test]
async fn permissions_are_the_tokens_or_else_the_providers_and_their_names_are_no_patterns() {
    let (provider, api) = in_touch().await;
    let viewer = provider.opaque("viewer", json!({ "permissions": ["billing.view_invoice", "billing.pay"] }));
    assert_eq!(api.get("/invoice", &viewer).await.status, 200);
    assert_eq!(api.get("/rights", &viewer).await.body, "billing.view_invoice billing.pay");
    for (name, permissions) in [
        ("none", json!([])),
        ("unsaid", json!(null)),
        ("star", json!(["*"])),
        ("app", json!(["billing.*", "billing", "billing.view_invoice2", "Billing.view_invoice", "*.*"])),
    ] {
        let answer = api.get("/invoice", &provider.opaque(name, json!({ "permissions": permissions }))).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (403, "insufficient_scope"), "{name}");
        assert!(answer.challenge("Bearer").contains("the permission billing.view_invoice is needed"), "{answer:?}");
    }
}

#[tokio::test]
async fn permissions_of_a_jwt_are_asked_about() {
    let (provider, api) = in_touch().await;
    let jwt = provider.token(json!({}));
    api.takes(&jwt).await;
    assert_eq!(provider.asked("/introspect"), 0);
    let said = provider.claims(json!({ "active": true, "permissions": ["billing.view_invoice"] }));
    provider.state(|state| state.introspection.insert(jwt.clone(), said));
    for _ in 0..3 {
        assert_eq!(api.get("/invoice", &jwt).await.status, 200);
    }
    assert_eq!(provider.asked("/introspect"), 1);
}

#[tokio::test]
async fn permissions_that_nobody_can_know_are_an_error_of_the_apis_and_never_granted() {
    let (provider, api) = crate::alone().await;
    let answer = api.get("/invoice", &provider.token(json!({}))).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (500, "server_error"));
    let within = provider.token(json!({ "permissions": ["billing.view_invoice"], "aud": API }));
    assert_eq!(api.get("/invoice", &within).await.status, 200);
}
