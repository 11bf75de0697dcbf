//! The authorization endpoint by POST (OpenID Connect Core section 3.1.2.1).

use std::time::Duration;

use vestibule_tests::Browser;

use crate::scene;

const AUTHORIZE: &str = "/oauth2/authorize";

#[tokio::test]
async fn a_posted_request_is_taken_up_by_a_get_where_the_cookies_arrive() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = client.request();
    let page = browser.post_cross_site(AUTHORIZE, &request.parameters).await;
    assert_eq!(page.status, 303, "{page}");
    let page = browser.follow(page).await;
    assert!(page.find_form("consent").is_some(), "alice's session was seen: {page}");
    let answer = browser.finish(page, &request).await;
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a_posted_request_of_somebody_who_is_not_signed_in_leads_to_the_sign_in() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let request = client.request();
    let page = browser.post_cross_site(AUTHORIZE, &request.parameters).await;
    let page = browser.follow(page).await;
    client.redeem(&browser.finish(page, &request).await).await;
}

#[tokio::test]
async fn what_was_posted_is_taken_up_once_and_soon() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let first = browser.post_cross_site(AUTHORIZE, &client.request().parameters).await.location();
    browser.get(first.as_str()).await;
    browser.get(first.as_str()).await.assert_error("expired");
    let second = browser.post_cross_site(AUTHORIZE, &client.request().parameters).await.location();
    app.clock().advance(Duration::from_secs(61));
    browser.get(second.as_str()).await.assert_error("expired");
}

#[tokio::test]
async fn a_wrong_request_is_refused_by_post_as_by_get() {
    let (app, _, client) = scene().await;
    let mut browser = app.browser();
    let evil = client.request().set("redirect_uri", "https://evil.example/");
    browser.post_cross_site(AUTHORIZE, &evil.parameters).await.assert_error("invalid_redirect_uri");
    let none = client.request().set("response_type", "none");
    let page = browser.post_cross_site(AUTHORIZE, &none.parameters).await;
    assert_eq!(vestibule_tests::Answer::read(&page, &none).error(), "unsupported_response_type");
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let (app, _, client) = scene().await;
    let body = app.wire().post(AUTHORIZE).header("content-type", "application/json").body("{}");
    app.browser().send(body, AUTHORIZE).await.assert_error("invalid_request");
    let body = app.wire().post(AUTHORIZE).header("content-type", "text/plain").body(client.request().query());
    app.browser().send(body, AUTHORIZE).await.assert_error("invalid_request");
}
