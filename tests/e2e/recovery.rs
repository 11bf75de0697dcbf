//! Setting a new password by a mailed link, through the pages.

use vestibule::config::SecondFactorMode;
use vestibule_core::PublicSessionId;
use vestibule_tests::{Authenticator, Browser, Form, Page, Person, TestApp};
use vestibule_users::{ContactKind, NewContact};

use crate::{
    account_entry::{confirm, is_signed_in},
    scene,
};

const NEW: &str = "violet tram under seven lakes";

/// Asks for a link, and answers the page that says what happens next.
async fn ask(browser: &mut Browser, identifier: &str) -> Page {
    let page = browser.get("/recover").await;
    browser.submit(&page.form("recover").with("identifier", identifier)).await
}

/// Asks for a link and gets it by mail.
async fn link(app: &TestApp, person: &Person) -> String {
    let sent = app.mails(&person.email).len();
    assert!(ask(&mut app.browser(), &person.username).await.has("recover-sent"));
    app.mail(&person.email, sent + 1).await.link()
}

async fn form(browser: &mut Browser, link: &str) -> Form {
    let page = browser.get(link).await;
    page.form("reset-password").with("new_password", NEW)
}

async fn can_sign_in(app: &TestApp, person: &Person, password: &str) -> bool {
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    browser.try_to_sign_in(&page, &person.username, password).await.is_redirect()
}

#[tokio::test]
async fn the_link_sets_a_password_ends_everything_and_signs_nobody_in() {
    let (app, alice, client) = scene().await;
    let mut other = Browser::sign_in(&app, &alice).await;
    let answer = other.authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    let link = link(&app, &alice).await;
    let mut browser = app.browser();
    let form = form(&mut browser, &link).await;
    let page = browser.submit(&form).await;
    assert!(page.has("reset-done"), "{page}");
    assert!(!is_signed_in(&mut browser).await && !is_signed_in(&mut other).await);
    assert_eq!(client.userinfo(&tokens.access_token).await.status, 401);
    app.clock().advance(std::time::Duration::from_millis(1));
    assert!(can_sign_in(&app, &alice, NEW).await && !can_sign_in(&app, &alice, &alice.password).await);
    let told = app.mail(&alice.email, 2).await;
    assert!(told.find_link().is_none() && told.text.contains("password"), "and its person is told: {}", told.text);
}

#[tokio::test]
async fn a65_a67_a_link_works_once_and_the_one_before_is_void_too() {
    let (app, alice, _) = scene().await;
    let (first, second) = (link(&app, &alice).await, link(&app, &alice).await);
    let mut browser = app.browser();
    let (early, late) = (form(&mut browser, &first).await, form(&mut browser, &second).await);
    assert!(browser.submit(&late).await.has("reset-done"));
    for spent in [&early, &late] {
        let page = browser.submit(&spent.clone().with("new_password", "another one of mine")).await;
        page.assert_error("link_used");
    }
    browser.get(&second).await.assert_error("link_used");
    assert!(can_sign_in(&app, &alice, NEW).await);
}

#[tokio::test]
async fn a_password_that_breaks_a_rule_does_not_cost_the_link() {
    let (app, alice, _) = scene().await;
    let link = link(&app, &alice).await;
    let mut browser = app.browser();
    let form = form(&mut browser, &link).await;
    let page = browser.submit(&form.clone().with("new_password", "12345")).await;
    assert!(page.has("error") && page.find_form("reset-password").is_some(), "{page}");
    assert!(browser.submit(&form).await.has("reset-done"));
}

#[tokio::test]
async fn a65_the_link_begins_with_the_configured_address_whatever_a_request_says_of_itself() {
    let (app, alice, _) = scene().await;
    let mut browser = app.browser();
    let form = browser.get("/recover").await.form("recover").with("identifier", &alice.username);
    let origin = app.issuer().to_owned();
    for (number, (name, value)) in [
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-forwarded-proto", "gopher"),
        ("x-original-url", "https://evil.example/"),
        ("referer", "https://evil.example/"),
    ]
    .into_iter()
    .enumerate()
    {
        let page = browser.submit_with(&form, &[("origin", origin.as_str()), (name, value)]).await;
        assert!(page.has("recover-sent"), "{name}: {page}");
        let mail = app.mail(&alice.email, number + 1).await;
        assert!(mail.link().starts_with(&format!("{origin}/reset-password?token=")), "{name}: {}", mail.text);
        assert!(!mail.text.contains("evil.example"), "{name}: {}", mail.text);
    }
}

#[tokio::test]
async fn a65_the_page_behind_the_link_is_kept_by_no_cache_and_told_to_no_other_site() {
    let (app, alice, _) = scene().await;
    let page = app.browser().get(&link(&app, &alice).await).await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("same-origin"));
}

#[tokio::test]
async fn a65_a_link_is_void_once_its_address_is_gone_or_the_password_was_changed() {
    let (app, alice, _) = scene().await;
    let users = app.provider().users();
    let changed = link(&app, &alice).await;
    users.set_password(alice.id, &NEW.into()).await.unwrap();
    app.browser().get(&changed).await.assert_error("link_used");
    let gone = link(&app, &alice).await;
    let other = NewContact { kind: ContactKind::Email, value: "new@example.com".into(), verified: true };
    users.add_contact(alice.id, other).await.unwrap();
    users.make_primary(alice.id, ContactKind::Email, "new@example.com").await.unwrap();
    users.remove_contact(alice.id, ContactKind::Email, &alice.email).await.unwrap();
    app.browser().get(&gone).await.assert_error("link_used");
}

#[tokio::test]
async fn a66_there_is_no_way_to_a_new_password_but_by_the_link() {
    let (app, alice, _) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = app.browser();
    let link = link(&app, &bob).await;
    let form = form(&mut browser, &link).await;
    for token in ["", "nonsense", &PublicSessionId::random(&vestibule_core::Random::system()).to_string()] {
        browser.get(&format!("/reset-password?token={token}")).await.assert_error("link_used");
        browser.submit(&form.clone().with("token", token).with("username", "alice")).await.assert_error("link_used");
    }
    let page = browser.submit(&form.with("username", "alice").with("user_id", &alice.id.to_string())).await;
    assert!(page.has("reset-done"), "whose password it is, says the link alone: {page}");
    assert!(can_sign_in(&app, &bob, NEW).await && can_sign_in(&app, &alice, &alice.password).await);
}

#[tokio::test]
async fn a66_a_new_password_does_not_stand_in_for_the_second_factor() {
    let app = TestApp::with(|config| config.authentication.second_factor = SecondFactorMode::Enrolled).await;
    let alice = app.user("alice").await;
    let mut phone = Browser::sign_in(&app, &alice).await;
    let page = phone.open("/account/second-factor").await;
    let page = phone.submit(&page.form("switch-on").press("turn-on")).await;
    let code = Authenticator::scan(&page).code(app.clock());
    phone.submit(&page.form("second-factor").with("code", &code)).await;
    // The first mail tells that the second factor is on.
    app.mail(&alice.email, 1).await;
    let link = link(&app, &alice).await;
    let mut browser = app.browser();
    let form = form(&mut browser, &link).await;
    assert!(browser.submit(&form).await.has("reset-done"));
    let page = browser.get("/login").await;
    let page = confirm(&mut browser, &page, &Person { password: NEW.into(), ..alice }).await;
    assert!(page.find_form("second-factor").is_some(), "{page}");
    assert!(!is_signed_in(&mut browser).await);
}
