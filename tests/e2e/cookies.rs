//! A78: cookies that scripts cannot read, other sites cannot send along, and siblings cannot plant.

use vestibule_tests::{Browser, Page, TestApp};

use crate::scene;

/// The attributes of the `Set-Cookie` for `name`.
fn attributes<'a>(page: &'a Page, name: &str) -> Vec<&'a str> {
    let start = format!("{name}=");
    let cookie = page.cookies().into_iter().find(|cookie| cookie.starts_with(&start));
    let cookie = cookie.unwrap_or_else(|| panic!("no cookie {name}: {:?}", page.cookies()));
    let mut attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
    attributes.sort_unstable();
    attributes
}

async fn signing_in(app: &TestApp) -> (Page, Page) {
    let alice = app.user("alice").await;
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    let done = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    (page, done)
}

#[tokio::test]
async fn a78_over_http_they_are_http_only_and_lax() {
    let app = TestApp::start().await;
    let (page, done) = signing_in(&app).await;
    assert_eq!(attributes(&page, "vestibule_browser"), ["HttpOnly", "Max-Age=34560000", "Path=/", "SameSite=Lax"]);
    assert_eq!(attributes(&done, "vestibule_session"), ["HttpOnly", "Path=/", "SameSite=Lax"]);
}

#[tokio::test]
async fn a78_over_https_they_are_secure_and_of_this_host_alone() {
    let app = TestApp::with(|config| config.http.public_url = "https://id.example".parse().expect("a URL")).await;
    let (page, done) = signing_in(&app).await;
    let browser = attributes(&page, "__Host-vestibule_browser");
    assert_eq!(browser, ["HttpOnly", "Max-Age=34560000", "Path=/", "SameSite=Lax", "Secure"]);
    let session = attributes(&done, "__Host-vestibule_session");
    assert_eq!(session, ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]);
    assert!(done.header("strict-transport-security").is_some());
}

#[tokio::test]
async fn a78_over_https_a_cookie_without_the_prefix_is_not_ours() {
    let app = TestApp::with(|config| config.http.public_url = "https://id.example".parse().expect("a URL")).await;
    let signed_in = Browser::sign_in(&app, &app.user("alice").await).await;
    let session = signed_in.cookie("__Host-vestibule_session").unwrap();
    for name in ["vestibule_session", "__host-vestibule_session", "__Secure-vestibule_session"] {
        let mut browser = app.browser();
        browser.plant(name, session);
        assert!(browser.get("/").await.find_form("logout").is_none(), "{name}");
    }
}

#[tokio::test]
async fn a78_of_two_session_cookies_neither_counts() {
    let (app, alice, _) = scene().await;
    let session = Browser::sign_in(&app, &alice).await.cookie("vestibule_session").unwrap().to_owned();
    let twice = format!("vestibule_session={session}; vestibule_session=planted");
    let page = app.browser().send(app.wire().get("/").header("cookie", twice), "/").await;
    assert!(page.find_form("logout").is_none());
    let once = format!("theirs=1; vestibule_session={session}");
    let page = app.browser().send(app.wire().get("/").header("cookie", once), "/").await;
    assert!(page.find_form("logout").is_some());
}

#[tokio::test]
async fn a78_what_holds_a_form_or_a_code_is_kept_by_no_cache() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser();
    let login = browser.begin(&client, |request| request).await;
    let consent = browser.try_to_sign_in(&login, "alice", &alice.password).await;
    let consent = browser.follow(consent).await;
    let answer = browser.submit(&consent.form("consent").press("allow")).await;
    for page in [login, consent, answer] {
        assert_eq!(page.header("cache-control"), Some("no-store"), "{page}");
    }
}

#[tokio::test]
async fn session_ids_are_256_bits_and_never_the_same() {
    let (app, alice, _) = scene().await;
    let (one, two) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &alice).await);
    for name in ["vestibule_session", "vestibule_browser"] {
        let (one, two) = (one.cookie(name).unwrap(), two.cookie(name).unwrap());
        assert!(one.len() >= 43 && one != two, "{name}");
    }
}
