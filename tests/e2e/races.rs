//! Several tabs, many clicks: whatever arrives at the same moment, one of them wins.

use std::collections::HashSet;

use tokio::task::JoinSet;
use vestibule_tests::{Browser, ClientSpec, Form, Page, TestApp, ThirdParty};

const MANY: usize = 50;

/// Sends the same form from as many tabs of one browser, all at once, and follows each to where it leads.
async fn send_at_once(browser: &Browser, form: &Form, tabs: usize) -> Vec<Page> {
    let mut sent = JoinSet::new();
    for _ in 0..tabs {
        let (mut tab, form) = (browser.clone(), form.clone());
        sent.spawn(async move {
            let page = tab.submit(&form).await;
            tab.follow(page).await
        });
    }
    sent.join_all().await
}

/// The codes that reached the application.
fn codes(pages: &[Page]) -> Vec<String> {
    let answers = pages.iter().filter(|page| page.is_redirect()).map(Page::location);
    answers
        .filter_map(|url| url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()))
        .collect()
}

/// Asserts that all but one were told that it is over, and none of them anything worse.
fn assert_others_are_late(pages: &[Page]) {
    for page in pages.iter().filter(|page| !page.is_redirect()) {
        page.assert_error("expired");
    }
}

async fn begun(spec: ClientSpec) -> (TestApp, ThirdParty, Browser) {
    // Fifty at once are more than anybody may try for one account.
    let app = TestApp::with(|config| config.throttle.account_tries = 1000).await;
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    let browser = app.browser_of(&alice);
    (app, client, browser)
}

#[tokio::test]
async fn of_two_tabs_that_finish_the_same_request_one_gets_a_code() {
    let (app, client, _) = begun(ClientSpec::default()).await;
    let alice = app.user("alia").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.begin(&client, |request| request).await;
    let (mut one, mut other) = (browser.clone(), browser.clone());
    let first = one.click(&page, "consent", "allow").await;
    let second = other.click(&page, "consent", "allow").await;
    assert_eq!(codes(&[first]).len(), 1);
    second.assert_error("expired");
}

#[tokio::test]
async fn a_denial_in_one_tab_and_a_late_consent_in_another_give_no_code() {
    let (app, client, _) = begun(ClientSpec::default()).await;
    let alice = app.user("alia").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.begin(&client, |request| request).await;
    let denied = browser.click(&page, "consent", "deny").await;
    assert!(denied.location().as_str().contains("error=access_denied"));
    browser.click(&page, "consent", "allow").await.assert_error("expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_consents_at_once_one_gets_a_code() {
    let (app, client, _) = begun(ClientSpec::default()).await;
    let alice = app.user("alia").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.begin(&client, |request| request).await;
    let pages = send_at_once(&browser, &page.form("consent").press("allow"), MANY).await;
    assert_eq!(codes(&pages).len(), 1);
    assert_others_are_late(&pages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_sign_ins_for_one_waiting_request_one_gets_a_code() {
    let (_app, client, mut browser) = begun(ClientSpec::first_party()).await;
    let page = browser.begin(&client, |request| request).await;
    let form = page.form("login").with("username", "alice").with("password", "correct horse of alice");
    let pages = send_at_once(&browser, &form, MANY).await;
    assert_eq!(codes(&pages).len(), 1);
    assert_others_are_late(&pages);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_twenty_requests_of_one_browser_gets_a_code_of_its_own() {
    let (app, client, _) = begun(ClientSpec::default()).await;
    let alice = app.user("alia").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    browser.authorize(&client, |request| request).await;
    let mut walks = JoinSet::new();
    for _ in 0..20 {
        let (mut tab, client) = (browser.clone(), client.clone());
        walks.spawn(async move {
            let answer = tab.authorize(&client, |request| request).await;
            client.redeem(&answer).await.access_token
        });
    }
    let tokens: HashSet<String> = walks.join_all().await.into_iter().collect();
    assert_eq!(tokens.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_sign_outs_at_once_all_find_nobody_signed_in_afterwards() {
    let (app, client, _) = begun(ClientSpec::default()).await;
    let alice = app.user("alia").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let answer = browser.authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    let form = browser.get("/logout").await.form("logout").press("sign-out");
    for page in send_at_once(&browser, &form, MANY).await {
        assert!(page.has("signed-out"), "{page}");
    }
    let silent = browser.authorize(&client, |request| request.set("prompt", "none")).await;
    assert_eq!(silent.error(), "login_required");
    assert_eq!(client.userinfo(&tokens.access_token).await.status, 401);
}

#[tokio::test]
async fn a_sign_in_that_comes_too_late_for_its_request_is_a_sign_in_all_the_same() {
    // Slow enough a hash that both are on their way before either is done.
    let app = TestApp::with(|config| (config.passwords.memory_kib, config.passwords.iterations) = (65_536, 8)).await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::first_party()).await);
    let mut browser = app.browser();
    let form = browser.begin(&client, |request| request).await.form("login");
    let form = form.with("username", &alice.username).with("password", &alice.password);
    let (mut one, mut other) = (browser.clone(), browser.clone());
    let answers = tokio::join!(one.submit(&form), other.submit(&form));
    assert_ne!(answers.0.is_redirect(), answers.1.is_redirect(), "one of them is answered");
    for mut tab in [one, other] {
        assert!(tab.get("/").await.find_form("logout").is_some());
    }
}
