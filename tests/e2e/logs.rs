//! A80: what is logged says what happened, and gives nobody anything.

use std::{cell::RefCell, io, sync::Once};

use tracing_subscriber::{
    Layer as _, filter::dynamic_filter_fn, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};
use vestibule_tests::Browser;

use crate::scene;

thread_local! {
    /// What this thread logs, once it listens.
    static HEARD: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Listens from now on to all that this thread logs. A test that runs on one thread has its provider there too.
fn listen() {
    static SUBSCRIBED: Once = Once::new();
    // One subscriber for all threads: what a thread without any comes upon first would count as never listened to.
    SUBSCRIBED.call_once(|| {
        let listening = dynamic_filter_fn(|_, _| HEARD.with_borrow(Option::is_some));
        let lines = fmt::layer().with_ansi(false).with_writer(|| Ear).with_filter(listening);
        tracing_subscriber::registry().with(lines).init();
    });
    HEARD.set(Some(Vec::new()));
}

/// What this thread has logged.
fn heard() -> String {
    HEARD.with_borrow(|heard| String::from_utf8_lossy(heard.as_deref().unwrap_or_default()).into_owned())
}

struct Ear;

impl io::Write for Ear {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        HEARD.with_borrow_mut(|heard| heard.get_or_insert_default().extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// All lines but those of the HTTP library, which is the client of this test too and tells what that sends.
fn ours(text: &str) -> String {
    let of_the_client = |line: &str| line.contains(" hyper") || line.contains(" reqwest");
    text.lines().filter(|line| !of_the_client(line)).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a80_no_password_code_token_secret_or_cookie_is_logged() {
    let (app, alice, client) = scene().await;
    listen();
    let mut browser = app.browser_of(&alice);
    let page = browser.get("/login").await;
    browser.try_to_sign_in(&page, "alice", "a wrong password").await;
    browser.try_to_sign_in(&page, "typed-password-into-username", "x").await;
    let answer = browser.authorize(&client, |request| request.set("scope", "openid email")).await;
    let tokens = client.redeem(&answer).await;
    client.exchange(&answer).send().await;
    client.userinfo(&tokens.access_token).await;
    client.userinfo("not-a-token").await;
    browser.get(&format!("/oauth2/end_session?id_token_hint={}", tokens.id_token)).await;
    let text = ours(&heard());
    assert!(
        text.contains("an authorization request was answered") && text.contains("a user signed in"),
        "it was heard:\n{text}"
    );
    let secrets = [
        &*alice.password,
        "a wrong password",
        "typed-password-into-username",
        answer.code(),
        &answer.request.verifier,
        answer.request.get("state").unwrap(),
        answer.request.get("nonce").unwrap(),
        client.secret.as_deref().unwrap(),
        &tokens.access_token,
        &tokens.id_token,
        browser.cookie("vestibule_browser").unwrap(),
        "not-a-token",
        "alice@example.com",
    ];
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} was logged:\n{text}");
    }
}

#[tokio::test]
async fn a80_a_session_id_is_not_logged() {
    let (app, alice, _) = scene().await;
    listen();
    let mut browser = Browser::sign_in(&app, &alice).await;
    let session = browser.cookie("vestibule_session").unwrap().to_owned();
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
    assert!(!ours(&heard()).contains(&session));
}

#[tokio::test]
async fn a80_line_breaks_in_a_request_do_not_become_lines_of_the_log() {
    let (app, _, client) = scene().await;
    listen();
    let forged = "x\n2026-01-01T00:00:00Z  INFO vestibule_users: FORGED";
    let mut browser = app.browser();
    browser.get(&client.request().set("client_id", forged).url()).await;
    browser.get(&client.request().set("scope", forged).url()).await;
    browser.get(&client.request().set("prompt", forged).url()).await;
    let agent = app.wire().get("/login").header("user-agent", "a\tb").header("x-request-id", "FORGED");
    browser.send(agent, "/login").await;
    let page = browser.get("/login").await;
    browser.try_to_sign_in(&page, forged, forged).await;
    assert!(!heard().lines().any(|line| line.contains("FORGED") && line.starts_with("2026-01-01")), "{}", heard());
    assert!(!ours(&heard()).contains("FORGED"), "{}", ours(&heard()));
}
