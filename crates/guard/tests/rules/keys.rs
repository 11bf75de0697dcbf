//! The provider's keys: fetched when they are needed, not too often, and used for a while when it is down.

use std::time::Duration;

use serde_json::json;
use vestibule_guard::Algorithm;
use vestibule_jose::{EncodedHeader, sign};

use crate::{alone, api::Call, provider::new_key};

#[tokio::test]
async fn a_new_key_is_found_when_a_token_names_it() {
    let (mut provider, api) = alone().await;
    let old = provider.token(json!({}));
    api.takes(&old).await;
    provider.key = new_key(Algorithm::Es256).into();
    let jwk = provider.key.public().jwk().to_json();
    provider.state(|state| state.keys.push(jwk));
    provider.clock.advance(Duration::from_secs(10));
    api.takes(&provider.token(json!({}))).await;
    api.takes(&old).await;
    assert_eq!(provider.asked("/jwks"), 2);
}

#[tokio::test]
async fn a48_made_up_key_ids_cost_the_provider_one_request_in_ten_seconds() {
    let (provider, api) = alone().await;
    let good = provider.token(json!({}));
    api.takes(&good).await;
    provider.clock.advance(Duration::from_secs(10));
    for number in 0..50 {
        api.refuses(&provider.signed(json!({ "kid": format!("made-up-{number}") }), json!({}))).await;
    }
    assert_eq!(provider.asked("/jwks"), 2);
    provider.clock.advance(Duration::from_secs(9));
    api.refuses(&provider.signed(json!({ "kid": "again" }), json!({}))).await;
    assert_eq!(provider.asked("/jwks"), 2);
    api.takes(&good).await;
}

#[tokio::test]
async fn a_key_that_was_withdrawn_verifies_nothing_after_ten_minutes_not_even_what_was_seen_before() {
    let (provider, api) = alone().await;
    let (token, other) =
        (provider.token(json!({ "exp": provider.clock.now().seconds() + 3600 })), new_key(Algorithm::Es256));
    api.takes(&token).await;
    provider.state(|state| state.keys = vec![other.public().jwk().to_json()]);
    provider.clock.advance(Duration::from_secs(600));
    api.refuses(&token).await;
    let header = EncodedHeader::new(Algorithm::Es256, other.public().kid(), "at+jwt");
    api.takes(&sign(&other, &header, &provider.claims(json!({}))).unwrap()).await;
}

#[tokio::test]
async fn a_provider_that_is_down_is_bridged_for_an_hour_and_then_requests_are_answered_with_503() {
    let (provider, api) = alone().await;
    api.takes(&provider.token(json!({}))).await;
    provider.state(|state| state.down = true);
    provider.clock.advance(Duration::from_secs(3500));
    api.takes(&provider.token(json!({}))).await;
    provider.clock.advance(Duration::from_secs(100));
    let answer = api.get("/who", &provider.token(json!({}))).await;
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (503, "temporarily_unavailable"));
    assert_eq!((answer.headers["retry-after"].to_str().unwrap(), answer.challenge("")), ("5", String::new()));
    provider.state(|state| state.down = false);
    provider.clock.advance(Duration::from_secs(10));
    api.takes(&provider.token(json!({}))).await;
}

#[tokio::test]
async fn a_set_that_shows_a_private_key_is_not_believed() {
    let (provider, api) = alone().await;
    provider.state(|state| state.keys[0]["d"] = json!("AAAA"));
    assert_eq!(api.call(Call::get("/who").bearer(&provider.token(json!({})))).await.status, 503);
}
