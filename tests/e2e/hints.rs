//! `login_hint` and `id_token_hint`: they help the right person along, and grant nothing.

use std::time::Duration;

use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, TestApp, claims, unsigned};

use crate::{error_at_once, scene};

fn hint(token: &str) -> impl FnOnce(AuthorizeRequest) -> AuthorizeRequest {
    move |request| request.set("id_token_hint", token)
}

#[tokio::test]
async fn a_login_hint_stands_in_the_field_of_the_sign_in_page() {
    let (app, _, client) = scene().await;
    let page = app.browser().begin(&client, |request| request.set("login_hint", "buffy@example.com")).await;
    assert_eq!(page.attribute("username", "value").as_deref(), Some("buffy@example.com"));
    assert!(page.has("username") && page.attribute("password", "autofocus").is_some());
}

#[tokio::test]
async fn after_a_failed_try_the_field_holds_what_was_typed_and_not_the_hint() {
    let (app, _, client) = scene().await;
    let mut browser = app.browser();
    let page = browser.begin(&client, |request| request.set("login_hint", "buffy")).await;
    let page = browser.try_to_sign_in(&page, "willow", "wrong").await;
    assert_eq!(page.attribute("username", "value").as_deref(), Some("willow"));
}

#[tokio::test]
async fn a_login_hint_for_somebody_else_does_not_sign_anybody_out() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let answer = browser.authorize(&client, |request| request.set("login_hint", "bob")).await;
    assert_eq!(client.redeem(&answer).await.id_claims()["sub"], alice.id.to_string());
}

#[tokio::test]
async fn an_id_token_of_ours_names_the_person_silently() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.id_token;
    let request = hint(&token)(client.request()).set("prompt", "none");
    let answer = Answer::read(&browser.get(&request.url()).await, &request);
    assert_eq!(client.redeem(&answer).await.id_claims()["sub"], alice.id.to_string());
}

#[tokio::test]
async fn a18_one_of_ours_that_has_expired_is_still_a_hint() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.id_token;
    app.clock().advance(Duration::from_secs(2 * 3600));
    let request = hint(&token)(client.request()).set("prompt", "none");
    Answer::read(&browser.get(&request.url()).await, &request).code();
}

#[tokio::test]
async fn a18_a_hint_does_not_sign_anybody_in() {
    let (app, alice, client) = scene().await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.id_token;
    let error = error_at_once(&app, &client, |request| hint(&token)(request).set("prompt", "none")).await;
    assert_eq!(error, "login_required");
}

#[tokio::test]
async fn a18_a_hint_that_we_did_not_sign_is_refused() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    let parts: Vec<&str> = tokens.id_token.split('.').collect();
    let bobs = unsigned(&serde_json::json!({ "sub": "bob", "iss": app.issuer() }), "RS256");
    let forged = [
        format!("{}.{}.{}", parts[0], bobs.split('.').nth(1).unwrap(), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        "no.jwt.at-all".to_owned(),
        "x".to_owned(),
    ];
    let unsigned = ["none", "None", "nOnE", "NONE"].map(|alg| unsigned(&claims(&tokens.id_token), alg));
    for token in forged.iter().chain(&unsigned) {
        assert_eq!(error_at_once(&app, &client, hint(token)).await, "invalid_request", "{token}");
    }
}

#[tokio::test]
async fn a18_a_hint_signed_by_another_provider_is_refused_though_it_calls_itself_by_our_name() {
    let (app, _, client) = scene().await;
    let ours = app.config().http.public_url.clone();
    for name in [None, Some(ours)] {
        let impostor = TestApp::with_keys_of_its_own(|config| {
            config.http.public_url = name.unwrap_or(config.http.public_url.clone());
        })
        .await;
        let (alice, other) = (impostor.user("alice").await, impostor.client(ClientSpec::first_party()).await);
        let answer = impostor.browser_of(&alice).authorize(&other, |request| request).await;
        let token = other.redeem(&answer).await.id_token;
        assert_eq!(error_at_once(&app, &client, hint(&token)).await, "invalid_request");
    }
}

#[tokio::test]
async fn a31_an_access_token_is_no_hint() {
    let (app, alice, client) = scene().await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.access_token;
    assert_eq!(error_at_once(&app, &client, hint(&token)).await, "invalid_request");
}

#[tokio::test]
async fn a18_a_hint_at_another_person_is_login_required_where_no_page_is_wanted() {
    let (app, alice, client) = scene().await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.id_token;
    let mut bobs = app.browser_of(&app.user("bob").await);
    bobs.authorize(&client, |request| request).await.code();
    let request = hint(&token)(client.request()).set("prompt", "none");
    assert_eq!(Answer::read(&bobs.get(&request.url()).await, &request).error(), "login_required");
}

#[tokio::test]
async fn a18_the_person_meant_can_sign_in_in_place_of_the_one_who_is() {
    let (app, alice, client) = scene().await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.id_token;
    let mut browser = Browser::sign_in(&app, &app.user("bob").await).await;
    let request = hint(&token)(client.request());
    let page = browser.open(&request.url()).await;
    browser.seat(&alice);
    let answer = browser.finish(page, &request).await;
    assert_eq!(client.redeem(&answer).await.id_claims()["sub"], alice.id.to_string());
}

#[tokio::test]
async fn a18_somebody_else_who_signs_in_is_not_taken_for_the_person_meant() {
    let (app, alice, client) = scene().await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.id_token;
    let bob = app.user("bob").await;
    let answer = app.browser_of(&bob).authorize(&client, hint(&token)).await;
    assert_eq!(answer.error(), "login_required");
}
