//! Addresses of one's own: added by a link that is sent there, and made the primary one.

use vestibule_tests::{Browser, Form, Page, Person, TestApp};

use crate::account_entry::is_at;

const PATH: &str = "/account/emails";
const OTHER: &str = "other@example.com";

async fn given() -> (TestApp, Person, Browser) {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let browser = Browser::sign_in(&app, &alice).await;
    (app, alice, browser)
}

async fn add(browser: &mut Browser, address: &str) -> Page {
    let page = browser.open(PATH).await;
    let page = browser.submit(&page.form("add-email").with("email", address)).await;
    browser.follow(page).await
}

/// The form of an address, as its button sends it.
async fn act(browser: &mut Browser, address: &str, action: &str) -> Form {
    browser.open(PATH).await.form("add-email").with("address", address).with("action", action)
}

async fn addresses(app: &TestApp, person: &Person) -> Vec<(String, bool, bool)> {
    let contacts = app.provider().users().contacts(person.id).await.unwrap();
    contacts.into_iter().filter(|it| it.value.contains('@')).map(|it| (it.value, it.verified, it.primary)).collect()
}

/// Presses the button behind a mailed link.
async fn open_link(browser: &mut Browser, link: &str) -> Page {
    let page = browser.get(link).await;
    browser.submit(&page.form("verify-email")).await
}

#[tokio::test]
async fn an_address_is_added_by_its_link_and_becomes_the_one_that_messages_go_to() {
    let (app, alice, mut browser) = given().await;
    let before = addresses(&app, &alice).await;
    let page = add(&mut browser, OTHER).await;
    assert!(is_at(&page, PATH) && page.has("done"), "{page}");
    let link = app.mail(OTHER, 1).await.link();
    assert!(link.starts_with(&format!("{}/verify-email?token=", app.issuer())), "{link}");
    assert_eq!(addresses(&app, &alice).await, before, "asking changes nothing");
    browser.get(&link).await;
    assert_eq!(addresses(&app, &alice).await, before, "nor does opening the link");
    assert!(open_link(&mut browser, &link).await.has("email-verified"));
    let form = act(&mut browser, OTHER, "make-primary").await;
    let page = browser.submit(&form).await;
    assert!(browser.follow(page).await.has("done"));
    let after = [(OTHER.to_owned(), true, true), (alice.email.clone(), true, false)];
    assert_eq!(addresses(&app, &alice).await, after);
    let told = app.mail(&alice.email, 1).await;
    assert!(
        told.find_link().is_none() && !told.subject().is_empty(),
        "whoever reads the old one is told: {}",
        told.text
    );
}

#[tokio::test]
async fn a67_a_link_confirms_once_and_for_nobody_else_who_is_signed_in() {
    let (app, alice, mut browser) = given().await;
    let bob = app.user("bob").await;
    add(&mut browser, OTHER).await;
    let link = app.mail(OTHER, 1).await.link();
    let form = browser.get(&link).await.form("verify-email");
    let mut bobs = Browser::sign_in(&app, &bob).await;
    assert_eq!(bobs.get(&link).await.status, 403);
    assert!(browser.submit(&form).await.has("email-verified"));
    browser.submit(&form).await.assert_error("link_used");
    assert_eq!(addresses(&app, &alice).await.len(), 2);
    assert_eq!(addresses(&app, &bob).await.len(), 1);
}

#[tokio::test]
async fn a60_an_address_of_somebody_else_is_answered_like_any_and_cannot_be_confirmed_away_from_them() {
    let (app, alice, mut browser) = given().await;
    let bob = app.user("bob").await;
    let (free, taken) = (add(&mut browser, OTHER).await, add(&mut browser, &bob.email).await);
    assert_eq!(free.text(), taken.text());
    let link = app.mail(&bob.email, 1).await.link();
    let page = open_link(&mut app.browser(), &link).await;
    assert!(!page.has("email-verified"), "{page}");
    assert_eq!(addresses(&app, &bob).await, [(bob.email.clone(), true, true)]);
    assert_eq!(addresses(&app, &alice).await.len(), 1);
}

#[tokio::test]
async fn what_is_no_address_and_what_is_there_already_is_told() {
    let (_app, alice, mut browser) = given().await;
    for wrong in ["", "other", "other@", "a@b@c"] {
        let page = add(&mut browser, wrong).await;
        assert!(is_at(&page, PATH) && page.has("error") && page.has("email-error"), "{wrong:?}: {page}");
    }
    assert!(add(&mut browser, &alice.email).await.has("error"));
}

#[tokio::test]
async fn a_link_is_sent_again_only_to_an_address_that_waits_for_it() {
    let app = TestApp::start().await;
    let alice = app.user_with("alice", |new| new.email_verified = false).await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    for wrong in [OTHER, "", "bob@example.com"] {
        let form = act(&mut browser, wrong, "send-link").await;
        assert!(browser.submit(&form).await.has("error"), "{wrong}");
    }
    let form = act(&mut browser, &alice.email, "send-link").await;
    assert!(browser.submit(&form).await.is_redirect());
    let link = app.mail(&alice.email, 1).await.link();
    assert!(open_link(&mut browser, &link).await.has("email-verified"));
    assert_eq!(addresses(&app, &alice).await, [(alice.email.clone(), true, true)]);
}
