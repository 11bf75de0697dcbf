//! What is too long, too many or no text at all is refused, and nobody else notices.

use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, StatusCode, header::CONTENT_TYPE};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use vestibule_tests::{Browser, ClientSpec, TestApp};

const FORM: &str = "application/x-www-form-urlencoded";
/// Everything that reads a form.
const POSTED: [&str; 8] = [
    "/oauth2/token",
    "/oauth2/userinfo",
    "/oauth2/authorize",
    "/oauth2/end_session",
    "/login",
    "/consent",
    "/logout",
    "/setup",
];

async fn status(request: RequestBuilder) -> u16 {
    request.send().await.expect("an answer").status().as_u16()
}

fn form(app: &TestApp, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    app.wire().post(path).header(CONTENT_TYPE, FORM).header("origin", app.wire().origin()).body(body)
}

/// Asserts that the provider answers as if nothing had happened, and at once.
async fn assert_alive(app: &TestApp) {
    let begun = Instant::now();
    assert_eq!(status(app.wire().get("/health/ready")).await, 200);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

/// Sends bytes as they are, and reads what comes back until the connection is closed or silent.
async fn raw(app: &TestApp, bytes: &[u8]) -> String {
    let port = app.wire().url("/").port().expect("a port");
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("a connection");
    // The provider may close before it has read it all.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(Ok(read @ 1..)) = tokio::time::timeout(Duration::from_secs(2), stream.read(&mut buffer)).await {
        answer.extend_from_slice(&buffer[..read]);
        if answer.windows(4).any(|end| end == b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a39_a_body_past_the_limit_is_refused_wherever_forms_are_read() {
    let app = TestApp::start().await;
    for path in POSTED {
        for body in ["a".repeat(65_537), format!("code={}", "a".repeat(1_000_000))] {
            assert_eq!(status(form(&app, path, body)).await, 413, "{path}");
        }
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn a39_a_body_that_does_not_say_its_length_is_refused_when_it_is_too_long() {
    let app = TestApp::start().await;
    for path in ["/oauth2/token", "/oauth2/authorize", "/oauth2/userinfo"] {
        let chunk = format!("10000\r\na={}\r\n", "a".repeat(0x10000 - 2));
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {FORM}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        let answer = raw(&app, format!("{head}{chunk}{chunk}0\r\n\r\n").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{path}: {answer}");
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn a39_a_body_that_is_no_form_is_refused_wherever_forms_are_read() {
    let app = TestApp::start().await;
    for path in POSTED.into_iter().filter(|path| *path != "/oauth2/userinfo") {
        for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "\u{e9}"] {
            let request = app.wire().post(path).header("origin", app.wire().origin()).body("a=1");
            assert_eq!(status(request.header(CONTENT_TYPE, kind)).await, 400, "{path} {kind:?}");
        }
        let squeezed = form(&app, path, "a=1").header("content-encoding", "gzip");
        assert_eq!(status(squeezed).await, 415, "{path}");
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn a39_bytes_that_are_no_text_are_refused_wherever_forms_are_read() {
    let app = TestApp::start().await;
    let bodies: [&[u8]; 6] = [b"code=%ff", b"%c3=1", b"code=a%00b", b"code=\xff\xfe", b"code=\x00", b"state=%ed%a0%80"];
    for path in POSTED {
        for body in bodies {
            let status = status(form(&app, path, body)).await;
            assert_eq!(status, 400, "{path} {}", String::from_utf8_lossy(body));
        }
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn a39_bytes_that_are_no_text_are_refused_in_queries_and_never_redirect() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default()).await;
    for bad in ["state=%ff", "%c3=1", "nonce=a%00b", "login_hint=%ed%a0%80"] {
        let url = format!("{}&{bad}", client.request().without("state").without("nonce").url());
        app.browser().get(&url).await.assert_error("invalid_request");
        for path in ["/login", "/consent", "/logout", "/oauth2/end_session", "/setup"] {
            app.browser().get(&format!("{path}?{bad}")).await.assert_error("invalid_request");
        }
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn a39_an_address_or_a_header_that_is_too_long_is_refused() {
    let app = TestApp::start().await;
    let long = "a".repeat(1_000_000);
    let refused = [400, 413, 414, 431];
    let head = |line: &str, header: &str| format!("GET {line} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n\r\n");
    for request in [
        head(&format!("/oauth2/authorize?state={long}"), "x: y"),
        head("/login", &format!("cookie: vestibule_session={long}")),
        head("/oauth2/userinfo", &format!("authorization: Bearer {long}")),
        head("/login", &"x: y\r\n".repeat(5000)),
    ] {
        let answer = raw(&app, request.as_bytes()).await;
        let status: u16 = answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        assert!(refused.contains(&status) || answer.is_empty(), "{answer}");
        assert_alive(&app).await;
    }
}

#[tokio::test]
async fn a39_very_many_parameters_are_answered_like_any() {
    let app = TestApp::start().await;
    // As many different names as fit into a body.
    let many: String = (0..)
        .map(|n| format!("{n:x}&"))
        .scan(0, |sum, part| {
            *sum += part.len();
            (*sum < 65_000).then_some(part)
        })
        .collect();
    for path in ["/oauth2/token", "/oauth2/authorize", "/oauth2/end_session"] {
        let status = status(form(&app, path, many.clone())).await;
        assert!((300..500).contains(&status), "{path}: {status}");
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn a39_long_values_in_the_right_places_are_refused_or_given_back_whole() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let long = "s".repeat(8_000);
    let answer = browser.authorize(&client, |request| request.set("state", &long)).await;
    assert_eq!(answer.state.as_deref(), Some(long.as_str()));
    client.redeem(&answer).await;
    let page = app.browser().begin(&client, |request| request.set("login_hint", &long)).await;
    assert_eq!(page.status, StatusCode::OK);
    for name in ["code", "code_verifier", "redirect_uri", "client_id", "client_secret"] {
        let refused = client.exchange(&answer).without_basic().set("client_id", &client.client_id).set(name, &long);
        let status = refused.send().await.status.as_u16();
        assert!([400, 401].contains(&status), "{name}: {status}");
    }
    assert_alive(&app).await;
}

#[tokio::test]
async fn a39_a_password_longer_than_any_is_refused_without_being_hashed() {
    let app = TestApp::start().await;
    let alice = app.user("alice").await;
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    let refused = browser.try_to_sign_in(&page, &alice.username, &"p".repeat(60_000)).await;
    assert!(refused.has("error"), "{refused}");
    let page = browser.get("/login").await;
    assert!(browser.try_to_sign_in(&page, &alice.username, &alice.password).await.is_redirect());
}

#[tokio::test]
async fn a39_nonsense_instead_of_http_ends_its_connection_and_no_more() {
    let app = TestApp::start().await;
    let nonsense: [&[u8]; 4] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /oauth2/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n",
        b"POST /oauth2/token HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    ];
    for bytes in nonsense {
        let answer = raw(&app, bytes).await;
        assert!(!answer.starts_with("HTTP/1.1 2") && !answer.starts_with("HTTP/1.1 5"), "{answer}");
        assert_alive(&app).await;
    }
}
