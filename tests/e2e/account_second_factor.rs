//! The second factor, switched on and off by its person, and what it is asked for.

use std::time::Duration;

use vestibule::config::SecondFactorMode;
use vestibule_tests::{Authenticator, Browser, ClientSpec, Page, Person, TestApp};

use crate::account_entry::{STALE, confirm, is_at, is_signed_in};

const PATH: &str = "/account/second-factor";
/// As long as an app shows a code.
const STEP: Duration = Duration::from_secs(30);

/// Somebody who has just switched their second factor on.
struct Enrolled {
    app: TestApp,
    alice: Person,
    browser: Browser,
    phone: Authenticator,
    codes: Vec<String>,
}

async fn enrolled(mode: SecondFactorMode) -> Enrolled {
    let app = TestApp::with(|config| config.authentication.second_factor = mode).await;
    let alice = app.user("alice").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.open(PATH).await;
    let page = browser.submit(&page.form("switch-on").press("turn-on")).await;
    let phone = Authenticator::scan(&page);
    let page = give(&mut browser, &page, &phone.code(app.clock())).await;
    let codes = page.codes();
    assert_eq!(codes.len(), 10, "{page}");
    Enrolled { app, alice, browser, phone, codes }
}

/// Types a code into the page that asks for one.
async fn give(browser: &mut Browser, page: &Page, code: &str) -> Page {
    browser.submit(&page.form("second-factor").with("code", code)).await
}

/// The page that asks for the second factor, in a browser where the password was right.
async fn asked(app: &TestApp, person: &Person) -> (Browser, Page) {
    let mut browser = app.browser_of(person);
    let page = browser.get("/login").await;
    let page = confirm(&mut browser, &page, person).await;
    assert!(page.find_form("second-factor").is_some(), "{page}");
    (browser, page)
}

#[tokio::test]
async fn it_is_on_once_a_code_of_the_app_was_given() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.open(PATH).await;
    let page = browser.submit(&page.form("switch-on").press("turn-on")).await;
    let phone = Authenticator::scan(&page);
    let wrong = if phone.code(app.clock()) == "000000" { "000001" } else { "000000" };
    let page = give(&mut browser, &page, wrong).await;
    assert!(page.has("error") && page.codes().is_empty(), "{page}");
    assert!(browser.open(PATH).await.find_form("switch-on").is_some(), "it is still off");
    let page = give(&mut browser, &page, &phone.code(app.clock())).await;
    assert_eq!(page.codes().len(), 10, "the same secret was good for another try: {page}");
    let page = browser.open(PATH).await;
    assert!(is_at(&page, PATH) && page.find_form("switch-off").is_some(), "this session is one of two factors: {page}");
    let sessions = app.provider().sessions().list(alice.id).await.unwrap();
    assert_eq!(app.provider().level_of(&sessions[0]), Some("2"));
    assert_eq!(sessions[0].amr, ["pwd", "otp", "mfa"]);
}

#[tokio::test]
async fn a64_each_code_is_good_once() {
    let Enrolled { app, alice, phone, .. } = enrolled(SecondFactorMode::Enrolled).await;
    let (mut browser, page) = asked(&app, &alice).await;
    let page = give(&mut browser, &page, &phone.code(app.clock())).await;
    assert!(page.has("error"), "it was spent when the app was set up: {page}");
    app.clock().advance(STEP);
    let code = phone.code(app.clock());
    let page = give(&mut browser, &page, &code).await;
    assert!(page.is_redirect(), "{page}");
    assert!(is_signed_in(&mut browser).await);
    let (mut another, page) = asked(&app, &alice).await;
    let page = give(&mut another, &page, &code).await;
    assert!(page.has("error"), "{page}");
    assert!(!is_signed_in(&mut another).await);
}

#[tokio::test]
async fn a64_another_persons_code_is_none() {
    let Enrolled { app, alice, .. } = enrolled(SecondFactorMode::Enrolled).await;
    let bob = app.user("bob").await;
    let mut bobs = Browser::sign_in(&app, &bob).await;
    let page = bobs.open(PATH).await;
    let page = bobs.submit(&page.form("switch-on").press("turn-on")).await;
    let theirs = Authenticator::scan(&page);
    give(&mut bobs, &page, &theirs.code(app.clock())).await;
    app.clock().advance(STEP);
    let (mut browser, page) = asked(&app, &alice).await;
    assert!(give(&mut browser, &page, &theirs.code(app.clock())).await.has("error"));
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a_recovery_code_works_once_and_new_ones_take_their_place() {
    let Enrolled { app, alice, mut browser, codes, .. } = enrolled(SecondFactorMode::Enrolled).await;
    let (mut another, page) = asked(&app, &alice).await;
    assert!(give(&mut another, &page, &codes[0]).await.is_redirect());
    assert!(is_signed_in(&mut another).await);
    let (mut another, page) = asked(&app, &alice).await;
    assert!(give(&mut another, &page, &codes[0]).await.has("error"), "it was used");
    let settings = browser.open(PATH).await;
    assert!(settings.text().contains("9 codes left"), "{settings}");
    let fresh = browser.submit(&settings.form("new-codes").press("make-codes")).await.codes();
    assert!(give(&mut another, &page, &codes[1]).await.has("error"), "those before are gone");
    assert!(give(&mut another, &page, &fresh[1]).await.is_redirect());
}

#[tokio::test]
async fn a_session_of_one_factor_switches_nothing_off_whatever_the_rules_ask_for() {
    for mode in [SecondFactorMode::Enrolled, SecondFactorMode::Never] {
        let app = TestApp::with(|config| config.authentication.second_factor = mode).await;
        let alice = app.user("alice").await;
        let (mut one, mut two) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &alice).await);
        let form = one.open(PATH).await.form("switch-on");
        let page = two.open(PATH).await;
        let page = two.submit(&page.form("switch-on").press("turn-on")).await;
        let phone = Authenticator::scan(&page);
        give(&mut two, &page, &phone.code(app.clock())).await;
        for action in ["turn-off", "new-codes"] {
            let page = one.submit(&form.clone().with("action", action)).await;
            assert!(page.is_redirect() && page.location().path() == "/second-factor", "{mode:?} {action}: {page}");
        }
        assert!(two.open(PATH).await.find_form("switch-off").is_some(), "{mode:?}: it is still on");
        app.clock().advance(STEP);
        let page = one.open(PATH).await;
        let page = give(&mut one, &page, &phone.code(app.clock())).await;
        let page = one.follow(page).await;
        assert!(is_at(&page, PATH) && page.find_form("switch-off").is_some(), "{mode:?}: {page}");
    }
}

#[tokio::test]
async fn a_stale_session_switches_nothing_off_and_is_asked_for_both_factors() {
    let Enrolled { app, alice, mut browser, phone, .. } = enrolled(SecondFactorMode::Enrolled).await;
    let form = browser.open(PATH).await.form("switch-off").press("turn-off");
    app.clock().advance(STALE);
    let page = browser.submit(&form).await;
    let page = browser.follow(page).await;
    let page = confirm(&mut browser, &page, &alice).await;
    let page = give(&mut browser, &page, &phone.code(app.clock())).await;
    let page = browser.follow(page).await;
    assert!(is_at(&page, PATH), "{page}");
    let page = browser.submit(&page.form("switch-off").press("turn-off")).await;
    assert!(browser.follow(page).await.find_form("switch-on").is_some());
    let mut another = app.browser();
    let page = another.get("/login").await;
    confirm(&mut another, &page, &alice).await;
    assert!(is_signed_in(&mut another).await, "the password alone is enough again");
}

#[tokio::test]
async fn one_that_a_rule_wants_cannot_be_switched_off() {
    let app = TestApp::start().await;
    let alice = app.user_with("alice", |new| new.require_second_factor = true).await;
    let (mut browser, page) = asked(&app, &alice).await;
    let phone = Authenticator::scan(&page);
    assert_eq!(give(&mut browser, &page, &phone.code(app.clock())).await.codes().len(), 10);
    let page = browser.open(PATH).await;
    assert!(is_at(&page, PATH) && page.find_form("switch-off").is_none(), "{page}");
    let page = browser.submit(&page.form("new-codes").with("action", "turn-off")).await;
    assert!(page.has("error"), "{page}");
    let status = app.provider().second_factors().status(alice.id).await.unwrap();
    assert!(status.enrolled_at.is_some());
}

#[tokio::test]
async fn a64_without_the_code_no_page_is_reached_and_no_field_stands_in_for_it() {
    let Enrolled { app, alice, phone, .. } = enrolled(SecondFactorMode::Enrolled).await;
    let client = app.client(ClientSpec::first_party()).await;
    let (mut browser, page) = asked(&app, &alice).await;
    for path in ["/account", "/account/password", PATH, "/account/tokens"] {
        assert!(!is_at(&browser.open(path).await, path), "{path}");
    }
    let asking = browser.begin(&client, |request| request).await;
    assert!(asking.find_form("login").is_some() || asking.find_form("second-factor").is_some(), "{asking}");
    let form = page.form("second-factor");
    for form in [
        form.clone(),
        form.clone().with("code", ""),
        form.clone().with("code", "000000").with("verified", "true").with("amr", "otp"),
        form.clone().with("code", "0000000000"),
        form.clone().with("code", "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}"),
    ] {
        let page = browser.submit(&form).await;
        assert!(page.has("error") && page.find_form("second-factor").is_some(), "{page}");
    }
    assert!(!is_signed_in(&mut browser).await);
    app.clock().advance(STEP);
    assert!(give(&mut browser, &page, &phone.code(app.clock())).await.is_redirect());
}

#[tokio::test]
async fn a64_what_time_it_is_no_request_says() {
    let Enrolled { app, alice, phone, .. } = enrolled(SecondFactorMode::Enrolled).await;
    app.clock().advance(STEP);
    let code = phone.code(app.clock());
    app.clock().advance(10 * STEP);
    let (mut browser, page) = asked(&app, &alice).await;
    let time = (app.clock().now().seconds() - 300).to_string();
    let form = page.form("second-factor").with("code", &code).with("time", &time).with("t", &time);
    let headers = [("origin", app.issuer()), ("date", "Thu, 01 Jan 1970 00:00:00 GMT")];
    assert!(browser.submit_with(&form, &headers).await.has("error"));
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a64_whoever_guesses_is_slowed_down_and_in_every_browser_at_once() {
    let Enrolled { app, alice, phone, .. } = enrolled(SecondFactorMode::Enrolled).await;
    let (mut browser, page) = asked(&app, &alice).await;
    let mut tries = 0;
    while give(&mut browser, &page, "000000").await.status == 200 {
        tries += 1;
        assert!(tries < 20, "a guesser is never slowed down");
    }
    app.clock().advance(Duration::from_millis(1));
    let (mut other, page) = asked(&app, &alice).await;
    let page = give(&mut other, &page, &phone.code(app.clock())).await;
    assert_eq!(page.status, 429, "{page}");
    assert!(page.header("retry-after").is_some() && page.text().contains("try again in"), "{page}");
    assert!(!is_signed_in(&mut other).await);
}

#[tokio::test]
async fn an_application_may_ask_for_two_factors_and_is_told_the_truth() {
    let Enrolled { app, alice, phone, .. } = enrolled(SecondFactorMode::Never).await;
    let client = app.client(ClientSpec::first_party()).await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let answer = browser.authorize(&client, |request| request).await;
    let claims = client.redeem(&answer).await.id_claims();
    assert_eq!((&claims["acr"], &claims["amr"]), (&"1".into(), &serde_json::json!(["pwd"])));
    app.clock().advance(STEP);
    let request = client.request().set("acr_values", "2");
    let page = browser.open(&request.url()).await;
    let page = give(&mut browser, &page, &phone.code(app.clock())).await;
    let page = browser.follow(page).await;
    let answer = browser.finish(page, &request).await;
    let claims = client.redeem(&answer).await.id_claims();
    assert_eq!((&claims["acr"], &claims["amr"]), (&"2".into(), &serde_json::json!(["pwd", "otp", "mfa"])));
}
