//! What people change of themselves: names, attributes that are theirs to change, and which address messages go to.

use serde_json::json;
use vestibule_tests::{Administrator, Browser, Form, Page, Person, TestApp};
use vestibule_users::{ContactKind, NewContact, User};

use crate::account_entry::{STALE, is_at};

const PATH: &str = "/account/profile";

async fn given() -> (TestApp, Person, Browser) {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let browser = Browser::sign_in(&app, &alice).await;
    (app, alice, browser)
}

async fn user(app: &TestApp, person: &Person) -> User {
    app.provider().users().get(person.id).await.unwrap().unwrap()
}

async fn save(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let form = browser.open(PATH).await.form("profile");
    let form = fields.iter().fold(form, |form, (name, value)| form.with(name, value));
    browser.submit(&form).await
}

/// Declares an attribute that the user sees.
async fn declare(root: &Administrator, name: &str, kind: &str, editable_by: &str) {
    let new = json!({ "name": name, "label": name, "kind": kind, "visible_to": "user", "editable_by": editable_by });
    let declared = root.post("/api/v1/attributes", &new).await;
    assert_eq!(declared.status, 201, "{}", declared.body);
}

async fn attributes(root: &Administrator, person: &Person) -> serde_json::Value {
    root.get(&format!("/api/v1/users/{}", person.id)).await.body["attributes"].clone()
}

#[tokio::test]
async fn names_are_changed_and_taken_away_and_the_rest_stays() {
    let (app, alice, mut browser) = given().await;
    let page = save(&mut browser, &[("name", "Alice Liddell"), ("nickname", "")]).await;
    assert!(page.is_redirect(), "{page}");
    let claims = user(&app, &alice).await.claims;
    assert_eq!((claims.name.as_deref(), claims.nickname), (Some("Alice Liddell"), None));
    assert_eq!(claims.family_name.as_deref(), Some("Anchor"), "what was not sent stays");
    assert_eq!(claims.phone_number.as_deref(), Some("+351 21 555 0134"));
    assert!(claims.address.is_some());
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_nothing_is_saved() {
    let (app, alice, mut browser) = given().await;
    let fields = [("name", "Alice Liddell"), ("birthdate", "yesterday"), ("website", "javascript:alert(1)")];
    let page = save(&mut browser, &fields).await;
    assert!(is_at(&page, PATH) && page.has("field-birthdate-error") && page.has("field-website-error"), "{page}");
    assert_eq!(page.attribute("field-birthdate", "value").as_deref(), Some("yesterday"), "what was typed stays");
    assert_eq!(user(&app, &alice).await.claims.name.as_deref(), Some("alice Anchor"));
}

#[tokio::test]
async fn a68_fields_that_are_not_offered_change_nothing() {
    let (app, alice, mut browser) = given().await;
    let root = app.superuser().await;
    for (name, editable_by) in [("badge", "staff"), ("clearance", "nobody")] {
        declare(&root, name, "text", editable_by).await;
    }
    let before = user(&app, &alice).await;
    for (name, value) in [
        ("email", "eve@example.com"),
        ("email_verified", "true"),
        ("phone_number", "+1 425 555 1212"),
        ("phone_number_verified", "true"),
        ("address.country", "Elsewhere"),
        ("username", "eve"),
        ("sub", "1"),
        ("superuser", "true"),
        ("staff", "true"),
        ("groups", "admins"),
        ("permissions", "vestibule.view_user"),
        ("attribute.badge", "7"),
        ("attribute.clearance", "top"),
        ("attribute.undeclared", "x"),
        ("badge", "7"),
    ] {
        save(&mut browser, &[(name, value)]).await;
        assert_eq!(user(&app, &alice).await, before, "{name}");
    }
    assert_eq!(attributes(&root, &alice).await, json!({}));
}

#[tokio::test]
async fn attributes_are_shown_and_changed_as_they_are_declared() {
    let (app, alice, mut browser) = given().await;
    let root = app.superuser().await;
    for (name, kind) in [("shoe", "number"), ("vegan", "boolean"), ("hobbies", "list"), ("joined", "date")] {
        declare(&root, name, kind, "user").await;
    }
    declare(&root, "badge", "text", "staff").await;
    let path = format!("/api/v1/users/{}", alice.id);
    root.patch(&path, &json!({ "attributes": { "badge": "B-7" } })).await;
    let page = browser.open(PATH).await;
    assert!(page.text().contains("B-7") && !page.has("field-attribute.badge"), "seen, and not changed: {page}");
    let fields = [
        ("attribute.shoe", "38.5"),
        ("attribute.vegan", "true"),
        ("attribute.hobbies", "chess\r\n\r\n croquet \r\n"),
        ("attribute.joined", "2020-02-29"),
    ];
    let page = save(&mut browser, &fields).await;
    assert!(page.is_redirect(), "{page}");
    let all =
        json!({ "badge": "B-7", "shoe": 38.5, "vegan": true, "hobbies": ["chess", "croquet"], "joined": "2020-02-29" });
    assert_eq!(attributes(&root, &alice).await, all);
    let page = save(&mut browser, &[("attribute.shoe", "big"), ("attribute.vegan", "true")]).await;
    assert!(page.has("field-attribute.shoe-error"), "{page}");
    assert_eq!(attributes(&root, &alice).await, all);
    save(&mut browser, &[("attribute.shoe", ""), ("attribute.hobbies", "")]).await;
    let left = json!({ "badge": "B-7", "vegan": false, "joined": "2020-02-29" });
    assert_eq!(attributes(&root, &alice).await, left, "what is left empty is taken away");
}

/// Adds an address of alice's, and the form that does something to it.
async fn with_address(app: &TestApp, person: &Person, address: &str, verified: bool) {
    let new = NewContact { kind: ContactKind::Email, value: address.to_owned(), verified };
    app.provider().users().add_contact(person.id, new).await.unwrap();
}

fn emails_form(browser: &Browser, page: &Page, address: &str, action: &str) -> Form {
    let mut form = page.form("logout").with("address", address).with("action", action);
    form.action = browser.url("/account/emails");
    form
}

#[tokio::test]
async fn only_a_confirmed_address_of_ones_own_becomes_the_primary_one() {
    let (app, alice, mut browser) = given().await;
    app.user("bob").await;
    with_address(&app, &alice, "second@example.com", true).await;
    with_address(&app, &alice, "unproved@example.com", false).await;
    let page = browser.open("/account").await;
    for wrong in ["unproved@example.com", "bob@example.com", "nobody@example.com", ""] {
        let answer = browser.submit(&emails_form(&browser, &page, wrong, "make-primary")).await;
        assert!(answer.has("error"), "{wrong}: {answer}");
        assert_eq!(user(&app, &alice).await.email.as_deref(), Some("alice@example.com"));
    }
    let form = emails_form(&browser, &page, "second@example.com", "make-primary");
    assert!(browser.submit(&form).await.is_redirect());
    let now = user(&app, &alice).await;
    assert_eq!((now.email.as_deref(), now.email_verified), (Some("second@example.com"), true));
}

#[tokio::test]
async fn an_address_is_removed_but_not_the_primary_one_nor_another_persons() {
    let (app, alice, mut browser) = given().await;
    let bob = app.user("bob").await;
    with_address(&app, &alice, "second@example.com", true).await;
    let page = browser.open("/account").await;
    for wrong in ["alice@example.com", "bob@example.com"] {
        let answer = browser.submit(&emails_form(&browser, &page, wrong, "remove")).await;
        assert!(answer.has("error"), "{wrong}: {answer}");
    }
    assert!(browser.submit(&emails_form(&browser, &page, "second@example.com", "remove")).await.is_redirect());
    assert!(user(&app, &alice).await.email.is_some() && user(&app, &bob).await.email.is_some());
    let left = app.provider().users().contacts(alice.id).await.unwrap();
    assert!(!left.iter().any(|contact| contact.value == "second@example.com"));
    let form = emails_form(&browser, &page, "alice@example.com", "make-primary");
    app.clock().advance(STALE);
    assert_eq!(browser.submit(&form).await.location().path(), "/login", "addresses want a fresh sign-in");
}
