//! The log (attack A80): it tells what happened, never a secret, and nobody from outside writes a line of it.
//!
//! A program of its own, since what is logged is a matter of the whole process: here nothing runs beside these tests, and
//! every thread of the provider is heard.

use std::{
    io::Write,
    sync::{Arc, LazyLock, Mutex},
};

use tracing_subscriber::{Layer as _, filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};
use vestibule_tests::{Browser, ClientSpec, TestApp};

/// What is logged, in memory, as `log.format = "text"` writes it.
#[derive(Clone, Default)]
struct Journal(Arc<Mutex<Vec<u8>>>);

/// One for all tests: each looks for what only it has sent.
static JOURNAL: LazyLock<Journal> = LazyLock::new(|| {
    // Everything that a provider can be made to log, but for what the tests' own HTTP client says.
    let levels: Targets = "trace,reqwest=off,hyper_util::client=off".parse().expect("levels");
    let journal = Journal::default();
    let writer = journal.clone();
    let lines = fmt::layer().with_writer(move || writer.clone()).with_ansi(false).with_filter(levels);
    tracing_subscriber::registry().with(lines).init();
    journal
});

impl Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics with it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Journal {
    /// Begins to listen.
    fn kept() -> Self {
        JOURNAL.clone()
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panics with it").clone()).expect("UTF-8")
    }
}

#[tokio::test]
async fn a80_no_secret_of_a_whole_sign_in_is_logged_at_any_level() {
    let journal = Journal::kept();
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = app.browser_of(&alice);
    let request = client.request().set("login_hint", "a-very-private-hint").set("scope", "openid email phone");
    let page = browser.open(&request.url()).await;
    let (csrf, waiting) =
        (page.form("login").get("csrf_token").unwrap().to_owned(), page.url.query().unwrap().to_owned());
    browser.try_to_sign_in(&page, &alice.username, "wrong-but-nearly-right").await;
    browser.try_to_sign_in(&page, "typed-into-the-wrong-field", "x").await;
    let answer = browser.finish(page, &request).await;
    client.exchange(&answer).basic(&client.client_id, "a-wrong-secret").send().await;
    let tokens = client.redeem(&answer).await;
    client.userinfo(&tokens.access_token).await;
    client.exchange(&answer).send().await;
    client.userinfo(&tokens.access_token).await;
    let session = browser.cookie("vestibule_session").unwrap().to_owned();
    browser.open(&format!("/oauth2/end_session?id_token_hint={}&state=a-private-state", tokens.id_token)).await;
    let written = journal.text();
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let secrets = [
        alice.password.as_str(),
        "wrong-but-nearly-right",
        "typed-into-the-wrong-field",
        "a-very-private-hint",
        "a-wrong-secret",
        "a-private-state",
        answer.code(),
        answer.code().trim_start_matches("vst_code_"),
        answer.request.get("state").unwrap(),
        answer.request.get("nonce").unwrap(),
        &answer.request.verifier,
        client.secret.as_deref().unwrap(),
        &signature(&tokens.access_token),
        &signature(&tokens.id_token),
        &session,
        browser.cookie("vestibule_browser").unwrap(),
        &csrf,
        waiting.trim_start_matches("request="),
        &alice.email,
        "+351 21 555 0134",
    ];
    for secret in secrets {
        let line = written.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret} is logged: {}", line.unwrap_or_default());
    }
    for told in
        ["an authorization request was answered", "tokens were issued", "a code was redeemed twice", "request answered"]
    {
        assert!(written.contains(told), "not a word about: {told}");
    }
}

#[tokio::test]
async fn a80_nobody_from_outside_writes_a_line_of_the_log() {
    let journal = Journal::kept();
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let forged = "x\r\n2026-01-01T00:00:00.000000Z  INFO forged: a line\u{1b}[2K\u{85}\u{2028}";
    let encoded: String = url::form_urlencoded::byte_serialize(forged.as_bytes()).collect();
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    browser.try_to_sign_in(&page, forged, "x").await;
    browser.try_to_sign_in(&page, &alice.username, forged).await;
    browser.get(&format!("/{encoded}")).await;
    browser.get(&format!("/oauth2/authorize/posted/{encoded}")).await;
    for name in ["client_id", "redirect_uri", "scope", "state", "prompt", "response_type", "code_challenge", "max_age"]
    {
        browser.get(&client.request().set(name, forged).url()).await;
        browser.get(&client.request().add(name, forged).url()).await;
    }
    browser.get(&client.request().add(forged, "1").add(forged, "2").url()).await;
    browser.get(&client.request().set("id_token_hint", forged).url()).await;
    browser
        .get(&format!("/oauth2/end_session?id_token_hint={encoded}&client_id={encoded}&{encoded}=1&{encoded}=2"))
        .await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let request = client.exchange(&answer);
    request.clone().add(forged, "1").add(forged, "2").send().await;
    for name in ["code", "grant_type", "redirect_uri", "code_verifier", "client_id"] {
        request.clone().set(name, forged).send().await;
    }
    request.clone().basic(forged, forged).send().await;
    app.wire().post("/oauth2/userinfo").form(&[(forged, "1"), (forged, "2")]).send().await.unwrap();
    app.wire()
        .get("/login")
        .header("x-request-id", "forged: a line")
        .header("user-agent", "forged: a line")
        .send()
        .await
        .unwrap();
    let form = page.form("login").with(forged, "1");
    browser.submit_with(&form, &[("origin", "https://forged: a line")]).await;
    let written = journal.text();
    assert!(written.lines().count() > 20, "{written}");
    for line in written.lines() {
        assert!(
            !line.starts_with("2026-01-01T00:00:00") && line.as_bytes().first().is_some_and(u8::is_ascii_digit),
            "{line}"
        );
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[tokio::test]
async fn a80_the_query_of_an_address_is_not_logged() {
    let journal = Journal::kept();
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    for path in ["/login", "/consent", "/logout", "/setup", "/nowhere", "/oauth2/userinfo", "/oauth2/authorize"] {
        browser.get(&format!("{path}?request=private-query&token=private-query&access_token=private-query")).await;
    }
    assert!(!journal.text().contains("private-query"));
}
