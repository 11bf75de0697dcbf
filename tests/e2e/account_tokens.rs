//! API tokens that people make for themselves: with nothing that they do not hold, and revoked by nobody else.

use vestibule_tests::{Administrator, Browser, Form, Page, Person, TestApp};
use vestibule_users::{Holder, Permit};

use crate::account_entry::{STALE, is_at};

const PATH: &str = "/account/tokens";
const VIEW: &str = "vestibule.view_user";

/// Alice, who may look at users, at her browser; and somebody to try tokens with.
async fn given() -> (TestApp, Person, Browser, Administrator) {
    let app = TestApp::start().await;
    let (alice, root) = (app.user("alice").await, app.superuser().await);
    let permit = Permit::everywhere(VIEW.parse().unwrap());
    app.provider().access().grant(Holder::User(alice.id), &permit).await.unwrap();
    let browser = Browser::sign_in(&app, &alice).await;
    (app, alice, browser, root)
}

/// The form filled in, to make a token for these permissions.
async fn form(browser: &mut Browser, scopes: &[&str]) -> Form {
    let form = browser.open(PATH).await.form("create-token").with("name", "Backup").with("expires_in", "30");
    with_scopes(form, scopes)
}

fn with_scopes(mut form: Form, scopes: &[&str]) -> Form {
    form.fields.extend(scopes.iter().map(|scope| ("scope".to_owned(), (*scope).to_owned())));
    form
}

/// Makes a token: what it is.
async fn make(browser: &mut Browser) -> String {
    let form = form(browser, &[VIEW]).await;
    let page = browser.submit(&form).await;
    page.codes().pop().unwrap_or_else(|| panic!("no token: {page}"))
}

async fn revoke(browser: &mut Browser, id: &str) -> Page {
    let form = browser.open(PATH).await.form("create-token");
    browser.submit(&form.with("token_id", id).with("action", "revoke")).await
}

/// The id of the token in the list.
fn id_of(page: &Page) -> String {
    let inputs: Vec<_> = page.body.split("name=\"token_id\" value=\"").skip(1).collect();
    inputs[0].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_shown_once_works_and_is_revoked_at_once() {
    let (_app, _, mut browser, root) = given().await;
    let token = make(&mut browser).await;
    assert_eq!(root.with_token(&token).get("/api/v1/users").await.status, 200);
    let page = browser.open(PATH).await;
    assert!(page.text().contains("Backup") && page.text().contains(VIEW), "{page}");
    assert!(!page.body.contains(&token), "it is not shown again");
    assert!(revoke(&mut browser, &id_of(&page)).await.is_redirect());
    assert_eq!(root.with_token(&token).get("/api/v1/users").await.status, 401);
    let page = revoke(&mut browser, &id_of(&page)).await;
    assert!(is_at(&page, PATH) && page.has("error"), "{page}");
}

#[tokio::test]
async fn a69_nobody_gives_a_token_what_they_do_not_hold() {
    let (_app, _, mut browser, _) = given().await;
    let page = browser.open(PATH).await;
    assert!(page.attributes("value").contains(&VIEW.to_owned()), "{page}");
    assert!(!page.attributes("value").contains(&"vestibule.delete_user".to_owned()), "{page}");
    for wrong in [vec!["vestibule.delete_user"], vec![VIEW, "vestibule.delete_user"], vec!["nonsense"], vec![]] {
        let form = form(&mut browser, &wrong).await;
        let page = browser.submit(&form).await;
        assert!(is_at(&page, PATH) && page.has("error") && !page.has("token"), "{wrong:?}: {page}");
    }
    assert!(browser.open(PATH).await.text().contains("There is none yet"));
}

#[tokio::test]
async fn a69_another_persons_token_cannot_be_revoked() {
    let (app, _, mut browser, root) = given().await;
    let token = make(&mut browser).await;
    let id = id_of(&browser.open(PATH).await);
    let bob = app.user("bob").await;
    let mut bobs = Browser::sign_in(&app, &bob).await;
    assert!(revoke(&mut bobs, &id).await.has("error"));
    assert_eq!(root.with_token(&token).get("/api/v1/users").await.status, 200);
}

#[tokio::test]
async fn a_stale_session_makes_no_token() {
    let (app, _, mut browser, _) = given().await;
    let form = form(&mut browser, &[VIEW]).await;
    app.clock().advance(STALE);
    let page = browser.submit(&form).await;
    assert!(page.is_redirect() && page.location().path() == "/login", "{page}");
    assert!(browser.open(PATH).await.text().contains("There is none yet"));
}

#[tokio::test]
async fn a_name_and_a_lifetime_of_the_list_are_needed() {
    let (_app, _, mut browser, _) = given().await;
    for (name, lifetime) in [("", "30"), (" ", "30"), ("Backup", ""), ("Backup", "99999"), ("Backup", "-1")] {
        let form = form(&mut browser, &[VIEW]).await.with("name", name).with("expires_in", lifetime);
        let page = browser.submit(&form).await;
        assert!(page.has("error") && !page.has("token"), "{name:?} {lifetime:?}: {page}");
    }
}
