//! The one-time link for the first superuser.

use std::time::Duration;

use tokio::task::JoinSet;
use vestibule_tests::{Browser, Form, TestApp};

fn filled_in(form: Form, username: &str) -> Form {
    let form = form.with("username", username).with("email", &format!("{username}@example.com"));
    form.with("password", "a long password")
}

async fn link_of(app: &TestApp) -> String {
    app.setup_link().expect("there is no user yet").to_owned()
}

#[tokio::test]
async fn it_creates_a_superuser_and_signs_them_in() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let page = browser.get(&link_of(&app).await).await;
    let done = browser.submit(&filled_in(page.form("setup"), "root")).await;
    assert_eq!((done.status.as_u16(), done.location().path()), (303, "/"));
    assert!(browser.get("/").await.text().contains("root@example.com"));
    let user = app.provider().users().find("root").await.unwrap().unwrap();
    assert!(user.superuser && user.staff && user.active);
}

#[tokio::test]
async fn it_works_once() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let link = link_of(&app).await;
    let form = filled_in(browser.get(&link).await.form("setup"), "root");
    browser.submit(&form).await;
    app.browser().get(&link).await.assert_error("link_used");
    browser.submit(&form.with("username", "again").with("email", "")).await.assert_error("link_used");
    assert!(app.provider().users().find("again").await.unwrap().is_none());
}

#[tokio::test]
async fn another_link_or_none_opens_nothing() {
    let app = TestApp::start().await;
    for link in ["/setup", "/setup?token=", &format!("/setup?token={}", "A".repeat(43)), "/setup?token=%00"] {
        let page = app.browser().get(link).await;
        assert_eq!(page.status, 400, "{page}");
        assert!(page.find_form("setup").is_none());
    }
}

#[tokio::test]
async fn it_is_good_for_an_hour() {
    let app = TestApp::start().await;
    app.clock().advance(Duration::from_secs(3601));
    app.browser().get(&link_of(&app).await).await.assert_error("link_used");
}

#[tokio::test]
async fn it_is_dead_as_soon_as_there_is_any_user_and_none_is_made_then() {
    let app = TestApp::start().await;
    app.user("alice").await;
    app.browser().get(&link_of(&app).await).await.assert_error("link_used");
    assert!(app.restart().await.setup_link().is_none());
}

#[tokio::test]
async fn what_is_wrong_with_a_field_is_told_and_the_link_stays_good() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let form = browser.get(&link_of(&app).await).await.form("setup");
    for (field, value, id) in
        [("password", "short", "password-error"), ("email", "none", "email-error"), ("username", "", "username-error")]
    {
        let page = browser.submit(&filled_in(form.clone(), "root").with(field, value)).await;
        assert!(page.has(id), "{field}: {page}");
    }
    assert!(browser.submit(&filled_in(form, "root")).await.is_redirect());
}

#[tokio::test]
async fn a15_nobody_can_post_it_for_the_operator() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let form = filled_in(browser.get(&link_of(&app).await).await.form("setup"), "evil");
    assert_eq!(browser.submit_with(&form, &[("origin", "https://evil.example")]).await.status, 403);
    assert_eq!(browser.submit(&form.without("csrf_token")).await.status, 403);
    assert!(app.provider().users().none_exist().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_use_it_at_once_one_becomes_the_superuser() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let form = browser.get(&link_of(&app).await).await.form("setup");
    let mut tries = JoinSet::new();
    for number in 0..50 {
        let (mut browser, form): (Browser, _) = (browser.clone(), filled_in(form.clone(), &format!("root{number}")));
        tries.spawn(async move { browser.submit(&form).await });
    }
    let winners = tries.join_all().await.iter().filter(|page| page.is_redirect()).count();
    assert_eq!(winners, 1);
    let everybody = app.provider().users().list(vestibule_users::Page::first(10)).await.unwrap();
    assert_eq!(everybody.len(), 1);
}
