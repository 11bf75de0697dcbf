//! How long somebody stays signed in.

use std::time::Duration;

use vestibule_tests::{Browser, Page, Person, TestApp};

use crate::scene;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Signs in with "keep me signed in" ticked.
async fn kept(app: &TestApp, person: &Person) -> (Browser, Page) {
    let mut browser = app.browser_of(person);
    let form = browser.get("/login").await.form("login").with("keep_signed_in", "true");
    let done = browser.submit(&form.with("username", &person.username).with("password", &person.password)).await;
    app.clock().advance(Duration::from_millis(1));
    (browser, done)
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/").await.find_form("logout").is_some()
}

fn session_cookie(page: &Page) -> &str {
    page.cookies().into_iter().find(|cookie| cookie.starts_with("vestibule_session=")).expect("a session cookie")
}

#[tokio::test]
async fn without_keep_the_cookie_ends_with_the_browser() {
    let (app, alice, _) = scene().await;
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    let done = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    let cookie = session_cookie(&done).to_lowercase();
    assert!(!cookie.contains("max-age") && !cookie.contains("expires"), "{cookie}");
}

#[tokio::test]
async fn who_asks_to_stay_signed_in_has_a_cookie_that_lasts_as_long_as_the_session() {
    let (app, alice, _) = scene().await;
    let (_, done) = kept(&app, &alice).await;
    let cookie = session_cookie(&done);
    let age = cookie.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse::<u64>().unwrap();
    assert!((30 * 86_400 - 5..=30 * 86_400).contains(&age), "{cookie}");
}

#[tokio::test]
async fn a_session_that_is_not_used_ends_after_eight_hours() {
    let (app, alice, _) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    app.clock().advance(8 * HOUR + Duration::from_secs(1));
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn use_keeps_it_alive_up_to_a_day_and_no_longer() {
    let (app, alice, _) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    for _ in 0..3 {
        app.clock().advance(7 * HOUR);
        assert!(is_signed_in(&mut browser).await);
    }
    app.clock().advance(3 * HOUR + Duration::from_secs(1));
    assert!(!is_signed_in(&mut browser).await, "however much it was used");
}

#[tokio::test]
async fn who_asked_to_stay_signed_in_does_for_two_weeks_unused_and_a_month_in_all() {
    let (app, alice, _) = scene().await;
    let (mut used, _) = kept(&app, &alice).await;
    let (mut unused, _) = kept(&app, &alice).await;
    app.clock().advance(13 * DAY);
    assert!(is_signed_in(&mut used).await);
    app.clock().advance(DAY + Duration::from_secs(1));
    assert!(!is_signed_in(&mut unused).await);
    app.clock().advance(12 * DAY);
    assert!(is_signed_in(&mut used).await);
    app.clock().advance(4 * DAY);
    assert!(!is_signed_in(&mut used).await);
}

/// Signed in twice where a session lasts `idle` unused and one and a half times that in all.
async fn two_with_idle(idle: Duration) -> (TestApp, Browser, Browser) {
    let app = TestApp::with(|config| {
        config.sessions.idle = idle;
        config.sessions.absolute = idle * 3 / 2;
    })
    .await;
    let alice = app.user("alice").await;
    let (one, other) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &alice).await);
    (app, one, other)
}

#[tokio::test]
async fn the_configuration_says_how_long() {
    for idle in [Duration::from_secs(1200), Duration::from_secs(40)] {
        let (app, mut unused, mut used) = two_with_idle(idle).await;
        app.clock().advance(idle * 4 / 5);
        assert!(is_signed_in(&mut used).await);
        app.clock().advance(idle * 2 / 5);
        assert!(!is_signed_in(&mut unused).await, "{idle:?}");
        assert!(is_signed_in(&mut used).await, "use moves the end of {idle:?}");
        app.clock().advance(idle * 2 / 5);
        assert!(!is_signed_in(&mut used).await, "{idle:?}");
    }
}

#[tokio::test]
async fn proving_oneself_once_more_keeps_what_was_asked_for_at_the_first_sign_in() {
    let (app, alice, client) = scene().await;
    let (mut browser, _) = kept(&app, &alice).await;
    let page = browser.begin(&client, |request| request.set("prompt", "login")).await;
    let done = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    assert!(session_cookie(&done).contains("Max-Age="), "{:?}", done.cookies());
}

#[tokio::test]
async fn who_is_signed_out_everywhere_can_sign_in_again_at_once() {
    let (app, alice, _) = scene().await;
    let mut before = Browser::sign_in(&app, &alice).await;
    app.clock().advance(Duration::from_millis(5));
    app.provider().revoke_user(alice.id).await.unwrap();
    assert!(!is_signed_in(&mut before).await);
    app.clock().advance(Duration::from_millis(5));
    assert!(is_signed_in(&mut Browser::sign_in(&app, &alice).await).await);
}
