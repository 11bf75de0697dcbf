//! What holds of every page: who may frame it, what it loads, and that nothing that others wrote becomes markup.

use vestibule_tests::{Browser, ClientSpec, Page, TestApp};

use crate::scene;

const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'`{{7*7}}";

/// Every page of a sign-in and a sign-out, the redirects between them and the errors beside them.
async fn every_answer(app: &TestApp) -> Vec<Page> {
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = app.browser();
    let mut pages = vec![browser.get(&client.request().url()).await];
    let login = browser.follow(pages[0].clone()).await;
    pages.push(browser.try_to_sign_in(&login, "alice", "wrong").await);
    pages.push(browser.try_to_sign_in(&login, "alice", &alice.password).await);
    let consent = browser.follow(pages[2].clone()).await;
    pages.push(browser.submit(&consent.form("consent").press("allow")).await);
    pages.push(browser.submit(&consent.form("consent").without("csrf_token")).await);
    pages.extend([login, consent]);
    pages.push(browser.begin(&client, |request| request.set("prompt", "select_account")).await);
    for path in ["/", "/login", "/logout", "/nothing", "/setup", "/consent", "/oauth2/authorize", "/oauth2/end_session"]
    {
        pages.push(browser.get(path).await);
    }
    for path in
        ["/oauth2/jwks", "/.well-known/openid-configuration", "/oauth2/userinfo", "/oauth2/token", "/health/live"]
    {
        pages.push(browser.get(path).await);
    }
    let (post, put) = (app.wire().post("/"), app.wire().request(reqwest::Method::PUT, "/login"));
    pages.push(browser.send(post, "/").await);
    pages.push(browser.send(put, "/login").await);
    pages.push(browser.send(app.wire().post("/login").body("x".repeat(100_000)), "/login").await);
    pages
}

#[tokio::test]
async fn a11_a12_every_answer_keeps_frames_sniffing_and_referers_out() {
    let app = TestApp::start().await;
    for page in every_answer(&app).await {
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{page}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{page}");
        assert_eq!(page.header("referrer-policy"), Some("same-origin"), "{page}");
        let policy = page.header("content-security-policy").unwrap_or_default();
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{page}");
        assert!(policy.contains("base-uri 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(page.headers.get_all("content-security-policy").iter().count(), 1);
    }
}

#[tokio::test]
async fn a12_pages_have_no_script_and_load_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    let pages = every_answer(&app).await;
    assert!(pages.iter().filter(|page| page.body.starts_with("<!doctype html>")).count() > 10);
    for page in pages {
        assert!(!page.body.contains("<script") && !page.body.contains(" style="), "{page}");
        for address in ["src", "href", "action"].iter().flat_map(|name| page.attributes(name)) {
            assert!(address.starts_with('/') && !address.starts_with("//"), "{address} on {page}");
        }
    }
}

#[tokio::test]
async fn the_form_action_of_a_page_that_leads_to_an_application_names_it_and_no_other() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser();
    let login = browser.begin(&client, |request| request).await;
    let consent = browser.try_to_sign_in(&login, "alice", &alice.password).await;
    let consent = browser.follow(consent).await;
    let select = browser.begin(&client, |request| request.set("prompt", "select_account")).await;
    for page in [login, consent, select] {
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("form-action 'self' https://rp.example;"), "{policy}");
    }
    let plain = app.browser().get("/login").await;
    assert!(plain.header("content-security-policy").unwrap().contains("form-action 'self';"), "{plain}");
}

#[tokio::test]
async fn a13_what_others_wrote_never_becomes_markup() {
    let app = TestApp::start().await;
    let alice = app.user_with("alice", |new| new.claims.name = Some(HOSTILE.to_owned())).await;
    app.api("https://api.example", &["notes.read"]).await;
    let spec = ClientSpec::named(HOSTILE).for_scope("openid notes.read");
    let client = app.client(spec).await;
    let mut browser = app.browser();
    let hostile = ["login_hint", "state", "nonce", "ui_locales", "acr_values", "display", "claims_locales"];
    let request = hostile.iter().fold(client.request(), |request, name| request.set(name, HOSTILE));
    let claims = serde_json::json!({ "userinfo": { HOSTILE: { "value": HOSTILE } } }).to_string();
    let request = request.set("claims", &claims);
    let request = request.set("scope", "openid notes.read <script>").set("prompt", "consent");
    let login = browser.open(&request.url()).await;
    assert_eq!(login.attribute("username", "value").as_deref(), Some(HOSTILE));
    let wrong = browser.try_to_sign_in(&login, HOSTILE, HOSTILE).await;
    let consent = browser.try_to_sign_in(&login, "alice", &alice.password).await;
    let consent = browser.follow(consent).await;
    let error = browser.get(&client.request().set("redirect_uri", HOSTILE).set("client_id", HOSTILE).url()).await;
    let other = browser.get("/%22%3E%3Cscript%3E").await;
    let double =
        browser.get(&client.request().add("client_id", "x").add("<script>", "1").add("<script>", "2").url()).await;
    let home = browser.get("/").await;
    for page in [login, wrong, consent, error, other, double, home] {
        assert!(!page.body.contains("<script") && !page.body.contains("<img"), "{}", page.body);
    }
}

#[tokio::test]
async fn a13_a_name_cannot_turn_the_words_around_it() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::named("Bank\u{202e}moc.live\u{2066}\u{200b}")).await;
    let page = app.browser().begin(&client, |request| request).await;
    assert!(page.text().contains("Bankmoc.live") && !page.body.contains(['\u{202e}', '\u{2066}', '\u{200b}']));
}

#[tokio::test]
async fn a14_line_breaks_in_a_request_do_not_become_headers() {
    let (app, alice, client) = scene().await;
    let split = "x\r\nSet-Cookie: evil=1\r\n\r\n<html>";
    let mut browser = Browser::sign_in(&app, &alice).await;
    let answers = [
        browser.get(&client.request().set("state", split).set("prompt", "none").url()).await,
        browser.get(&client.request().set("scope", split).url()).await,
        browser.get(&format!("/oauth2/end_session?state={}", "%0d%0aSet-Cookie:%20evil=1")).await,
        browser.get("/%0d%0aSet-Cookie:%20evil=1").await,
        browser.get("/login?request=%0d%0aSet-Cookie:%20evil=1").await,
    ];
    for page in &answers {
        assert!(page.cookies().iter().all(|cookie| !cookie.starts_with("evil")), "{page}");
        assert!(page.headers.get_all("location").iter().count() <= 1);
    }
    let state =
        answers[0].location().query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
    assert_eq!(state.as_deref(), Some(split), "given back encoded");
    let evil = client.request().set("redirect_uri", &format!("https://rp.example/cb{split}"));
    browser.get(&evil.url()).await.assert_error("invalid_redirect_uri");
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_a_page_for_people_and_json_for_programs() {
    let app = TestApp::start().await;
    let page = app.browser().get("/nothing").await;
    assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (404, Some("not_found")));
    assert!(page.has("request-id"));
    let answer = vestibule_tests::JsonAnswer::of(app.wire().get("/oauth2/nothing")).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (404, "not_found"));
}

#[tokio::test]
async fn a_method_that_is_not_there_is_told_which_are() {
    let app = TestApp::start().await;
    for (path, allowed) in [("/login", "GET, POST, HEAD"), ("/oauth2/jwks", "GET, HEAD"), ("/oauth2/token", "POST")] {
        let page = app.browser().send(app.wire().request(reqwest::Method::DELETE, path), path).await;
        assert_eq!(page.status, 405, "{path}");
        let mut said: Vec<&str> = page.header("allow").unwrap_or_default().split(", ").collect();
        let mut expected: Vec<&str> = allowed.split(", ").collect();
        said.sort_unstable();
        expected.sort_unstable();
        assert_eq!(said, expected, "{path}");
    }
}

#[tokio::test]
async fn a39_too_much_is_refused_and_the_provider_goes_on() {
    let (app, _, client) = scene().await;
    let huge = client.request().set("state", &"s".repeat(200_000));
    let page = app.browser().post_cross_site("/oauth2/authorize", &huge.parameters).await;
    assert_eq!((page.status.as_u16(), page.error_code().as_deref()), (413, Some("payload_too_large")));
    let address = app.browser().get(&client.request().set("state", &"s".repeat(40_000)).url()).await;
    assert!(address.status.is_client_error(), "{}", address.status);
    assert_eq!(app.browser().get("/health/live").await.status, 200);
}

#[tokio::test]
async fn the_stylesheet_is_ours_and_kept_for_ever_under_its_own_name() {
    let app = TestApp::start().await;
    let page = app.browser().get("/").await;
    let stylesheet = page.attributes("href").into_iter().find(|href| href.ends_with(".css")).expect("a stylesheet");
    let sheet = app.browser().get(&stylesheet).await;
    assert_eq!(sheet.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(sheet.header("cache-control").unwrap().contains("immutable"));
    assert!(!sheet.body.contains("http://") && !sheet.body.contains("https://") && !sheet.body.contains("@import"));
}

#[tokio::test]
async fn health_is_told_to_operators() {
    let app = TestApp::start().await;
    for path in ["/health/live", "/health/ready"] {
        let answer = vestibule_tests::JsonAnswer::of(app.wire().get(path)).await;
        assert_eq!((answer.status.as_u16(), &answer.body["status"]), (200, &"ok".into()));
    }
}
