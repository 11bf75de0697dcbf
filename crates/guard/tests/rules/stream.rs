//! Revocations, as the stream tells them.

use std::time::Duration;

use serde_json::json;

use crate::{api::Api, in_touch, provider::Provider};

/// Waits until a bearer token is refused.
async fn refused_within_a_second(api: &Api, token: &str) {
    for _ in 0..100 {
        if api.get("/who", token).await.status == 401 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the token is still taken");
}

#[tokio::test]
async fn what_was_ended_is_refused_when_the_stream_tells_whatever_the_token_is() {
    for (kind, subject) in
        [("token", "one"), ("session", "a session"), ("user", "alice"), ("client", "app"), ("consent", "alice app")]
    {
        let (provider, api) = in_touch().await;
        let (jwt, opaque) = (provider.token(json!({})), provider.opaque("opaque", json!({})));
        api.takes(&jwt).await;
        api.takes(&opaque).await;
        provider.revoke(kind, subject).await;
        refused_within_a_second(&api, &jwt).await;
        api.refuses(&opaque).await;
        assert_eq!(provider.asked("/introspect"), 1, "it is known without asking");
    }
}

#[tokio::test]
async fn what_has_nothing_to_do_with_it_is_spared() {
    let (provider, api) = in_touch().await;
    let (one, other) = (provider.token(json!({})), provider.token(json!({ "jti": "two", "sid": "another" })));
    provider.revoke("user", "bob").await;
    provider.revoke("session", "a session").await;
    refused_within_a_second(&api, &one).await;
    api.takes(&other).await;
}

#[tokio::test]
async fn what_was_ended_before_is_told_when_the_stream_begins() {
    let provider = Provider::start().await;
    provider.revoke("token", "one").await;
    let api = Api::new(provider.guard().client("api", "a secret".to_owned()).build().unwrap());
    api.guard.ready().await.unwrap();
    api.refuses(&provider.token(json!({}))).await;
    api.takes(&provider.token(json!({ "jti": "two" }))).await;
}

#[tokio::test]
async fn without_the_stream_jwts_are_asked_about_too_and_what_is_said_counts_five_seconds() {
    let (provider, api) = in_touch().await;
    let jwt = provider.token(json!({}));
    api.takes(&jwt).await;
    provider.cut_the_stream();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let said = provider.claims(json!({ "active": true }));
    provider.state(|state| state.introspection.insert(jwt.clone(), said));
    api.takes(&jwt).await;
    api.takes(&jwt).await;
    assert_eq!(provider.asked("/introspect"), 1);
    provider.state(|state| state.introspection.clear());
    provider.clock.advance(Duration::from_millis(4900));
    api.takes(&jwt).await;
    provider.clock.advance(Duration::from_millis(100));
    api.refuses(&jwt).await;
}

#[tokio::test]
async fn with_neither_stream_nor_answers_jwts_are_believed_for_thirty_seconds() {
    let (provider, api) = in_touch().await;
    let jwt = provider.token(json!({}));
    api.takes(&jwt).await;
    provider.cut_the_stream();
    provider.state(|state| state.down = true);
    tokio::time::sleep(Duration::from_millis(200)).await;
    api.takes(&jwt).await;
    provider.clock.advance(Duration::from_secs(29));
    api.takes(&jwt).await;
    provider.clock.advance(Duration::from_secs(1));
    assert_eq!(api.get("/who", &jwt).await.status, 503);
}

#[tokio::test]
async fn a_silent_stream_is_none() {
    let (provider, api) = in_touch().await;
    let jwt = provider.token(json!({}));
    api.takes(&jwt).await;
    provider.clock.advance(Duration::from_secs(29));
    api.takes(&jwt).await;
    assert_eq!(provider.asked("/introspect"), 0);
    provider.clock.advance(Duration::from_secs(1));
    api.refuses(&jwt).await;
    assert_eq!(provider.asked("/introspect"), 1);
}

#[tokio::test]
async fn the_stream_is_taken_up_where_it_broke() {
    let (provider, api) = in_touch().await;
    provider.revoke("token", "another").await;
    provider.cut_the_stream();
    provider.state(|state| state.stream_down = false);
    provider.revoke("token", "one").await;
    tokio::time::timeout(Duration::from_secs(10), async {
        while provider.asked("/oauth2/revocations") < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    api.guard.ready().await.unwrap();
    assert_eq!(provider.state(|state| state.last_event_id.clone()).as_deref(), Some("7"));
    api.refuses(&provider.token(json!({}))).await;
}

#[tokio::test]
async fn a_kind_of_entry_that_is_not_known_has_every_token_asked_about() {
    let (provider, api) = in_touch().await;
    let jwt = provider.token(json!({}));
    api.takes(&jwt).await;
    provider.revoke("device", "x").await;
    refused_within_a_second(&api, &jwt).await;
    assert!(provider.asked("/introspect") > 0);
}
