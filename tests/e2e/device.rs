//! The device authorization grant (RFC 8628): a device shows a code, and a person allows it elsewhere.

use std::time::Duration;

use tokio::task::JoinSet;
use vestibule_oidc::client::AuthMethod;
use vestibule_tests::{Browser, ClientSpec, JsonAnswer, Page, Person, TestApp, ThirdParty, TokenRequest};

use crate::{
    refresh::{is_alive, refresh, refreshed},
    scene_of,
};

const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn television() -> ClientSpec {
    ClientSpec::named("Harbour TV")
        .for_grants(&[DEVICE_CODE, "refresh_token"])
        .at(&[])
        .with(|new| new.auth_method = Some(AuthMethod::None))
}

/// What a device was given to begin with.
struct Begun {
    device_code: String,
    user_code: String,
    answer: JsonAnswer,
}

async fn begin(client: &ThirdParty, scope: &str) -> Begun {
    let answer = client.begins_device().add("scope", scope).send().await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let text = |name: &str| answer.body[name].as_str().unwrap().to_owned();
    Begun { device_code: text("device_code"), user_code: text("user_code"), answer }
}

fn poll(client: &ThirdParty, begun: &Begun) -> TokenRequest {
    client.asks(DEVICE_CODE).add("device_code", &begun.device_code)
}

fn assert_refused(answer: &JsonAnswer, error: &str) {
    assert_eq!((answer.status.as_u16(), answer.error()), (400, error), "{}", answer.body);
}

/// The page where a code is typed, for somebody who signs in on the way.
async fn entry(browser: &mut Browser, person: &Person, query: &str) -> Page {
    let page = browser.open(&format!("/device{query}")).await;
    if page.find_form("login").is_none() {
        return page;
    }
    let page = browser.try_to_sign_in(&page, &person.username, &person.password).await;
    browser.follow(page).await
}

/// Types a code; what comes then.
async fn enter(browser: &mut Browser, person: &Person, code: &str) -> Page {
    let page = entry(browser, person, "").await;
    browser.submit(&page.form("device").with("user_code", code)).await
}

async fn answer(browser: &mut Browser, person: &Person, code: &str, button: &str) -> Page {
    let page = enter(browser, person, code).await;
    browser.click(&page, "device", button).await
}

#[tokio::test]
async fn a_device_gets_tokens_once_a_person_has_typed_its_code_and_allowed_it() {
    let (app, alice, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid email").await;
    let said = &begun.answer.body;
    assert_eq!((&said["expires_in"], &said["interval"]), (&600.into(), &5.into()));
    assert_eq!(said["verification_uri"], format!("{}/device", app.issuer()));
    assert_eq!(said["verification_uri_complete"], format!("{}/device?user_code={}", app.issuer(), begun.user_code));
    assert_eq!(begun.answer.header("cache-control"), Some("no-store"));
    assert_refused(&poll(&tv, &begun).send().await, "authorization_pending");

    let mut phone = app.browser_of(&alice);
    let page = enter(&mut phone, &alice, &begun.user_code.to_lowercase().replace('-', " ")).await;
    assert!(page.text().contains("Harbour TV") && page.text().contains(&begun.user_code), "{page}");
    assert!(page.attributes("data-scope").contains(&"email".to_owned()), "{page}");
    let page = phone.click(&page, "device", "allow").await;
    assert!(page.has("device-allowed"), "{page}");

    app.clock().advance(Duration::from_secs(5));
    let tokens = poll(&tv, &begun).send().await.tokens();
    assert_eq!(tokens.id_claims()["sub"], alice.id.to_string());
    assert!(is_alive(&tv, &tokens).await);
    assert_eq!(tokens.body["scope"], "email openid");
    let next = refreshed(&tv, &tokens.refresh_token).await;
    assert!(is_alive(&tv, &next).await);
}

#[tokio::test]
async fn the_code_in_the_address_is_filled_in_and_still_confirmed() {
    let (app, alice, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid").await;
    let mut phone = app.browser_of(&alice);
    let page = entry(&mut phone, &alice, &format!("?user_code={}", begun.user_code)).await;
    assert_eq!(page.attribute("user_code", "value").as_deref(), Some(begun.user_code.as_str()), "{page}");
    assert_refused(&poll(&tv, &begun).send().await, "authorization_pending");
    let page = phone.submit(&page.form("device").with("user_code", &begun.user_code)).await;
    assert!(page.form("device").has_button("allow"), "{page}");
    app.clock().advance(Duration::from_secs(5));
    assert_refused(&poll(&tv, &begun).send().await, "authorization_pending");
}

#[tokio::test]
async fn a_device_hears_of_no_and_of_nobody_in_time() {
    let (app, alice, tv) = scene_of(television()).await;
    let (denied, late) = (begin(&tv, "openid").await, begin(&tv, "openid").await);
    let page = answer(&mut app.browser_of(&alice), &alice, &denied.user_code, "deny").await;
    assert!(page.has("device-denied"), "{page}");
    assert_refused(&poll(&tv, &denied).send().await, "access_denied");
    app.clock().advance(Duration::from_secs(601));
    assert_refused(&poll(&tv, &late).send().await, "expired_token");
    let page = enter(&mut app.browser_of(&alice), &alice, &late.user_code).await;
    assert!(page.has("error"), "{page}");
    app.clock().advance(Duration::from_secs(601));
    assert_refused(&poll(&tv, &late).send().await, "invalid_grant");
}

#[tokio::test]
async fn a57_a_device_that_polls_faster_than_it_was_told_is_slowed_down() {
    let (app, _, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid").await;
    assert_refused(&poll(&tv, &begun).send().await, "authorization_pending");
    assert_refused(&poll(&tv, &begun).send().await, "slow_down");
    app.clock().advance(Duration::from_secs(2));
    assert_refused(&poll(&tv, &begun).send().await, "slow_down");
    app.clock().advance(Duration::from_secs(5));
    assert_refused(&poll(&tv, &begun).send().await, "authorization_pending");
}

#[tokio::test]
async fn a57_another_applications_device_code_is_left_alone() {
    let (app, alice, tv) = scene_of(television()).await;
    let other = app.client(television()).await;
    let begun = begin(&tv, "openid").await;
    answer(&mut app.browser_of(&alice), &alice, &begun.user_code, "allow").await;
    for _ in 0..3 {
        assert_refused(&poll(&other, &begun).send().await, "invalid_grant");
    }
    assert!(is_alive(&tv, &poll(&tv, &begun).send().await.tokens()).await);
    assert_refused(&poll(&other, &begun).send().await, "invalid_grant");
}

#[tokio::test]
async fn a_device_code_works_once_and_a_replay_revokes_what_it_gave() {
    let (app, alice, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid").await;
    answer(&mut app.browser_of(&alice), &alice, &begun.user_code, "allow").await;
    let tokens = poll(&tv, &begun).send().await.tokens();
    app.clock().advance(Duration::from_secs(5));
    assert_refused(&poll(&tv, &begun).send().await, "invalid_grant");
    assert!(!is_alive(&tv, &tokens).await);
    assert_eq!(refresh(&tv, &tokens.refresh_token).send().await.error(), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_parallel_polls_one_gets_tokens() {
    let (app, alice, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid").await;
    answer(&mut app.browser_of(&alice), &alice, &begun.user_code, "allow").await;
    let mut polls = JoinSet::new();
    for _ in 0..50 {
        let request = poll(&tv, &begun);
        polls.spawn(async move { request.send().await.status.as_u16() });
    }
    let good = polls.join_all().await.into_iter().filter(|status| *status == 200).count();
    assert_eq!(good, 1);
}

#[tokio::test]
async fn a_code_is_answered_once() {
    let (app, alice, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid").await;
    let mut phone = app.browser_of(&alice);
    let page = enter(&mut phone, &alice, &begun.user_code).await;
    let (yes, no) = (page.form("device").press("allow"), page.form("device").press("deny"));
    assert!(phone.submit(&yes).await.has("device-allowed"));
    assert!(!phone.submit(&no).await.has("device-denied"));
    assert!(is_alive(&tv, &poll(&tv, &begun).send().await.tokens()).await);
}

#[tokio::test]
async fn a57_guessing_is_slowed_down_and_a_right_code_in_between_forgives_nothing() {
    let (app, alice, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid").await;
    let mut phone = app.browser_of(&alice);
    let page = entry(&mut phone, &alice, "").await;
    let guess = |code: &str| page.form("device").with("user_code", code);
    for n in 0..5 {
        let wrong = phone.submit(&guess("BBBB-BBBB")).await;
        assert_eq!((wrong.status.as_u16(), wrong.has("error")), (200, true), "{n}");
        if n == 2 {
            let right = phone.submit(&guess(&begun.user_code)).await;
            assert!(right.form("device").has_button("allow"), "{right}");
        }
    }
    let refused = phone.submit(&guess(&begun.user_code)).await;
    assert_eq!(refused.status.as_u16(), 429, "{refused}");
    assert!(refused.header("retry-after").is_some());
    app.clock().advance(Duration::from_secs(400));
    assert!(phone.submit(&guess(&begun.user_code)).await.form("device").has_button("allow"));
}

#[tokio::test]
async fn a57_guessing_from_one_address_is_slowed_down_over_all_sessions() {
    let (app, alice, _) = scene_of(television()).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let mut phone = app.browser_of(&alice);
        let page = entry(&mut phone, &alice, "").await;
        for _ in 0..4 {
            statuses.push(phone.submit(&page.form("device").with("user_code", "CCCC-CCCC")).await.status.as_u16());
        }
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 20, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
}

#[tokio::test]
async fn a15_a57_nothing_is_allowed_without_the_page_that_was_shown() {
    let (app, alice, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid email").await;
    let mut phone = app.browser_of(&alice);
    let typed = entry(&mut phone, &alice, "").await.form("device").with("user_code", &begun.user_code);
    let page = phone.submit(&typed.clone().with("action", "allow")).await;
    assert!(page.form("device").has_button("allow"), "it is shown first: {page}");
    let shown = page.form("device");
    let wider = shown.clone().with("scope", "openid").press("allow");
    assert!(!phone.submit(&wider).await.has("device-allowed"), "what was not shown is not allowed");
    let other_session = shown.clone().with("session", &alice.id.to_string()).press("allow");
    assert!(!phone.submit(&other_session).await.has("device-allowed"));
    let foreign = phone.submit_with(&shown.clone().press("allow"), &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.status.as_u16(), 403);
    let unsigned = shown.clone().with("csrf_token", "x").press("allow");
    assert_eq!(phone.submit(&unsigned).await.status.as_u16(), 403);
    assert_refused(&poll(&tv, &begun).send().await, "authorization_pending");
}

#[tokio::test]
async fn a46_who_may_begin_is_proved_and_registered() {
    let app = TestApp::start().await;
    let web = app.client(ClientSpec::default()).await;
    assert_refused(&web.begins_device().add("scope", "openid").send().await, "unauthorized_client");
    let confidential = app.client(television().with(|new| new.auth_method = None)).await;
    let unproved = confidential.begins_device().without_basic().add("client_id", &confidential.client_id);
    assert_eq!(unproved.add("scope", "openid").send().await.status, 401);
    begin(&confidential, "openid").await;
    let tv = app.client(television().for_scope("openid")).await;
    for (scope, error) in [("email", "invalid_scope"), ("", "invalid_scope"), ("no\"te", "invalid_scope")] {
        assert_refused(&tv.begins_device().add("scope", scope).send().await, error);
    }
    let unknown = tv.begins_device().add("scope", "openid").add("resource", "urn:example:unknown");
    assert_refused(&unknown.send().await, "invalid_target");
    assert_refused(&tv.asks(DEVICE_CODE).send().await, "invalid_request");
    assert_refused(&tv.asks(DEVICE_CODE).add("device_code", "vst_device_x").send().await, "invalid_grant");
}

#[tokio::test]
async fn what_a_device_was_given_ends_with_the_session_or_outlives_it_where_that_was_allowed() {
    let (app, alice, tv) = scene_of(television()).await;
    let (online, offline) = (begin(&tv, "openid").await, begin(&tv, "openid offline_access").await);
    let mut phone = app.browser_of(&alice);
    answer(&mut phone, &alice, &online.user_code, "allow").await;
    answer(&mut phone, &alice, &offline.user_code, "allow").await;
    let (online, offline) = (poll(&tv, &online).send().await.tokens(), poll(&tv, &offline).send().await.tokens());
    let page = phone.get("/logout").await;
    phone.click(&page, "logout", "sign-out").await;
    assert_eq!(refresh(&tv, &online.refresh_token).send().await.error(), "invalid_grant");
    refreshed(&tv, &offline.refresh_token).await;
}

#[tokio::test]
async fn a_sign_out_before_the_poll_leaves_nothing_to_be_had() {
    let (app, alice, tv) = scene_of(television()).await;
    let begun = begin(&tv, "openid").await;
    let mut phone = app.browser_of(&alice);
    answer(&mut phone, &alice, &begun.user_code, "allow").await;
    app.provider().sign_out_everywhere(alice.id).await.unwrap();
    assert_refused(&poll(&tv, &begun).send().await, "invalid_grant");
}
