//! Refresh tokens: each is used once, a lost answer loses nothing, and two holders of one end the grant.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;
use tokio::task::JoinSet;
use vestibule_audit::{Filter, Kind, Order, Page};
use vestibule_oidc::client::AuthMethod;
use vestibule_tests::{ClientSpec, JsonAnswer, TestApp, ThirdParty, TokenRequest, Tokens};

use crate::{rows, scene_of};

pub(crate) const GRANTS: [&str; 2] = ["authorization_code", "refresh_token"];

pub(crate) fn confidential() -> ClientSpec {
    ClientSpec::default().for_grants(&GRANTS)
}

pub(crate) fn public() -> ClientSpec {
    confidential().with(|new| new.auth_method = Some(AuthMethod::None))
}

/// A provider, an application, and the tokens that alice let it have.
async fn begun(spec: ClientSpec) -> (TestApp, ThirdParty, Tokens) {
    let (app, alice, client) = scene_of(spec).await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    (app, client, tokens)
}

pub(crate) fn refresh(client: &ThirdParty, token: &str) -> TokenRequest {
    client.asks("refresh_token").add("refresh_token", token)
}

pub(crate) async fn refreshed(client: &ThirdParty, token: &str) -> Tokens {
    refresh(client, token).send().await.tokens()
}

pub(crate) fn assert_refused(answer: &JsonAnswer) {
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_grant"), "{}", answer.body);
}

pub(crate) async fn is_alive(client: &ThirdParty, tokens: &Tokens) -> bool {
    client.userinfo(&tokens.access_token).await.status == 200
}

/// How often the audit records tell of reuse.
async fn reuses(app: &TestApp) -> usize {
    let filter = Filter { kinds: vec![Kind::RefreshTokenReused], ..Filter::default() };
    let page = Page { order: Order::NewestFirst, after: None, limit: 100 };
    app.provider().audit().query(&filter, &page).await.unwrap().records.len()
}

#[tokio::test]
async fn each_use_gives_a_new_one_and_the_tokens_of_the_first() {
    let (app, client, first) = begun(confidential()).await;
    assert!(first.refresh_token.starts_with("vst_refresh_"));
    app.clock().advance(Duration::from_secs(120));
    let second = refreshed(&client, &first.refresh_token).await;
    assert_ne!(second.refresh_token, first.refresh_token);
    assert_ne!(second.access_token, first.access_token);
    assert!(is_alive(&client, &first).await && is_alive(&client, &second).await);
    let (before, after) = (first.id_claims(), second.id_claims());
    for same in ["iss", "sub", "aud", "auth_time", "sid", "acr", "amr"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!(after.get("nonce"), None);
    assert_eq!(after["iat"].as_i64().unwrap() - before["iat"].as_i64().unwrap(), 120);
    let (before, after) = (first.access_claims(), second.access_claims());
    for same in ["sub", "aud", "scope", "client_id", "sid", "grant_id", "auth_time"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    let third = refreshed(&client, &second.refresh_token).await;
    assert!(is_alive(&client, &third).await);
    assert_eq!(app.provider().grants().count().await.unwrap(), 1, "one row, however often it is used");
}

#[tokio::test]
async fn an_application_that_did_not_register_the_grant_gets_none_and_can_use_none() {
    let (app, _, tokens) = begun(confidential()).await;
    let (bob, other) = (app.user("bob").await, app.client(ClientSpec::named("Other")).await);
    let answer = app.browser_of(&bob).authorize(&other, |request| request).await;
    assert_eq!(other.redeem(&answer).await.refresh_token, "");
    assert_eq!(refresh(&other, &tokens.refresh_token).send().await.error(), "unauthorized_client");
}

#[tokio::test]
async fn a29_another_applications_try_leaves_it_alone() {
    let (app, client, tokens) = begun(confidential()).await;
    for spec in [confidential(), public()] {
        let other = app.client(spec).await;
        assert_refused(&refresh(&other, &tokens.refresh_token).send().await);
    }
    let spent = refreshed(&client, &tokens.refresh_token).await;
    app.clock().advance(Duration::from_secs(600));
    let other = app.client(public()).await;
    assert_refused(&refresh(&other, &tokens.refresh_token).send().await);
    refreshed(&client, &spent.refresh_token).await;
    assert_eq!(reuses(&app).await, 0);
    let unproved = refresh(&client, &tokens.refresh_token).without_basic().add("client_id", &client.client_id);
    assert_eq!(unproved.send().await.error(), "invalid_client");
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused_and_ends_nothing() {
    let (app, client, tokens) = begun(public()).await;
    for (odd, error) in [
        ("", "invalid_request"),
        ("x", "invalid_grant"),
        ("vst_refresh_", "invalid_grant"),
        (tokens.access_token.as_str(), "invalid_grant"),
        (tokens.id_token.as_str(), "invalid_grant"),
    ] {
        assert_eq!(refresh(&client, odd).send().await.error(), error, "{odd}");
    }
    // Another generation of the same grant, as somebody would make it who knows the grant's id from an access token.
    let mut forged = tokens.refresh_token.clone();
    forged.replace_range(forged.len() - 2.., "AA");
    assert_refused(&refresh(&client, &forged).send().await);
    assert_refused(&refresh(&client, &tokens.refresh_token.to_uppercase()).send().await);
    refreshed(&client, &tokens.refresh_token).await;
    assert_eq!(reuses(&app).await, 0);
    assert_eq!(client.asks("refresh_token").send().await.error(), "invalid_request");
}

#[tokio::test]
async fn a23_a31_a_refresh_token_is_no_code_and_no_access_token_and_a_code_is_no_refresh_token() {
    let (app, client, tokens) = begun(confidential()).await;
    assert_eq!(client.userinfo(&tokens.refresh_token).await.status, 401);
    let as_code = client.asks("authorization_code").add("code", &tokens.refresh_token);
    assert_refused(&as_code.add("redirect_uri", &client.redirect_uri).send().await);
    let bob = app.user("bob").await;
    let answer = app.browser_of(&bob).authorize(&client, |request| request).await;
    assert_refused(&refresh(&client, answer.code()).send().await);
    client.redeem(&answer).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a29_fifty_parallel_callers_hold_one_successor() {
    for spec in [confidential(), public()] {
        let (app, client, first) = begun(spec).await;
        let mut calls = JoinSet::new();
        for _ in 0..50 {
            let request = refresh(&client, &first.refresh_token);
            calls.spawn(async move { request.send().await.tokens() });
        }
        let all = calls.join_all().await;
        let successors: BTreeSet<&str> = all.iter().map(|tokens| tokens.refresh_token.as_str()).collect();
        assert_eq!(successors.len(), 1, "{successors:?}");
        let access: BTreeSet<&str> = all.iter().map(|tokens| tokens.access_token.as_str()).collect();
        assert_eq!(access.len(), 50, "each has an access token of its own");
        assert!(is_alive(&client, &first).await && is_alive(&client, &all[49]).await);
        app.clock().advance(Duration::from_secs(300));
        refreshed(&client, &all[0].refresh_token).await;
        assert_eq!((app.provider().grants().count().await.unwrap(), reuses(&app).await), (1, 0));
    }
}

#[tokio::test]
async fn a_lost_answer_loses_nothing_within_the_retry_time() {
    let (app, client, first) = begun(public()).await;
    let lost = refreshed(&client, &first.refresh_token).await;
    app.clock().advance(Duration::from_secs(55));
    let again = refreshed(&client, &first.refresh_token).await;
    assert_eq!(again.refresh_token, lost.refresh_token);
    assert!(is_alive(&client, &again).await);
}

#[tokio::test]
async fn tabs_that_are_a_step_behind_are_no_thieves_within_the_retry_time() {
    let (app, client, first) = begun(public()).await;
    let second = refreshed(&client, &first.refresh_token).await;
    let third = refreshed(&client, &second.refresh_token).await;
    app.clock().advance(Duration::from_secs(20));
    assert_eq!(refreshed(&client, &first.refresh_token).await.refresh_token, second.refresh_token);
    assert_eq!(refreshed(&client, &second.refresh_token).await.refresh_token, third.refresh_token);
    refreshed(&client, &third.refresh_token).await;
    assert_eq!(reuses(&app).await, 0);
}

#[tokio::test]
async fn a29_reuse_by_a_public_application_after_the_retry_time_ends_everything_and_is_recorded() {
    let (app, client, first) = begun(public()).await;
    let second = refreshed(&client, &first.refresh_token).await;
    app.clock().advance(Duration::from_secs(61));
    assert!(is_alive(&client, &second).await);
    assert_refused(&refresh(&client, &first.refresh_token).send().await);
    assert_refused(&refresh(&client, &second.refresh_token).send().await);
    assert!(!is_alive(&client, &second).await && !is_alive(&client, &first).await);
    assert_refused(&refresh(&client, &first.refresh_token).send().await);
    assert_eq!((app.provider().grants().count().await.unwrap(), reuses(&app).await), (0, 1));
}

#[tokio::test]
async fn an_application_with_a_secret_gets_a_fresh_one_while_the_successor_is_unused_which_dies() {
    let (app, client, first) = begun(confidential()).await;
    let lost = refreshed(&client, &first.refresh_token).await;
    app.clock().advance(Duration::from_secs(3600));
    let fresh = refreshed(&client, &first.refresh_token).await;
    assert_ne!(fresh.refresh_token, lost.refresh_token);
    assert_eq!(refreshed(&client, &first.refresh_token).await.refresh_token, fresh.refresh_token);
    let next = refreshed(&client, &fresh.refresh_token).await;
    assert_eq!(reuses(&app).await, 0);
    assert_refused(&refresh(&client, &lost.refresh_token).send().await);
    assert!(!is_alive(&client, &next).await, "two held it");
    assert_eq!(reuses(&app).await, 1);
}

#[tokio::test]
async fn a29_reuse_by_an_application_with_a_secret_ends_everything_once_the_successor_was_used() {
    let (app, client, first) = begun(confidential()).await;
    let second = refreshed(&client, &first.refresh_token).await;
    app.clock().advance(Duration::from_secs(100));
    let third = refreshed(&client, &second.refresh_token).await;
    assert_refused(&refresh(&client, &first.refresh_token).send().await);
    assert_refused(&refresh(&client, &third.refresh_token).send().await);
    assert!(!is_alive(&client, &third).await);
    assert_eq!(reuses(&app).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_parallel_replays_end_one_grant_and_are_recorded_once() {
    let (app, client, first) = begun(public()).await;
    refreshed(&client, &first.refresh_token).await;
    app.clock().advance(Duration::from_secs(61));
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let request = refresh(&client, &first.refresh_token);
        calls.spawn(async move { request.send().await });
    }
    calls.join_all().await.iter().for_each(assert_refused);
    assert_eq!(reuses(&app).await, 1);
}

#[tokio::test]
async fn the_retry_time_is_configured() {
    let app = TestApp::with(|config| config.tokens.refresh_retry = Duration::ZERO).await;
    let (alice, client) = (app.user("alice").await, app.client(public()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let first = client.redeem(&answer).await;
    refreshed(&client, &first.refresh_token).await;
    assert_refused(&refresh(&client, &first.refresh_token).send().await);
    assert_eq!(reuses(&app).await, 1);
}

#[tokio::test]
async fn a33_a_scope_may_be_narrowed_and_not_widened_and_the_grant_stays_as_wide_as_it_is() {
    let (app, alice, client) = scene_of(confidential()).await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request.set("scope", "openid email")).await;
    let first = client.redeem(&answer).await;
    for wider in ["openid email profile", "profile", "offline_access", "no\"te"] {
        let refused = refresh(&client, &first.refresh_token).add("scope", wider).send().await;
        assert_eq!(refused.error(), "invalid_scope", "{wider}");
    }
    let narrow = refresh(&client, &first.refresh_token).add("scope", "openid").send().await.tokens();
    assert_eq!((&narrow.body["scope"], &narrow.access_claims()["scope"]), (&"openid".into(), &"openid".into()));
    let bare = refresh(&client, &narrow.refresh_token).add("scope", "email").send().await.tokens();
    assert_eq!((&bare.body["scope"], bare.id_token.as_str()), (&"email".into(), ""));
    assert_eq!(refreshed(&client, &bare.refresh_token).await.body["scope"], "email openid");
}

#[tokio::test]
async fn a_refused_request_leaves_the_token_as_it_was() {
    let (app, client, first) = begun(public()).await;
    for (name, value) in [("scope", "openid email"), ("resource", "urn:example:unknown"), ("resource", "x")] {
        let refused = refresh(&client, &first.refresh_token).add(name, value).send().await;
        assert_eq!(refused.status, 400);
        app.clock().advance(Duration::from_secs(100));
    }
    refreshed(&client, &first.refresh_token).await;
    assert_eq!(reuses(&app).await, 0);
}

#[tokio::test]
async fn each_refresh_chooses_one_of_the_apis_that_were_granted() {
    const NOTES: &str = "https://notes.example";
    const MAIL: &str = "https://mail.example";
    let (app, alice, _) = scene_of(confidential()).await;
    app.api(NOTES, &["notes:read"]).await;
    app.api(MAIL, &["mail:send"]).await;
    let scope = "openid notes:read mail:send";
    let client = app.client(confidential().for_scope(scope)).await;
    let asked = |request: vestibule_tests::AuthorizeRequest| {
        request.set("scope", scope).add("resource", NOTES).add("resource", MAIL)
    };
    let answer = app.browser_of(&alice).authorize(&client, asked).await;
    let mut token = client.redeem(&answer).await.refresh_token;
    for (resource, granted) in [(NOTES, "notes:read"), (MAIL, "mail:send"), (app.issuer(), "openid")] {
        let tokens = refresh(&client, &token).add("resource", resource).send().await.tokens();
        let claims = tokens.access_claims();
        assert_eq!((&claims["aud"], &claims["scope"]), (&resource.into(), &granted.into()));
        token = tokens.refresh_token;
    }
    let refused = refresh(&client, &token).add("resource", "urn:example:other").send().await;
    assert_eq!(refused.error(), "invalid_target");
}

#[tokio::test]
async fn an_unused_one_dies_and_a_used_one_lives_to_its_end_and_no_longer() {
    let day = Duration::from_secs(86_400);
    let app = TestApp::with(|config| {
        config.tokens.refresh_idle = 4 * day;
        config.tokens.refresh_absolute = 10 * day;
    })
    .await;
    let (alice, client) = (app.user("alice").await, app.client(confidential()).await);
    let offline = |request: vestibule_tests::AuthorizeRequest| request.set("scope", "openid offline_access");
    let idle = client.redeem(&app.browser_of(&alice).authorize(&client, offline).await).await;
    let mut used = client.redeem(&app.browser_of(&alice).authorize(&client, offline).await).await;
    for _ in 0..3 {
        app.clock().advance(3 * day);
        used = refreshed(&client, &used.refresh_token).await;
    }
    assert_refused(&refresh(&client, &idle.refresh_token).send().await);
    app.clock().advance(day);
    assert_refused(&refresh(&client, &used.refresh_token).send().await);
    assert_eq!(app.provider().grants().count().await.unwrap(), 2);
    assert_eq!(app.provider().grants().sweep().await.unwrap(), 2, "and the sweep takes both away");
    assert_eq!(reuses(&app).await, 0, "an expired one is no reuse");
}

#[tokio::test]
async fn nothing_of_a_token_lies_in_the_database() {
    let (app, client, first) = begun(confidential()).await;
    let second = refreshed(&client, &first.refresh_token).await;
    for token in [first.refresh_token, second.refresh_token] {
        for row in rows(&app, "SELECT * FROM grants").await {
            assert!(!row.contains(&token) && !row.contains(&token[12..60]), "{row}");
        }
    }
}

#[tokio::test]
async fn discovery_lists_the_grants() {
    let app = TestApp::start().await;
    let document = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    let listed = |name: &str| document[name].as_array().unwrap().clone();
    for grant in ["authorization_code", "refresh_token", "client_credentials"] {
        assert!(listed("grant_types_supported").contains(&Value::from(grant)), "{grant}");
    }
    assert!(listed("scopes_supported").contains(&Value::from("offline_access")));
}
