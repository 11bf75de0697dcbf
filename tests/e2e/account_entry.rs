//! Who gets into `/account`: somebody who is signed in, and for some pages somebody who has proved it a short time ago.

use std::time::Duration;

use vestibule_tests::{Browser, Page, Person, TestApp};

use crate::scene;

/// The pages that whoever is signed in may open.
const OPEN: [&str; 5] =
    ["/account", "/account/sessions", "/account/applications", "/account/tokens", "/account/profile"];
/// Those that want a fresh sign-in.
const GUARDED: [&str; 3] = ["/account/password", "/account/emails", "/account/second-factor"];

/// Longer than a sign-in is fresh.
pub(crate) const STALE: Duration = Duration::from_secs(601);

/// Proves once more who sits there, on the page that asks for it, and follows where that leads.
pub(crate) async fn confirm(browser: &mut Browser, page: &Page, person: &Person) -> Page {
    let page = browser.try_to_sign_in(page, &person.username, &person.password).await;
    browser.follow(page).await
}

/// Whether this is a page of the account, and not one on the way to it.
pub(crate) fn is_at(page: &Page, path: &str) -> bool {
    page.status == 200 && page.url.path() == path
}

/// Whether somebody is signed in at this browser.
pub(crate) async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/account").await.status == 200
}

#[tokio::test]
async fn without_a_session_each_page_leads_to_the_sign_in_and_back() {
    let (app, alice, _) = scene().await;
    for path in OPEN.iter().chain(&GUARDED) {
        let mut browser = app.browser();
        let page = browser.get(path).await;
        assert!(page.is_redirect() && page.location().path() == "/login", "{path}: {page}");
        let page = browser.follow(page).await;
        let page = confirm(&mut browser, &page, &alice).await;
        assert!(is_at(&page, path), "{path}: {page}");
    }
}

#[tokio::test]
async fn without_a_session_nothing_is_changed() {
    let (app, alice, _) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = browser.get("/account/sessions").await.form("end-everywhere").press("end-all");
    let other = Browser::sign_in(&app, &alice).await;
    let page = browser.get("/account").await;
    browser.click(&page, "logout", "sign-out").await;
    let page = browser.submit(&form).await;
    assert!(page.is_redirect() && page.location().path() == "/login", "{page}");
    assert!(is_signed_in(&mut other.clone()).await);
}

#[tokio::test]
async fn what_guards_the_account_wants_a_fresh_sign_in_and_the_rest_does_not() {
    let (app, alice, _) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    for path in OPEN.iter().chain(&GUARDED) {
        assert!(is_at(&browser.open(path).await, path), "{path}");
    }
    app.clock().advance(STALE);
    for path in OPEN {
        assert!(is_at(&browser.open(path).await, path), "{path}");
    }
    for path in GUARDED {
        assert!(browser.open(path).await.find_form("login").is_some(), "{path}");
    }
    let page = browser.open("/account/emails").await;
    let page = confirm(&mut browser, &page, &alice).await;
    assert!(is_at(&page, "/account/emails"), "{page}");
}

#[tokio::test]
async fn signing_in_as_another_on_the_way_never_shows_the_first_ones_account() {
    let (app, alice, _) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    app.clock().advance(STALE);
    let page = browser.open("/account/emails").await;
    let page = confirm(&mut browser, &page, &Person { password: bob.password, ..alice.clone() }).await;
    assert!(page.find_form("login").is_some(), "another's password confirms nobody: {page}");
}

#[tokio::test]
async fn a15_a_form_of_another_site_or_browser_changes_nothing() {
    let (app, alice, _) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let mut other = Browser::sign_in(&app, &alice).await;
    let form = browser.get("/account/sessions").await.form("end-everywhere").press("end-all");
    assert_eq!(browser.submit_with(&form, &[("origin", "https://rp.example")]).await.status, 403);
    assert_eq!(browser.submit(&form.clone().without("csrf_token")).await.status, 403);
    let theirs = other.get("/account/sessions").await.form("end-everywhere").press("end-all");
    assert_eq!(browser.submit(&theirs).await.status, 403);
    assert!(is_signed_in(&mut other).await);
}

#[tokio::test]
async fn the_first_page_tells_how_things_are_and_signs_out() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.get("/account").await;
    assert!(page.text().contains("alice@example.com") && page.text().contains("Signed in here only"), "{page}");
    browser.click(&page, "logout", "sign-out").await;
    assert!(!is_signed_in(&mut browser).await);
}
