//! Giving a token back (RFC 7009).

use std::time::Duration;

use reqwest::Method;
use vestibule_oidc::client::AccessTokenFormat;
use vestibule_tests::{Browser, ClientSpec, TestApp, ThirdParty, Tokens};

use crate::refresh;

async fn begun(spec: ClientSpec) -> (TestApp, ThirdParty, Browser) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    let browser = Browser::sign_in(&app, &alice).await;
    (app, client, browser)
}

async fn tokens(browser: &mut Browser, client: &ThirdParty) -> Tokens {
    let answer = browser.authorize(client, |request| request).await;
    client.redeem(&answer).await
}

async fn is_alive(client: &ThirdParty, tokens: &Tokens) -> bool {
    client.userinfo(&tokens.access_token).await.status == 200
}

#[tokio::test]
async fn a_token_that_was_given_back_is_dead_and_no_other_is() {
    let (app, client, mut browser) = begun(ClientSpec::default()).await;
    let (given_back, kept) = (tokens(&mut browser, &client).await, tokens(&mut browser, &client).await);
    assert!(is_alive(&client, &given_back).await);
    let answer = client.revocation(&given_back.access_token).send().await;
    assert_eq!((answer.status.as_u16(), answer.body.is_null()), (200, true));
    assert!(!is_alive(&client, &given_back).await && is_alive(&client, &kept).await);
    assert_eq!(client.introspect(&given_back.access_token).await["active"], false);
    let app = app.restart().await;
    assert!(!is_alive(&client, &given_back).await && is_alive(&client, &kept).await, "and after a restart");
    drop(app);
}

#[tokio::test]
async fn a36_another_applications_token_is_refused_and_lives_on() {
    let (app, client, mut browser) = begun(ClientSpec::default()).await;
    let tokens = tokens(&mut browser, &client).await;
    for other in [app.client(ClientSpec::named("Other")).await, app.client(ClientSpec::public()).await] {
        let answer = other.revocation(&tokens.access_token).send().await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "unauthorized_client"));
        assert!(is_alive(&client, &tokens).await);
    }
}

#[tokio::test]
async fn a36_what_is_no_live_token_is_answered_like_one_that_was_given_back() {
    let (app, client, mut browser) = begun(ClientSpec::default()).await;
    let tokens = tokens(&mut browser, &client).await;
    for token in ["nonsense", &tokens.id_token, "a.b.c"] {
        assert_eq!(client.revocation(token).send().await.status, 200, "{token}");
    }
    for _ in 0..2 {
        assert_eq!(client.revocation(&tokens.access_token).send().await.status, 200, "also the second time");
    }
    app.clock().advance(Duration::from_secs(601));
    assert_eq!(client.revocation(&tokens.access_token).send().await.status, 200, "also when it has expired");
    let other = app.client(ClientSpec::named("Other")).await;
    assert_eq!(other.revocation(&tokens.access_token).send().await.status, 200, "whosever it was");
}

#[tokio::test]
async fn a46_an_application_proves_itself_first() {
    let (_app, client, mut browser) = begun(ClientSpec::default()).await;
    let tokens = tokens(&mut browser, &client).await;
    let asked = client.revocation(&tokens.access_token);
    for request in [
        asked.clone().without_basic(),
        asked.clone().without_basic().add("client_id", &client.client_id),
        asked.clone().basic(&client.client_id, "wrong"),
    ] {
        let answer = request.send().await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client"));
    }
    assert!(is_alive(&client, &tokens).await);
    assert_eq!(asked.by_post().send().await.status, 200);
    assert!(!is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a_public_application_gives_its_own_token_back_from_any_origin() {
    let (app, client, mut browser) = begun(ClientSpec::public()).await;
    let tokens = tokens(&mut browser, &client).await;
    let preflight = app.wire().request(Method::OPTIONS, "/oauth2/revoke").header("origin", "https://spa.example");
    let preflight = preflight.header("access-control-request-method", "POST").send().await.unwrap();
    assert_eq!(
        (preflight.status().as_u16(), &preflight.headers()["access-control-allow-origin"]),
        (204, &"*".parse().unwrap())
    );
    let answer = client.revocation(&tokens.access_token).send().await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, Some("*")));
    assert!(!is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a_hint_is_only_a_hint_and_a_request_is_one_form_with_one_token() {
    let (app, client, mut browser) = begun(ClientSpec::default()).await;
    for hint in ["refresh_token", "nonsense", ""] {
        let tokens = tokens(&mut browser, &client).await;
        let asked = client.revocation(&tokens.access_token).add("token_type_hint", hint);
        assert_eq!(asked.send().await.status, 200);
        assert!(!is_alive(&client, &tokens).await, "{hint:?}");
    }
    let asked = client.revocation("x");
    for request in [asked.clone().without("token"), asked.clone().set("token", ""), asked.clone().add("token", "y")] {
        let answer = request.send().await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"));
    }
    assert_eq!(app.wire().get("/oauth2/revoke?token=x").send().await.unwrap().status(), 405);
}

#[tokio::test]
async fn a_refresh_token_that_was_given_back_ends_its_grant_with_all_that_came_of_it() {
    for spec in [refresh::confidential(), refresh::public()] {
        let (_app, client, mut browser) = begun(spec).await;
        let first = tokens(&mut browser, &client).await;
        let second = refresh::refreshed(&client, &first.refresh_token).await;
        let other = tokens(&mut browser, &client).await;
        assert_eq!(client.revocation(&second.refresh_token).send().await.status, 200);
        for token in [&first, &second] {
            assert!(!is_alive(&client, token).await);
            refresh::assert_refused(&refresh::refresh(&client, &token.refresh_token).send().await);
        }
        assert!(is_alive(&client, &other).await, "another grant of the same person goes on");
        refresh::refreshed(&client, &other.refresh_token).await;
        assert_eq!(client.revocation(&second.refresh_token).send().await.status, 200, "also the second time");
    }
}

#[tokio::test]
async fn a_refresh_token_that_is_spent_still_ends_the_grant() {
    let (_app, client, mut browser) = begun(refresh::confidential()).await;
    let first = tokens(&mut browser, &client).await;
    let second = refresh::refreshed(&client, &first.refresh_token).await;
    assert_eq!(client.revocation(&first.refresh_token).send().await.status, 200);
    assert!(!is_alive(&client, &second).await);
}

#[tokio::test]
async fn a36_another_applications_refresh_token_is_refused_and_goes_on() {
    let (app, client, mut browser) = begun(refresh::confidential()).await;
    let tokens = tokens(&mut browser, &client).await;
    let other = app.client(ClientSpec::named("Other")).await;
    let answer = other.revocation(&tokens.refresh_token).send().await;
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "unauthorized_client"));
    refresh::refreshed(&client, &tokens.refresh_token).await;
}

#[tokio::test]
async fn an_opaque_token_is_given_back_like_any_other() {
    let spec = ClientSpec::default().with(|new| new.metadata.access_token_format = Some(AccessTokenFormat::Opaque));
    let (_app, client, mut browser) = begun(spec).await;
    let tokens = tokens(&mut browser, &client).await;
    assert!(tokens.access_token.starts_with("vst_at_") && is_alive(&client, &tokens).await);
    assert_eq!(client.revocation(&tokens.access_token).send().await.status, 200);
    assert!(!is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn the_log_forgets_a_grant_once_no_token_of_it_can_live_and_its_refresh_token_stays_dead() {
    let (app, client, mut browser) = begun(refresh::confidential()).await;
    let tokens = tokens(&mut browser, &client).await;
    assert_eq!(client.revocation(&tokens.refresh_token).send().await.status, 200);
    let log = app.provider().tokens().revocations();
    app.clock().advance(Duration::from_secs(23 * 3600));
    log.sweep().await.unwrap();
    assert_eq!(log.len(), 1, "an access token lives for a day at most");
    app.clock().advance(Duration::from_secs(2 * 3600));
    log.sweep().await.unwrap();
    assert!(log.is_empty());
    assert!(!is_alive(&client, &tokens).await);
    refresh::assert_refused(&refresh::refresh(&client, &tokens.refresh_token).send().await);
}
