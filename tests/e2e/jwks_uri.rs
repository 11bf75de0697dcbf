//! Keys that an application publishes at its `jwks_uri`.

use std::time::Duration;

use serde_json::json;
use vestibule_jose::Algorithm;
use vestibule_oidc::client::AuthMethod;
use vestibule_tests::{ClientKey, ClientSpec, KeySite, TestApp, ThirdParty};

use crate::assertions::{NOTES, asks, for_itself, provider};

/// A provider that may fetch from this machine.
async fn fetching() -> TestApp {
    let app = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
    app.api(NOTES, &["notes:read"]).await;
    app
}

fn publishing(url: &str) -> ClientSpec {
    let url = url.to_owned();
    for_itself(AuthMethod::PrivateKeyJwt).with(|new| new.metadata.jwks_uri = Some(url))
}

async fn status(app: &TestApp, client: &ThirdParty, key: &ClientKey) -> u16 {
    asks(client, &key.signs(&app.statement(client))).send().await.status.as_u16()
}

async fn begun() -> (TestApp, KeySite, ThirdParty, ClientKey) {
    let (app, key) = (fetching().await, ClientKey::new(Algorithm::Es256));
    let site = KeySite::start(&key.jwks()).await;
    let client = app.client(publishing(&site.url())).await;
    (app, site, client, key)
}

#[tokio::test]
async fn published_keys_are_fetched_once_and_again_when_they_are_old() {
    let (app, site, client, key) = begun().await;
    for _ in 0..3 {
        assert_eq!(status(&app, &client, &key).await, 200);
    }
    assert_eq!(site.asked(), 1);
    app.clock().advance(Duration::from_secs(601));
    assert_eq!(status(&app, &client, &key).await, 200);
    assert_eq!(site.asked(), 2);
}

#[tokio::test]
async fn of_fifty_first_callers_one_fetches() {
    let (app, site, client, key) = begun().await;
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let request = asks(&client, &key.signs(&app.statement(&client)));
        calls.spawn(async move { request.send().await.status.as_u16() });
    }
    assert_eq!(calls.join_all().await, [200; 50]);
    assert_eq!(site.asked(), 1);
}

#[tokio::test]
async fn a_key_that_is_new_is_found_at_once() {
    let (app, site, client, key) = begun().await;
    assert_eq!(status(&app, &client, &key).await, 200);
    let next = ClientKey::new(Algorithm::Es256);
    site.publish(&json!({ "keys": [key.jwk(), next.jwk()] }));
    assert_eq!(status(&app, &client, &next).await, 200);
    assert_eq!(status(&app, &client, &key).await, 200);
    assert_eq!(site.asked(), 2);
    let nameless = ClientKey::new(Algorithm::Es256);
    site.publish(&nameless.jwks());
    let assertion = nameless.signs_under(&json!({ "alg": "ES256" }), &app.statement(&client));
    assert_eq!(asks(&client, &assertion).send().await.status, 200, "also where the statement names no key");
}

#[tokio::test]
async fn a48_keys_that_nobody_has_make_us_fetch_at_a_pace_only() {
    let (app, site, client, key) = begun().await;
    for _ in 0..20 {
        assert_eq!(status(&app, &client, &ClientKey::new(Algorithm::Es256)).await, 401);
    }
    assert_eq!(site.asked(), 3, "within a minute");
    assert_eq!(status(&app, &client, &key).await, 200, "and those that are known go on");
    app.clock().advance(Duration::from_secs(61));
    assert_eq!(status(&app, &client, &ClientKey::new(Algorithm::Es256)).await, 401);
    assert_eq!(site.asked(), 4);
}

#[tokio::test]
async fn nothing_is_fetched_for_whoever_cannot_be_it() {
    let (app, site, client, _) = begun().await;
    let key = ClientKey::new(Algorithm::Es256);
    let other = json!({ "alg": "HS256", "kid": "x" });
    assert_eq!(asks(&client, &key.signs_under(&other, &app.statement(&client))).send().await.status, 401);
    let bare = client.asks("client_credentials");
    assert_eq!(bare.send().await.status, 401);
    assert_eq!(site.asked(), 0);
}

#[tokio::test]
async fn where_a_site_is_down_its_old_keys_hold_for_an_hour() {
    let (app, site, client, key) = begun().await;
    assert_eq!(status(&app, &client, &key).await, 200);
    site.go_down();
    app.clock().advance(Duration::from_secs(30 * 60));
    assert_eq!(status(&app, &client, &key).await, 200);
    app.clock().advance(Duration::from_secs(31 * 60));
    assert_eq!(status(&app, &client, &key).await, 401);
    site.publish(&key.jwks());
    app.clock().advance(Duration::from_secs(61));
    assert_eq!(status(&app, &client, &key).await, 200);
}

#[tokio::test]
async fn a_set_that_shows_a_private_key_or_is_none_is_not_taken() {
    let (app, site, client, key) = begun().await;
    let mut shown = key.jwk();
    shown["d"] = json!("AAAA");
    for keys in [json!({ "keys": [shown] }), json!([]), json!({ "keys": {} }), json!("keys"), json!({ "keys": [] })] {
        site.publish(&keys);
        assert_eq!(status(&app, &client, &key).await, 401, "{keys}");
        app.clock().advance(Duration::from_secs(61));
    }
}

#[tokio::test]
async fn a51_keys_in_a_network_of_ours_are_not_fetched() {
    let (app, key) = (provider().await, ClientKey::new(Algorithm::Es256));
    let site = KeySite::start(&key.jwks()).await;
    for url in [site.url(), site.url().replace("http://", "https://"), site.url().replace("127.0.0.1", "localhost")] {
        let client = app.client(publishing(&url)).await;
        let answer = asks(&client, &key.signs(&app.statement(&client))).send().await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client"), "{url}");
        assert_eq!(answer.body["error_description"], "the client did not prove itself", "{url}");
    }
    assert_eq!(site.asked(), 0);
}
