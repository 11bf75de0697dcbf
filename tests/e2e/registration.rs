//! Making an account for oneself, through the pages and by mail.

use serde_json::json;
use vestibule_tests::{Browser, Form, Page, TestApp};

const ADDRESS: &str = "zoe@example.com";
const PASSWORD: &str = "violet tram under seven lakes";

async fn open() -> TestApp {
    TestApp::with(|config| config.users.registration = true).await
}

async fn ask(browser: &mut Browser, address: &str) -> Page {
    let page = browser.get("/register").await;
    browser.submit(&page.form("register").with("email", address)).await
}

/// The second form, filled in; and the browser that it is open in.
async fn invited(app: &TestApp) -> (Browser, Form) {
    let mut browser = app.browser();
    let sent = app.mails(ADDRESS).len();
    assert!(ask(&mut browser, ADDRESS).await.has("register-sent"));
    let link = app.mail(ADDRESS, sent + 1).await.link();
    assert!(link.starts_with(&format!("{}/register/finish?token=", app.issuer())), "{link}");
    let page = browser.get(&link).await;
    let form = page.form("register-finish").with("username", "zoe").with("password", PASSWORD);
    (browser, form)
}

#[tokio::test]
async fn nobody_registers_unless_the_site_lets_them() {
    let app = TestApp::start().await;
    for path in ["/register", "/register/finish?token=x"] {
        assert_eq!(app.browser().get(path).await.status, 404, "{path}");
    }
    let page = app.browser().get("/login").await;
    assert!(!page.body.contains("/register"), "{page}");
    let mut browser = app.browser();
    let mut form = browser.get("/login").await.form("login").with("email", ADDRESS).with("token", "x");
    for path in ["/register", "/register/finish"] {
        form.action = browser.url(path);
        assert_eq!(browser.submit(&form).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn an_account_is_made_by_the_link_with_a_verified_address_and_signs_in_as_everybody_does() {
    let app = open().await;
    let (mut browser, form) = invited(&app).await;
    assert!(app.provider().users().find(ADDRESS).await.unwrap().is_none(), "asking makes nothing");
    let page = browser.submit(&form).await;
    assert!(page.has("registered"), "{page}");
    let zoe = app.provider().users().find("zoe").await.unwrap().unwrap();
    assert_eq!((zoe.email.as_deref(), zoe.email_verified), (Some(ADDRESS), true));
    assert!(zoe.active && !zoe.staff && !zoe.superuser);
    assert!(browser.get("/account").await.is_redirect(), "nobody is signed in by it");
    let page = browser.get("/login").await;
    assert!(browser.try_to_sign_in(&page, "zoe", PASSWORD).await.is_redirect());
}

#[tokio::test]
async fn a67_a_link_makes_one_account() {
    let app = open().await;
    let (mut browser, form) = invited(&app).await;
    let (mut other, second) = invited(&app).await;
    assert!(browser.submit(&form).await.has("registered"));
    browser.submit(&form.with("username", "zoe2")).await.assert_error("link_used");
    other.submit(&second.with("username", "zoe3")).await.assert_error("link_used");
    assert!(app.provider().users().find("zoe2").await.unwrap().is_none());
}

#[tokio::test]
async fn a_refused_choice_is_told_and_does_not_cost_the_link() {
    let app = open().await;
    app.user("alice").await;
    let (mut browser, form) = invited(&app).await;
    for (name, value, error) in [
        ("username", "Alice", "username-error"),
        ("username", "", "username-error"),
        ("password", "12345", "error"),
        ("password", "", "error"),
    ] {
        let page = browser.submit(&form.clone().with(name, value)).await;
        assert!(page.has(error) && page.find_form("register-finish").is_some(), "{name} {value:?}: {page}");
    }
    assert!(browser.submit(&form).await.has("registered"));
}

#[tokio::test]
async fn a68_fields_that_are_not_offered_change_nothing() {
    let app = open().await;
    let root = app.superuser().await;
    let badge = json!({ "name": "badge", "label": "Badge", "kind": "text", "visible_to": "user" });
    assert_eq!(root.post("/api/v1/attributes", &badge).await.status, 201);
    let (mut browser, form) = invited(&app).await;
    let fields = ["staff", "superuser", "is_superuser", "email", "email_verified", "groups", "attribute.badge", "sub"];
    let form = fields.iter().fold(form, |form, name| form.with(name, "true"));
    assert!(browser.submit(&form).await.has("registered"));
    let zoe = app.provider().users().find("zoe").await.unwrap().unwrap();
    assert_eq!((zoe.staff, zoe.superuser, zoe.email.as_deref()), (false, false, Some(ADDRESS)));
    assert_eq!(root.get(&format!("/api/v1/users/{}", zoe.id)).await.body["attributes"], json!({}));
}

#[tokio::test]
async fn attributes_that_everybody_must_have_are_asked_for_and_judged() {
    let app = open().await;
    let root = app.superuser().await;
    let shoe = json!({ "name": "shoe", "label": "Shoe size", "kind": "number", "required": true, "visible_to": "user",
        "editable_by": "user" });
    assert_eq!(root.post("/api/v1/attributes", &shoe).await.status, 201);
    let (mut browser, form) = invited(&app).await;
    for wrong in ["", "big"] {
        let page = browser.submit(&form.clone().with("attribute.shoe", wrong)).await;
        assert!(page.has("field-attribute.shoe-error"), "{wrong:?}: {page}");
    }
    assert!(browser.submit(&form.with("attribute.shoe", "38.5")).await.has("registered"));
    let zoe = app.provider().users().find("zoe").await.unwrap().unwrap();
    assert_eq!(root.get(&format!("/api/v1/users/{}", zoe.id)).await.body["attributes"], json!({ "shoe": 38.5 }));
}

#[tokio::test]
async fn a60_whoever_has_an_account_already_is_told_so_by_mail_and_nobody_else_is() {
    let app = open().await;
    let alice = app.user("alice").await;
    let page = ask(&mut app.browser(), &alice.email).await;
    let unknown = ask(&mut app.browser(), "nobody@example.com").await;
    assert_eq!(page.text().replace(&alice.email, ""), unknown.text().replace("nobody@example.com", ""));
    let mail = app.mail(&alice.email, 1).await;
    assert!(mail.find_link().is_none(), "no link to register: {}", mail.text);
    assert!(app.mail("nobody@example.com", 1).await.find_link().is_some());
}

#[tokio::test]
async fn what_is_no_address_is_told() {
    let app = open().await;
    for wrong in ["", "zoe", "zoe@", "a@b@c", "zoe@example.com\r\nBcc: bob@example.com"] {
        let page = ask(&mut app.browser(), wrong).await;
        assert!(page.has("error") && page.find_form("register").is_some(), "{wrong:?}: {page}");
    }
}
