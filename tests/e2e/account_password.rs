//! Changing the password: by whom, to what, and what it ends.

use vestibule_tests::{Browser, Page, Person, TestApp};

use crate::{
    account_entry::{STALE, is_at, is_signed_in},
    scene,
};

const NEW: &str = "violet tram under seven lakes";

async fn change(browser: &mut Browser, password: &str) -> Page {
    let page = browser.open("/account/password").await;
    browser.submit(&page.form("change-password").with("new_password", password)).await
}

async fn can_sign_in(app: &TestApp, person: &Person, password: &str) -> bool {
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    browser.try_to_sign_in(&page, &person.username, password).await.is_redirect()
}

#[tokio::test]
async fn a_change_ends_every_other_session_at_once_and_this_one_stays() {
    let (app, alice, client) = scene().await;
    let bob = app.user("bob").await;
    let mut other = Browser::sign_in(&app, &alice).await;
    let answer = other.authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    let (mut here, mut bobs) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &bob).await);
    let before = here.cookie("vestibule_session").unwrap().to_owned();
    let page = change(&mut here, NEW).await;
    assert_eq!(page.location().path(), "/account", "{page}");
    assert!(is_signed_in(&mut here).await && is_signed_in(&mut bobs).await);
    assert_ne!(here.cookie("vestibule_session"), Some(before.as_str()), "under another id");
    assert!(!is_signed_in(&mut other).await);
    assert_eq!(client.userinfo(&tokens.access_token).await.status, 401, "apps lose their access");
    let mut old = app.browser();
    old.plant("vestibule_session", &before);
    assert!(!is_signed_in(&mut old).await);
    assert!(can_sign_in(&app, &alice, NEW).await && !can_sign_in(&app, &alice, &alice.password).await);
    app.clock().advance(STALE);
    assert!(is_signed_in(&mut here).await, "nor does the log catch up with it later");
}

#[tokio::test]
async fn a_stale_session_changes_nothing() {
    let (app, alice, _) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = browser.open("/account/password").await.form("change-password").with("new_password", NEW);
    app.clock().advance(STALE);
    let page = browser.submit(&form).await;
    assert!(page.is_redirect() && page.location().path() == "/login", "{page}");
    assert!(browser.follow(page).await.find_form("login").is_some());
    assert!(can_sign_in(&app, &alice, &alice.password).await && !can_sign_in(&app, &alice, NEW).await);
}

#[tokio::test]
async fn the_rules_are_told_before_and_every_problem_after() {
    let (app, alice, _) = scene().await;
    let (mut here, mut other) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &alice).await);
    let page = here.open("/account/password").await;
    for rule in app.provider().users().password_rules().describe() {
        assert!(page.text().contains(&rule), "{rule}: {page}");
    }
    for weak in ["", "12345", "alice", "password1"] {
        let page = change(&mut here, weak).await;
        assert!(is_at(&page, "/account/password") && page.has("error"), "{weak}: {page}");
    }
    assert!(is_signed_in(&mut other).await && can_sign_in(&app, &alice, &alice.password).await);
}

#[tokio::test]
async fn a69_whose_password_it_is_no_field_says() {
    let (app, alice, _) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = browser.open("/account/password").await.form("change-password").with("new_password", NEW);
    browser.submit(&form.with("username", "bob").with("user_id", &bob.id.to_string())).await;
    assert!(can_sign_in(&app, &bob, &bob.password).await && !can_sign_in(&app, &bob, NEW).await);
    assert!(can_sign_in(&app, &alice, NEW).await);
}
