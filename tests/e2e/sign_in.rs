//! The sign-in page: what it takes, and what it gives away to whoever has no account.

use std::time::Duration;

use tokio::task::JoinSet;
use vestibule_tests::{Browser, Page, TestApp};

use crate::scene;

#[tokio::test]
async fn it_has_the_form_that_scripts_and_password_managers_count_on() {
    let app = TestApp::start().await;
    let page = app.browser().get("/login").await;
    assert!(page.form("login").has_button("sign-in"));
    assert_eq!(page.attribute("username", "autocomplete").as_deref(), Some("username"));
    assert_eq!(page.attribute("password", "autocomplete").as_deref(), Some("current-password"));
    assert_eq!(page.attribute("password", "type").as_deref(), Some("password"));
    assert!(!page.has("error"));
}

#[tokio::test]
async fn a_wrong_password_is_told_and_leads_nowhere() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser();
    let page = browser.begin(&client, |request| request).await;
    for wrong in ["", "wrong", &alice.password.to_uppercase(), &format!("{} ", alice.password)] {
        let page = browser.try_to_sign_in(&page, "alice", wrong).await;
        assert!(page.has("error") && page.find_form("login").is_some(), "{page}");
        assert!(browser.cookie("vestibule_session").is_none());
    }
    let page = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    assert!(page.is_redirect(), "the right one still works: {page}");
}

#[tokio::test]
async fn a_person_signs_in_by_username_or_e_mail_in_any_letter_case() {
    let (app, alice, _) = scene().await;
    for name in ["alice", "ALICE", " alice ", "alice@example.com", "Alice@Example.COM"] {
        let mut browser = app.browser();
        let page = browser.get("/login").await;
        let page = browser.try_to_sign_in(&page, name, &alice.password).await;
        assert_eq!(page.location().path(), "/", "{name}");
    }
}

/// The page for a failed try, with what was typed taken out.
async fn refused(browser: &mut Browser, username: &str, password: &str) -> Page {
    let page = browser.get("/login").await;
    let mut page = browser.try_to_sign_in(&page, username, password).await;
    page.body = page.body.replace(&format!("value=\"{username}\""), "value=\"(typed)\"");
    page.headers.remove("date");
    // What was typed has its own length.
    page.headers.remove("content-length");
    page.headers.remove("x-request-id");
    page
}

#[tokio::test]
async fn a60_unknown_inactive_and_wrong_are_the_same_page_byte_for_byte() {
    let (app, alice, _) = scene().await;
    let bob = app.user("bob").await;
    app.provider().users().deactivate(bob.id).await.unwrap();
    app.user_with("carol", |new| new.password = None).await;
    let mut browser = app.browser();
    let wrong = refused(&mut browser, "alice", "wrong password").await;
    assert!(wrong.has("error"));
    for (username, password) in
        [("nobody", "wrong password"), ("bob", &bob.password), ("carol", ""), ("nobody", &alice.password)]
    {
        let other = refused(&mut browser, username, password).await;
        assert_eq!((wrong.status, &wrong.body), (other.status, &other.body), "{username}");
        assert_eq!(wrong.headers, other.headers, "{username}");
    }
}

#[tokio::test]
async fn a62_a_password_counts_as_it_was_typed_and_a_huge_one_is_only_wrong() {
    let app = TestApp::start().await;
    let long = format!(" pass\u{fc}\u{1f511}{} ", "x".repeat(100));
    app.user_with("alice", |new| new.password = Some(long.clone().into())).await;
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    for wrong in [long.trim(), &long[..long.len() - 2], &"x".repeat(20_000)] {
        assert!(browser.try_to_sign_in(&page, "alice", wrong).await.has("error"));
    }
    assert!(browser.try_to_sign_in(&page, "alice", &long).await.is_redirect());
}

#[tokio::test]
async fn a_storm_of_sign_ins_is_told_when_to_come_back_and_nothing_else_waits() {
    let app = TestApp::with(|config| {
        config.passwords.queue = 1;
        config.passwords.memory_kib = 65_536;
    })
    .await;
    let alice = app.user("alice").await;
    let mut tries = JoinSet::new();
    for _ in 0..12 {
        let (mut browser, password) = (app.browser(), alice.password.clone());
        tries.spawn(async move {
            let page = browser.get("/login").await;
            browser.try_to_sign_in(&page, "alice", &password).await
        });
    }
    let pages = tries.join_all().await;
    let busy: Vec<&Page> = pages.iter().filter(|page| page.status == 503).collect();
    assert!(!busy.is_empty() && busy.len() < pages.len(), "{} of {} were busy", busy.len(), pages.len());
    for page in busy {
        assert!(page.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
        assert!(page.has("error") && page.find_form("login").is_some(), "{page}");
    }
    assert!(Browser::sign_in(&app, &alice).await.get("/").await.find_form("logout").is_some());
}

#[tokio::test]
async fn a10_the_redirect_after_the_form_does_not_carry_the_password_on() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser();
    let page = browser.begin(&client, |request| request).await;
    let page = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    assert_eq!(page.status, 303, "the browser follows with GET");
}

#[tokio::test]
async fn a15_a_sign_in_posted_from_elsewhere_signs_nobody_in() {
    let (app, alice, _) = scene().await;
    let mut browser = app.browser();
    let form = browser.get("/login").await.form("login");
    let form = form.with("username", "alice").with("password", &alice.password);
    for headers in
        [&[("origin", "https://evil.example")][..], &[("origin", "null")], &[("sec-fetch-site", "cross-site")]]
    {
        assert_eq!(browser.submit_with(&form, headers).await.status, 403);
    }
    assert_eq!(browser.submit(&form.clone().without("csrf_token")).await.status, 403);
    assert_eq!(app.browser().submit(&form).await.status, 403, "another browser's token");
    assert!(browser.cookie("vestibule_session").is_none());
}

#[tokio::test]
async fn a_sign_in_without_an_application_leads_home() {
    let (app, alice, _) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.open("/").await;
    assert!(page.text().contains("alice@example.com"), "{page}");
    assert_eq!(browser.get("/login").await.location().path(), "/");
}

#[tokio::test]
async fn whoever_is_deactivated_or_deleted_is_signed_out_at_once() {
    let (app, alice, _) = scene().await;
    let bob = app.user("bob").await;
    let (mut alices, mut bobs) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &bob).await);
    app.provider().users().deactivate(alice.id).await.unwrap();
    app.provider().users().delete(bob.id).await.unwrap();
    for browser in [&mut alices, &mut bobs] {
        assert!(browser.get("/").await.find_form("logout").is_none());
    }
}

#[tokio::test]
async fn the_page_names_the_application_that_waits_and_where_it_is() {
    let (app, _, client) = scene().await;
    let page = app.browser().begin(&client, |request| request).await;
    assert!(page.text().contains("Harbour Notes") && page.text().contains("rp.example"), "{page}");
}

#[tokio::test]
async fn an_account_just_created_can_sign_in_and_its_password_can_change() {
    let (app, alice, _) = scene().await;
    app.provider().users().set_password(alice.id, &"another password".to_owned().into()).await.unwrap();
    app.clock().advance(Duration::from_secs(1));
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    assert!(browser.try_to_sign_in(&page, "alice", &alice.password).await.has("error"));
    assert!(browser.try_to_sign_in(&page, "alice", "another password").await.is_redirect());
}
