//! A80: what is logged says what happened, and gives nobody anything.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter, util::SubscriberInitExt as _};
use vestibule_tests::Browser;

use crate::scene;

/// What this thread logs from now on. A test that runs on one thread has its provider there too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn begin() -> (Self, impl Drop) {
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(log.clone());
        let guard = subscriber.finish().set_default();
        (log, guard)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("a log")).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The lines of our own crates; those of the HTTP client of this test tell what it sends.
fn ours(text: &str) -> String {
    text.lines().filter(|line| line.contains("vestibule")).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a80_no_password_code_token_secret_or_cookie_is_logged() {
    let (app, alice, client) = scene().await;
    let (log, _guard) = Log::begin();
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
    let text = ours(&log.text());
    assert!(text.contains("a code was issued") && text.contains("a user signed in"), "it was heard:\n{text}");
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
    let (log, _guard) = Log::begin();
    let mut browser = Browser::sign_in(&app, &alice).await;
    let session = browser.cookie("vestibule_session").unwrap().to_owned();
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
    assert!(!ours(&log.text()).contains(&session));
}

#[tokio::test]
async fn a80_line_breaks_in_a_request_do_not_become_lines_of_the_log() {
    let (app, _, client) = scene().await;
    let (log, _guard) = Log::begin();
    let forged = "x\n2026-01-01T00:00:00Z  INFO vestibule_users: FORGED";
    let mut browser = app.browser();
    browser.get(&client.request().set("client_id", forged).url()).await;
    browser.get(&client.request().set("scope", forged).url()).await;
    browser.get(&client.request().set("prompt", forged).url()).await;
    let agent = app.wire().get("/login").header("user-agent", "a\tb").header("x-request-id", "FORGED");
    browser.send(agent, "/login").await;
    let page = browser.get("/login").await;
    browser.try_to_sign_in(&page, forged, forged).await;
    assert!(
        !log.text().lines().any(|line| line.contains("FORGED") && line.starts_with("2026-01-01")),
        "{}",
        log.text()
    );
    assert!(!ours(&log.text()).contains("FORGED"), "{}", ours(&log.text()));
}
