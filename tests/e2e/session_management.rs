//! Session management: what an application may watch of a browser, and that it is nothing more.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, Page, TestApp, ThirdParty};

use crate::{account_chooser::add, scene, scene_of};

const STATE: &str = "vestibule_state";

/// What the page at `check_session_iframe` says to an application at `origin`, in a browser that holds this cookie.
pub(crate) fn said(client: &ThirdParty, origin: &str, session_state: &str, cookie: Option<&str>) -> &'static str {
    let (hash, salt) = session_state.split_once('.').expect("a hash and a salt");
    let text = format!("{} {origin} {} {salt}", client.client_id, cookie.unwrap_or_default());
    match URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())) == hash {
        true => "unchanged",
        false => "changed",
    }
}

pub(crate) fn state_of(answer: &Answer) -> String {
    answer.get("session_state").unwrap_or_else(|| panic!("no session_state")).to_owned()
}

const RP: &str = "https://rp.example";

async fn silently(browser: &mut Browser, client: &ThirdParty) -> Answer {
    let request = client.request().set("prompt", "none");
    Answer::read(&browser.open(&request.url()).await, &request)
}

async fn sign_out(browser: &mut Browser) {
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
}

#[tokio::test]
async fn it_stays_while_the_person_does_and_changes_when_they_sign_out_and_in_again() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let known = state_of(&answer);
    let ask = |browser: &Browser, known: &str| said(&client, RP, known, browser.cookie(STATE));
    assert_eq!(ask(&browser, &known), "unchanged");
    let again = state_of(&silently(&mut browser, &client).await);
    assert_ne!(again, known, "each has a salt of its own");
    assert_eq!((ask(&browser, &again), ask(&browser, &known)), ("unchanged", "unchanged"));
    sign_out(&mut browser).await;
    assert_eq!((ask(&browser, &known), browser.cookie(STATE)), ("changed", None));
    let refused = silently(&mut browser, &client).await;
    assert_eq!((refused.error(), ask(&browser, &state_of(&refused))), ("login_required", "unchanged"));
    let answer = browser.authorize(&client, |request| request).await;
    assert_eq!((ask(&browser, &known), ask(&browser, &state_of(&answer))), ("changed", "unchanged"));
    assert_eq!(ask(&browser, &state_of(&refused)), "changed", "to be signed in is a change as well");
}

#[tokio::test]
async fn it_is_bound_to_the_application_and_to_its_origin_a59() {
    let (app, alice, client) = scene().await;
    let other = app.client(ClientSpec::default()).await;
    let mut browser = app.browser_of(&alice);
    let known = state_of(&browser.authorize(&client, |request| request).await);
    let cookie = browser.cookie(STATE);
    assert_eq!(said(&client, RP, &known, cookie), "unchanged");
    for origin in ["https://evil.example", "http://rp.example", "https://rp.example:8443", "null"] {
        assert_eq!(said(&client, origin, &known, cookie), "changed", "{origin}");
    }
    assert_eq!(said(&other, RP, &known, cookie), "changed");
}

#[tokio::test]
async fn every_way_to_answer_has_it_and_one_to_no_page_of_the_web_has_not() {
    for (response_type, mode) in [
        ("code", None),
        ("code", Some("fragment")),
        ("code", Some("form_post")),
        ("id_token", None),
        ("id_token token", None),
        ("code id_token", Some("form_post")),
    ] {
        let (app, alice, client) = scene_of(ClientSpec::default().for_response_types(&[response_type])).await;
        let mut browser = app.browser_of(&alice);
        let with_mode = |request: AuthorizeRequest| match mode {
            Some(mode) => request.set("response_type", response_type).set("response_mode", mode),
            None => request.set("response_type", response_type),
        };
        let answer = browser.authorize(&client, with_mode).await;
        let known = state_of(&answer);
        assert_eq!(said(&client, RP, &known, browser.cookie(STATE)), "unchanged", "{response_type} {mode:?}");
        let denied = with_mode(client.request()).set("prompt", "consent");
        let page = browser.open(&denied.url()).await;
        let page = browser.submit(&page.form("consent").press("deny")).await;
        assert_eq!(said(&client, RP, &state_of(&Answer::read(&page, &denied)), browser.cookie(STATE)), "unchanged");
    }
    let (app, alice, client) = scene_of(ClientSpec::default().at(&["com.example.app:/cb"])).await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    assert_eq!(answer.get("session_state"), None);
}

#[tokio::test]
async fn without_openid_there_is_none() {
    let (app, alice, client) = scene().await;
    let answer =
        app.browser_of(&alice).authorize(&client, |request| request.set("scope", "email").without("nonce")).await;
    assert_eq!(answer.get("session_state"), None);
}

#[tokio::test]
async fn another_account_at_the_browser_changes_it_and_so_does_its_leaving() {
    let (app, alice, client) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = app.browser_of(&alice);
    let tokens = {
        let answer = browser.authorize(&client, |request| request).await;
        (state_of(&answer), client.redeem(&answer).await)
    };
    let ask = |browser: &Browser, known: &str| said(&client, RP, known, browser.cookie(STATE));
    add(&app, &mut browser, &bob).await;
    assert_eq!(ask(&browser, &tokens.0), "changed");
    // The application asks again for the person it knows, and is told that they are still there.
    let request = client.request().set("prompt", "none").set("id_token_hint", &tokens.1.id_token);
    let answer = Answer::read(&browser.open(&request.url()).await, &request);
    let known = state_of(&answer);
    assert_eq!(
        (client.redeem(&answer).await.id_claims()["sub"].clone(), ask(&browser, &known)),
        (alice.id.to_string().into(), "unchanged")
    );
    let page = browser.get(&format!("/oauth2/end_session?id_token_hint={}", tokens.1.id_token)).await;
    browser.follow(page).await;
    assert_eq!(ask(&browser, &known), "changed");
    assert!(browser.cookie(STATE).is_some(), "bob stays");
}

#[tokio::test]
async fn a_password_that_changes_is_a_change() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let known = state_of(&browser.authorize(&client, |request| request).await);
    let page = browser.open("/account/sessions").await;
    browser.submit(&page.form("end-everywhere").with("action", "end-all")).await;
    assert_eq!(said(&client, RP, &known, browser.cookie(STATE)), "changed");
    let answer = silently(&mut browser, &client).await;
    assert_eq!(said(&client, RP, &state_of(&answer), browser.cookie(STATE)), "unchanged");
}

#[tokio::test]
async fn a_frame_without_the_cookies_of_sessions_learns_nothing_and_changes_nothing() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await;
    let mut frame = app.browser();
    frame.plant(STATE, browser.cookie(STATE).unwrap());
    let refused = silently(&mut frame, &client).await;
    assert_eq!((refused.error(), refused.get("session_state")), ("login_required", None));
    assert_eq!(frame.cookie(STATE), browser.cookie(STATE));
}

#[tokio::test]
async fn the_cookie_is_no_secret_and_opens_nothing_a78() {
    let app = TestApp::with(|config| config.http.public_url = "https://id.example".parse().expect("a URL")).await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    let done = browser.try_to_sign_in(&page, "alice", &alice.password).await;
    let cookie =
        |page: &Page, name: &str| page.cookies().into_iter().find(|cookie| cookie.starts_with(name)).map(str::to_owned);
    let state = cookie(&done, "__Host-vestibule_state=").expect("the state");
    assert!(state.ends_with("; SameSite=None; Secure; Path=/") && !state.contains("HttpOnly"), "{state}");
    let session = cookie(&done, "__Host-vestibule_session=").expect("the session");
    assert!(session.contains("; HttpOnly; SameSite=Lax; Secure"), "{session}");
    let value = browser.cookie("__Host-vestibule_state").unwrap().to_owned();
    let sid = app.provider().sessions().list(alice.id).await.unwrap()[0].sid.to_string();
    assert!(!value.contains(&sid) && !session.contains(&value), "{value}");
    for name in ["__Host-vestibule_session", "__Host-vestibule_browser", "__Host-vestibule_accounts"] {
        let mut thief = app.browser();
        thief.plant(name, &value);
        assert_eq!(silently(&mut thief, &client).await.error(), "login_required", "{name}");
    }
}

#[tokio::test]
async fn the_page_alone_may_be_framed_and_runs_its_one_script_a11_a59() {
    let app = TestApp::start().await;
    let mut browser = app.browser();
    let page = browser.get("/oauth2/check_session").await;
    let policy = page.header("content-security-policy").unwrap().to_owned();
    assert!(
        policy.contains("frame-ancestors *") && policy.contains("default-src 'none'; script-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && policy.contains("form-action 'none'"), "{policy}");
    assert_eq!((page.status.as_u16(), page.header("x-frame-options")), (200, None));
    assert_eq!(page.body.matches("<script").count(), 1);
    assert!(page.body.contains("data-cookie=\"vestibule_state\"") && page.cookies().is_empty(), "{page}");
    for path in ["/login", "/logout", "/oauth2/end_session", "/oauth2/check_session/", "/nothing"] {
        let page = browser.get(path).await;
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{path}");
        assert!(page.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{path}");
    }
}
