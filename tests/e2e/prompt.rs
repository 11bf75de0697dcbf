//! `prompt` (OpenID Connect Core section 3.1.2.1): which pages an application wants, and which it does not.

use std::time::Duration;

use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, Page, TestApp, ThirdParty};

use crate::{error_at_once, scene};

fn prompt(value: &str) -> impl FnOnce(AuthorizeRequest) -> AuthorizeRequest {
    move |request| request.set("prompt", value)
}

/// The answer that comes without any page.
async fn silently(
    browser: &mut Browser,
    client: &ThirdParty,
    change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest,
) -> Answer {
    let request = change(client.request()).set("prompt", "none");
    let page = browser.get(&request.url()).await;
    assert!(page.cookies().is_empty(), "a silent answer sets no cookie: {:?}", page.cookies());
    Answer::read(&page, &request)
}

/// Which page it is: the id of its form.
fn page_kind(page: &Page) -> &'static str {
    let kinds = ["login", "select-account", "consent"];
    kinds.into_iter().find(|kind| page.find_form(kind).is_some()).unwrap_or("elsewhere")
}

#[tokio::test]
async fn none_without_anybody_signed_in_is_login_required() {
    let (app, _, client) = scene().await;
    assert_eq!(silently(&mut app.browser(), &client, |request| request).await.error(), "login_required");
}

#[tokio::test]
async fn none_without_consent_is_consent_required() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    assert_eq!(silently(&mut browser, &client, |request| request).await.error(), "consent_required");
    browser.authorize(&client, |request| request).await.code();
    let more = silently(&mut browser, &client, |request| request.set("scope", "openid email")).await;
    assert_eq!(more.error(), "consent_required", "for what was not allowed yet");
}

#[tokio::test]
async fn none_is_answered_by_a_code_when_nothing_is_missing() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let first = browser.authorize(&client, |request| request).await;
    let first = client.redeem(&first).await.id_claims();
    app.clock().advance(Duration::from_secs(60));
    let second = silently(&mut browser, &client, |request| request).await;
    let second = client.redeem(&second).await.id_claims();
    assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
}

#[tokio::test]
async fn none_goes_with_no_other_value() {
    let (app, _, client) = scene().await;
    for value in ["none login", "login none", "none consent", "none select_account", "none login consent"] {
        assert_eq!(error_at_once(&app, &client, prompt(value)).await, "invalid_request", "{value}");
    }
}

#[tokio::test]
async fn a_value_that_nobody_knows_is_refused() {
    let (app, _, client) = scene().await;
    for value in ["NONE", "login unknown", "login,consent"] {
        assert_eq!(error_at_once(&app, &client, prompt(value)).await, "invalid_request", "{value}");
    }
}

#[tokio::test]
async fn an_empty_prompt_is_none_at_all() {
    let (app, alice, client) = scene().await;
    app.browser_of(&alice).authorize(&client, prompt("")).await.code();
}

#[tokio::test]
async fn login_asks_for_the_password_again_and_auth_time_is_later() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let first = browser.authorize(&client, |request| request).await;
    let first = client.redeem(&first).await.id_claims();
    app.clock().advance(Duration::from_secs(10));
    let request = client.request().set("prompt", "login");
    let page = browser.open(&request.url()).await;
    assert_eq!(page_kind(&page), "login");
    let second = browser.finish(page, &request).await;
    let second = client.redeem(&second).await.id_claims();
    assert_eq!(first["sub"], second["sub"]);
    assert!(second["auth_time"].as_i64() >= first["auth_time"].as_i64().map(|time| time + 10), "{first} {second}");
}

#[tokio::test]
async fn login_asks_once_whoever_was_not_signed_in() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let page = browser.begin(&client, prompt("login")).await;
    let page = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    let page = browser.follow(page).await;
    assert_eq!(page_kind(&page), "consent");
}

#[tokio::test]
async fn whoever_proves_themselves_once_more_is_who_is_signed_in_whatever_the_form_says() {
    let (app, alice, client) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.begin(&client, prompt("login")).await;
    let refused = browser.try_to_sign_in(&page, "bob", &bob.password).await;
    assert!(refused.has("error"), "{refused}");
    let accepted = browser.try_to_sign_in(&refused, "bob", &alice.password).await;
    assert!(accepted.is_redirect(), "{accepted}");
}

#[tokio::test]
async fn consent_asks_again_for_all_that_was_allowed_before() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request.set("scope", "openid email")).await.code();
    let request = client.request().set("scope", "openid email").set("prompt", "consent");
    let page = browser.open(&request.url()).await;
    assert_eq!(page.attributes("data-scope"), ["openid", "email"]);
    browser.finish(page, &request).await.code();
}

#[tokio::test]
async fn consent_is_asked_even_for_a_first_party_application_that_wants_it() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::first_party()).await);
    let page = Browser::sign_in(&app, &alice).await.begin(&client, prompt("consent")).await;
    assert_eq!(page_kind(&page), "consent");
}

#[tokio::test]
async fn select_account_offers_the_account_that_is_signed_in_and_another() {
    let (app, alice, client) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await.code();
    let request = client.request().set("prompt", "select_account");
    let page = browser.open(&request.url()).await;
    assert!(page.text().contains("alice@example.com"), "{page}");
    browser.finish(page, &request).await.code();
    let page = browser.open(&request.url()).await;
    let page = browser.click(&page, "select-account", "another").await;
    assert_eq!(page_kind(&page), "login");
    browser.seat(&bob);
    let answer = browser.finish(page, &request).await;
    assert_eq!(client.redeem(&answer).await.id_claims()["sub"], bob.id.to_string());
}

#[tokio::test]
async fn select_account_does_not_ask_whoever_has_just_signed_in() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let page = browser.begin(&client, prompt("select_account")).await;
    assert_eq!(page_kind(&page), "login");
    let page = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    assert_eq!(page_kind(&browser.follow(page).await), "consent");
}

#[tokio::test]
async fn values_together_are_each_obeyed() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await.code();
    for (value, pages) in [
        ("login consent", &["login", "consent"][..]),
        ("consent login", &["login", "consent"]),
        ("consent select_account", &["select-account", "consent"]),
        ("login select_account", &["login"]),
        ("login select_account consent", &["login", "consent"]),
        ("login login", &["login"]),
    ] {
        let mut page = browser.begin(&client, prompt(value)).await;
        for expected in pages {
            assert_eq!(page_kind(&page), *expected, "{value}");
            page = match *expected {
                "login" => browser.try_to_sign_in(&page, "alice", &alice.password).await,
                "consent" => browser.click(&page, "consent", "allow").await,
                _ => browser.click(&page, "select-account", "continue").await,
            };
            page = browser.follow(page).await;
        }
        assert_eq!(page.location().host_str(), Some("rp.example"), "{value}: {page}");
    }
}

#[tokio::test]
async fn display_ui_locales_claims_locales_and_acr_values_do_no_harm() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    for (name, value) in [
        ("display", "page"),
        ("display", "popup"),
        ("display", "touch"),
        ("display", "wap"),
        ("display", "hologram"),
        ("ui_locales", "se de-CH-1901 xx"),
        ("claims_locales", "se"),
        ("acr_values", "1 2"),
        ("claims", r#"{"userinfo":{"name":{"essential":true}}}"#),
    ] {
        let answer = browser.authorize(&client, |request| request.set(name, value)).await;
        client.redeem(&answer).await;
    }
}
