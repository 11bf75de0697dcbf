//! `max_age`: how long ago a person may have signed in at most.

use std::time::Duration;

use serde_json::Value;
use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, Person, TestApp, ThirdParty};

use crate::{error_at_once, scene};

fn max_age(value: &str) -> impl FnOnce(AuthorizeRequest) -> AuthorizeRequest {
    move |request| request.set("max_age", value)
}

/// A browser at which alice signed in for `client`, and the `auth_time` of that.
async fn signed_in(app: &TestApp, alice: &Person, client: &ThirdParty) -> (Browser, i64) {
    let mut browser = app.browser_of(alice);
    let answer = browser.authorize(client, max_age("15000")).await;
    let time = auth_time(&client.redeem(&answer).await.id_claims());
    (browser, time)
}

fn auth_time(claims: &Value) -> i64 {
    claims["auth_time"].as_i64().expect("auth_time is a number")
}

#[tokio::test]
async fn a_sign_in_that_is_too_old_is_done_again_and_auth_time_says_so() {
    let (app, alice, client) = scene().await;
    let (mut browser, first) = signed_in(&app, &alice, &client).await;
    app.clock().advance(Duration::from_secs(2));
    let request = max_age("1")(client.request());
    let page = browser.open(&request.url()).await;
    assert!(page.find_form("login").is_some(), "{page}");
    let answer = browser.finish(page, &request).await;
    assert!(auth_time(&client.redeem(&answer).await.id_claims()) >= first + 2);
}

#[tokio::test]
async fn a_sign_in_that_is_young_enough_is_not_done_again() {
    let (app, alice, client) = scene().await;
    let (mut browser, first) = signed_in(&app, &alice, &client).await;
    app.clock().advance(Duration::from_secs(9_000));
    let request = max_age("10000")(client.request());
    let answer = Answer::read(&browser.open(&request.url()).await, &request);
    assert_eq!(auth_time(&client.redeem(&answer).await.id_claims()), first);
}

#[tokio::test]
async fn nought_always_asks_and_asks_once() {
    let (app, alice, client) = scene().await;
    let (mut browser, _) = signed_in(&app, &alice, &client).await;
    let request = max_age("0")(client.request());
    let page = browser.open(&request.url()).await;
    assert!(page.find_form("login").is_some(), "{page}");
    let page = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    Answer::read(&page, &request).code();
}

#[tokio::test]
async fn a_sign_in_for_this_request_is_not_too_old_for_it_however_long_consent_takes() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let request = max_age("1")(client.request());
    let page = browser.open(&request.url()).await;
    let page = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    let page = browser.follow(page).await;
    app.clock().advance(Duration::from_secs(30));
    browser.finish(page, &request).await.code();
}

#[tokio::test]
async fn too_old_and_no_page_wanted_is_login_required() {
    let (app, alice, client) = scene().await;
    let (mut browser, _) = signed_in(&app, &alice, &client).await;
    app.clock().advance(Duration::from_secs(2));
    for age in ["0", "1"] {
        let request = max_age(age)(client.request()).set("prompt", "none");
        assert_eq!(Answer::read(&browser.get(&request.url()).await, &request).error(), "login_required");
    }
}

#[tokio::test]
async fn what_is_no_number_of_seconds_is_refused() {
    let (app, _, client) = scene().await;
    for value in ["-1", "+1", "1.5", "1e3", "abc", " 1", "0x10", "１"] {
        assert_eq!(error_at_once(&app, &client, max_age(value)).await, "invalid_request", "{value:?}");
    }
}

#[tokio::test]
async fn an_age_that_nobody_exceeds_asks_nobody() {
    let (app, alice, client) = scene().await;
    let (mut browser, _) = signed_in(&app, &alice, &client).await;
    for value in ["99999999999999999999999999", "18446744073709551615", ""] {
        let request = max_age(value)(client.request());
        Answer::read(&browser.open(&request.url()).await, &request).code();
    }
}

#[tokio::test]
async fn the_age_that_an_application_registered_holds_where_its_request_does_not_say() {
    let app = TestApp::start().await;
    let spec = ClientSpec::default().with(|new| new.metadata.default_max_age = Some(60));
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    let (mut browser, _) = signed_in(&app, &alice, &client).await;
    app.clock().advance(Duration::from_secs(61));
    let page = browser.begin(&client, |request| request).await;
    assert!(page.find_form("login").is_some(), "{page}");
    assert!(browser.begin(&client, max_age("3600")).await.is_redirect());
}
