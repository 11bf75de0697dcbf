//! The layers together, as a router sits in them.

use std::time::Duration;

use http::{Method, StatusCode};
use poem::{Endpoint, Request, Response, Route, endpoint::make, web::RemoteAddr};
use tokio::{io::AsyncWriteExt as _, net::TcpStream, sync::watch};
use url::Url;

use super::{log::Log, *};
use crate::pages::Label;

fn router() -> Route {
    Route::new()
        .at("/page", Methods::new().get(make(|_| async { "a page" })).post(make(form)))
        .at("/link/:secret", Methods::new().get(make(|_| async { "once" })))
        .at("/polled", Methods::new().get(make(|_| async { "well" })))
        .at("/oauth2/token", Methods::new().post(make(form)))
        .at(
            "/panic",
            make(|_| async {
                if true {
                    panic!("hunter2")
                }
            }),
        )
        .at("/never", make(|_| async { std::future::pending::<()>().await }))
        .at("/who", make(who))
        .at("/own", make(|_| async { own() }))
}

async fn who(request: Request) -> String {
    let client = request.data::<ClientAddress>().expect("an address");
    format!("{client} {}", RequestId::of(&request))
}

async fn form(mut request: Request) -> poem::Result<String> {
    let form = read_form(&mut request, 1000).await.map_err(Failure::from)?;
    Ok(form.get("a").unwrap_or_default().to_owned())
}

fn own() -> Response {
    let policy = page_policy(&["https://app.example/cb".to_owned()], None);
    Response::builder().header("content-security-policy", policy).header("cache-control", "max-age=60").finish()
}

fn stack(public_url: &str) -> impl Endpoint<Output = Response> + 'static {
    let stack = Stack {
        requests: vestibule_metrics::DurationsBy::new(["endpoint", "status"]),
        public_url: Url::parse(public_url).expect("a URL"),
        proxies: ["10.0.0.0/8"].iter().map(|text| text.parse::<ipnet::IpNet>().expect("a network")).collect(),
        max_body: 100,
        request_timeout: Duration::from_millis(200),
        site: Label::from("Vestibule"),
        open: vec![OpenPath { path: "/oauth2/token", methods: "POST" }],
        polled: &["/polled"],
    };
    stack.around(router())
}

async fn ask(request: Request) -> Response {
    stack("https://id.example").get_response(request).await
}

fn get(path: &str) -> Request {
    Request::builder().uri_str(path).finish()
}

fn post(path: &str) -> poem::RequestBuilder {
    Request::builder().method(Method::POST).uri_str(path).content_type("application/x-www-form-urlencoded")
}

async fn text(response: Response) -> String {
    response.into_body().into_string().await.expect("text")
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_a11_a12_a78() {
    let preflight = Request::builder().method(Method::OPTIONS).uri_str("/oauth2/token").finish();
    let too_long = post("/page").body("a".repeat(101));
    for request in
        [get("/page"), get("/nothing"), get("/panic"), get("/never"), get("/oauth2/token"), preflight, too_long]
    {
        let asked = format!("{} {}", request.method(), request.uri());
        let response = ask(request).await;
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(response.header(name), Some(value), "{asked}: {name}");
        }
        let policy = response.header("content-security-policy").expect("a policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{asked}: {policy}"
        );
        assert!(response.header("x-request-id").is_some_and(|id| id.len() == 32), "{asked}");
    }
}

#[tokio::test]
async fn a_handler_may_name_its_form_targets_and_its_caching() {
    let response = ask(get("/own")).await;
    assert!(
        response.header("content-security-policy").expect("one").contains("form-action 'self' https://app.example;")
    );
    assert_eq!(response.header("cache-control"), Some("max-age=60"));
    assert_eq!(response.header("x-frame-options"), Some("DENY"));
}

#[tokio::test]
async fn plain_http_does_not_promise_https() {
    let response = stack("http://localhost:8080").get_response(get("/page")).await;
    assert_eq!(response.header("strict-transport-security"), None);
}

#[tokio::test]
async fn a_panic_says_nothing_of_itself() {
    let response = ask(get("/panic")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let page = text(response).await;
    assert!(page.contains(r#"data-error="server_error""#) && !page.contains("hunter2"), "{page}");
}

#[tokio::test]
async fn nothing_there_is_a_page_with_the_request_id() {
    let response = ask(get("/nothing")).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.content_type(), Some("text/html; charset=utf-8"));
    let id = response.header("x-request-id").expect("an id").to_owned();
    let page = text(response).await;
    assert!(page.contains(&id) && page.contains(r#"data-error="not_found""#), "{page}");
}

#[tokio::test]
async fn a_wrong_method_is_told_which_are_right() {
    let response = ask(Request::builder().method(Method::DELETE).uri_str("/page").finish()).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.header("allow"), Some("GET, POST, HEAD"));
    let head = ask(Request::builder().method(Method::HEAD).uri_str("/page").finish()).await;
    assert_eq!((head.status(), head.header("content-length")), (StatusCode::OK, Some("6")));
    assert_eq!(text(head).await, "");
}

#[tokio::test]
async fn a_protocol_endpoint_answers_errors_in_json_and_to_any_origin() {
    let response = ask(post("/oauth2/token").body("a=%ff")).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    assert_eq!(response.header("access-control-expose-headers"), Some("WWW-Authenticate, DPoP-Nonce"));
    assert_eq!(response.header("cross-origin-resource-policy"), None);
    let document: serde_json::Value = serde_json::from_str(&text(response).await).expect("JSON");
    assert_eq!(document["error"], "invalid_request");
    assert!(document["request_id"].is_string(), "{document}");
}

#[tokio::test]
async fn a_preflight_is_answered_where_it_is_open_and_nowhere_else() {
    let preflight = |path| {
        Request::builder().method(Method::OPTIONS).uri_str(path).header("origin", "https://app.example").finish()
    };
    let open = ask(preflight("/oauth2/token")).await;
    assert_eq!(open.status(), StatusCode::NO_CONTENT);
    assert_eq!(open.header("access-control-allow-headers"), Some("Authorization, Content-Type, DPoP"));
    assert_eq!(open.header("access-control-allow-methods"), Some("POST"));
    assert_eq!(open.header("access-control-allow-credentials"), None);
    for closed in ["/page", "/oauth2/token/", "/nothing"] {
        let response = ask(preflight(closed)).await;
        assert!(!response.headers().keys().any(|name| name.as_str().starts_with("access-control")), "{closed}");
        assert_eq!(response.header("cross-origin-resource-policy"), Some("same-origin"), "{closed}");
    }
}

#[tokio::test]
async fn a_body_past_the_limit_is_413_whether_or_not_it_says_its_length() {
    let long = "a=".to_owned() + &"b".repeat(99);
    let stated = ask(post("/page").header("content-length", "101").body(long.clone())).await;
    assert_eq!(stated.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let unstated = ask(post("/page").body(long)).await;
    assert_eq!(unstated.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(text(ask(post("/page").body("a=".to_owned() + &"b".repeat(98))).await).await.len(), 98);
}

#[tokio::test]
async fn a_slow_handler_is_503_and_a_slow_body_408() {
    assert_eq!(ask(get("/never")).await.status(), StatusCode::SERVICE_UNAVAILABLE);
    let (_keep, reader) = tokio::io::duplex(16);
    let slow = ask(post("/page").body(poem::Body::from_async_read(reader))).await;
    assert_eq!(slow.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(slow.header("connection"), Some("close"));
}

/// What the handler sees of a request that comes from `peer`: address and request id, and the id on the answer.
async fn seen(peer: &str) -> (String, String) {
    let mut request = Request::builder().uri_str("/who").header("x-forwarded-for", "203.0.113.9");
    request = request.header("x-request-id", "from-proxy").header("x-forwarded-host", "evil.example");
    let peer = std::net::SocketAddr::new(peer.parse().expect("an address"), 4711);
    let response = stack("https://id.example").get_response(from(request.finish(), peer)).await;
    let id = response.header("x-request-id").expect("an id").to_owned();
    (text(response).await, id)
}

fn from(request: Request, peer: std::net::SocketAddr) -> Request {
    let (parts, body) = request.into_parts();
    let mut head =
        http::Request::builder().method(parts.method).uri(parts.uri).body(()).expect("a head").into_parts().0;
    head.headers = parts.headers;
    let parts = (head, poem::web::LocalAddr::default(), RemoteAddr(peer.into()), http::uri::Scheme::HTTP).into();
    Request::from_parts(parts, body)
}

#[tokio::test]
async fn only_a_trusted_proxy_names_the_client_and_the_request_a63() {
    let (body, id) = seen("10.1.2.3").await;
    assert_eq!((body.as_str(), id.as_str()), ("203.0.113.9 from-proxy", "from-proxy"));
    let (body, id) = seen("198.51.100.7").await;
    assert!(body.starts_with("198.51.100.7 ") && body.ends_with(&id) && id.len() == 32, "{body}");
}

async fn logged(request: Request) -> String {
    let (log, guard) = Log::begin();
    let _ = ask(request).await;
    drop(guard);
    log.text()
}

#[tokio::test]
async fn the_log_has_no_query_no_body_and_no_secret_of_a_path_a12_a80() {
    let log = logged(get("/page?code=hunter2&state=hunter2&login_hint=hunter2")).await;
    assert!(log.contains("path=\"/page\"") && log.contains("status=200") && log.contains("request_id="), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
    let log = logged(get("/link/hunter2")).await;
    assert!(log.contains("/link/:secret") && !log.contains("hunter2"), "{log}");
    let log = logged(post("/page").header("cookie", "vestibule_session=hunter2").body("a=hunter2")).await;
    assert!(log.contains("method=POST") && !log.contains("hunter2"), "{log}");
}

#[tokio::test]
async fn a_request_cannot_write_lines_of_its_own_a80() {
    let request =
        Request::builder().method(Method::from_bytes(b"INFO-forged").expect("a method")).uri_str("/a%0aINFO%20forged");
    let log = logged(request.finish()).await;
    assert_eq!(log.lines().filter(|line| line.contains("request answered")).count(), 1, "{log}");
    assert!(log.contains("method=other") && log.contains("/a%0aINFO%20forged"), "{log}");
}

#[tokio::test]
async fn where_machines_poll_the_log_tells_only_what_went_wrong() {
    assert_eq!(logged(get("/polled")).await, "");
    let log = logged(post("/polled").finish()).await;
    assert!(log.contains("path=\"/polled\"") && log.contains("status=405") && log.contains("request_id="), "{log}");
}

#[tokio::test]
async fn the_bridge_tells_the_endpoint_who_is_at_the_other_end() {
    let listeners = bind(&["127.0.0.1:0".to_owned()]).await.expect("a free port");
    let address = listeners[0].local_addr().expect("an address");
    let (stop, stopped) = watch::channel(false);
    let service = Bridge::new(stack("http://localhost"));
    let server = tokio::spawn(serve(vec![Door { listeners, tls: None }], service, Limits::default(), stopped));
    let mut client = TcpStream::connect(address).await.expect("a connection");
    client.write_all(b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut client, &mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\r\n\r\n127.0.0.1 "), "{answer}");
    stop.send_replace(true);
    server.await.expect("no panic").expect("it stops");
}
