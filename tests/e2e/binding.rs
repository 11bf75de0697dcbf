//! A request that waits belongs to the browser that began it, and a session to the sign-in that made it.

use std::time::Duration;

use vestibule_tests::{Answer, Browser, Page};

use crate::scene;

const SESSION: &str = "vestibule_session";
const BROWSER: &str = "vestibule_browser";

#[tokio::test]
async fn a16_another_browser_cannot_go_on_with_a_request_that_waits() {
    let (app, alice, client) = scene().await;
    let mut attacker = app.browser();
    let waiting = attacker.get(&client.request().url()).await.location();
    for mut victim in [app.browser(), Browser::sign_in(&app, &alice).await] {
        victim.get(waiting.as_str()).await.assert_error("expired");
        let consent = waiting.as_str().replace("/login", "/consent");
        victim.get(&consent).await.assert_error("expired");
    }
}

#[tokio::test]
async fn a16_a_form_cannot_be_pointed_at_a_request_of_another_browser() {
    let (app, alice, client) = scene().await;
    let mut attacker = app.browser();
    let theirs = attacker.begin(&client, |request| request).await.form("login");
    let mut victim = Browser::sign_in(&app, &alice).await;
    let own = victim.begin(&client, |request| request).await.form("consent").press("allow");
    let swapped = own.with("request", theirs.get("request").unwrap());
    victim.submit(&swapped).await.assert_error("expired");
    assert!(app.provider().consents().granted(alice.id, &client.id()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a16_a_request_that_waits_is_answered_once() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = client.request();
    let page = browser.open(&request.url()).await;
    Answer::read(&browser.click(&page, "consent", "allow").await, &request).code();
    browser.click(&page, "consent", "allow").await.assert_error("expired");
    browser.click(&page, "consent", "deny").await.assert_error("expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a16_of_fifty_tabs_that_answer_at_once_one_gets_a_code() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = browser.begin(&client, |request| request).await.form("consent").press("allow");
    let mut tabs = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (mut tab, form) = (browser.clone(), form.clone());
        tabs.spawn(async move {
            let page = tab.submit(&form).await;
            tab.follow(page).await
        });
    }
    let pages: Vec<Page> = tabs.join_all().await;
    let codes = pages.iter().filter(|page| page.is_redirect() && page.location().as_str().contains("code=")).count();
    assert_eq!(codes, 1);
}

#[tokio::test]
async fn a_request_does_not_wait_for_ever() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let page = browser.begin(&client, |request| request).await;
    app.clock().advance(Duration::from_secs(24 * 3600));
    browser.try_to_sign_in(&page, "alice", &alice.password).await.assert_error("expired");
}

#[tokio::test]
async fn a17_the_session_id_is_new_after_each_sign_in_and_the_old_one_is_dead() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await.code();
    let first = browser.cookie(SESSION).unwrap().to_owned();
    browser.authorize(&client, |request| request.set("prompt", "login")).await.code();
    assert_ne!(browser.cookie(SESSION), Some(first.as_str()));
    let mut thief = app.browser();
    thief.plant(SESSION, &first);
    let request = client.request().set("prompt", "none");
    assert_eq!(Answer::read(&thief.get(&request.url()).await, &request).error(), "login_required");
}

#[tokio::test]
async fn a17_a_session_id_planted_before_the_sign_in_does_not_become_a_session() {
    let (app, alice, client) = scene().await;
    let planted = "A".repeat(43);
    let mut browser = app.browser_of(&alice);
    browser.plant(SESSION, &planted);
    browser.authorize(&client, |request| request).await.code();
    assert_ne!(browser.cookie(SESSION), Some(planted.as_str()));
    let mut attacker = app.browser();
    attacker.plant(SESSION, &planted);
    assert!(attacker.get("/").await.find_form("logout").is_none());
}

#[tokio::test]
async fn a17_a_sign_in_as_somebody_else_begins_a_session_of_their_own() {
    let (app, alice, client) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let alices = browser.cookie(SESSION).unwrap().to_owned();
    let page = browser.begin(&client, |request| request).await;
    let page = browser.click(&page, "consent", "another").await;
    assert!(browser.try_to_sign_in(&page, "bob", &bob.password).await.is_redirect());
    assert_ne!(browser.cookie(SESSION).unwrap(), alices);
    let account = browser.open("/account").await.text();
    assert!(account.contains("bob@example.com") && !account.contains("alice"), "{account}");
    let mut old = app.browser();
    old.plant(SESSION, &alices);
    let home = old.get("/").await.text();
    assert!(home.contains("alice@example.com") && !home.contains("bob"), "alice's session is hers alone: {home}");
}

#[tokio::test]
async fn a19_opening_an_address_of_the_flow_again_does_not_skip_the_sign_in() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await.code();
    app.clock().advance(Duration::from_secs(5));
    let login = browser.get(&client.request().set("prompt", "login").url()).await.location();
    let consent = login.as_str().replace("/login", "/consent");
    for address in [consent.clone(), format!("{login}&prompt=none&max_age=9999"), format!("{consent}&prompt=consent")] {
        let page = browser.open(&address).await;
        assert!(page.find_form("login").is_some(), "{address}: {page}");
    }
}

#[tokio::test]
async fn a19_an_answered_request_cannot_be_opened_again_without_a_new_sign_in() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await.code();
    let request = client.request().set("max_age", "0");
    let login = browser.get(&request.url()).await.location();
    let page = browser.get(login.as_str()).await;
    browser.finish(page, &request).await.code();
    browser.get(login.as_str()).await.assert_error("expired");
}

#[tokio::test]
async fn a19_the_form_of_another_step_does_not_stand_in_for_the_sign_in() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await.code();
    app.clock().advance(Duration::from_secs(5));
    let form = browser.begin(&client, |request| request.set("prompt", "login")).await.form("login");
    for action in ["continue", "allow", "finish", ""] {
        let page = browser.submit(&form.clone().with("action", action)).await;
        let page = browser.follow(page).await;
        assert!(!page.is_redirect(), "{action}: {page}");
    }
    let mut consent = form.clone();
    consent.action = browser.url("/consent");
    let page = browser.submit(&consent.with("action", "allow").with("scope", "openid")).await;
    assert!(browser.follow(page).await.find_form("login").is_some());
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_that_it_needs_them() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser();
    let page = browser.begin(&client, |request| request).await;
    browser.forget();
    let page = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (403, Some("invalid_form")));
    assert!(page.text().contains("cookies"), "{page}");
}

#[tokio::test]
async fn the_name_of_a_browser_is_not_a_session() {
    let (app, alice, _) = scene().await;
    let browser = Browser::sign_in(&app, &alice).await;
    let mut thief = app.browser();
    thief.plant(BROWSER, browser.cookie(BROWSER).unwrap());
    assert!(thief.get("/").await.find_form("logout").is_none());
}
