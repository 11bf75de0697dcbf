//! What operators measure, and who may read it.

use reqwest::header::HeaderMap;
use vestibule_tests::{ClientSpec, TestApp};

async fn read(app: &TestApp, name: &'static str, value: &'static str) -> (u16, String) {
    let mut headers = HeaderMap::new();
    headers.insert(name, value.parse().unwrap());
    let response = app.wire().get("/metrics").headers(headers).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// The number that a line begins with this name and these labels has.
pub(crate) async fn number(app: &TestApp, what: &str) -> f64 {
    let (status, text) = read(app, "accept", "*/*").await;
    assert_eq!(status, 200, "{text}");
    let line = text.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {what} in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn requests_tokens_memories_and_revocations_are_counted() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    for _ in 0..3 {
        client.introspect(&tokens.access_token).await;
    }
    app.wire().get("/nothing/at/all").send().await.unwrap();
    assert_eq!(number(&app, "vestibule_tokens_issued_total{grant=\"authorization_code\"}").await, 1.0);
    let requests = "vestibule_http_request_duration_seconds_count{endpoint=\"/oauth2/introspect\",status=\"2xx\"}";
    assert_eq!(number(&app, requests).await, 3.0);
    let unknown = "vestibule_http_request_duration_seconds_count{endpoint=\"none\",status=\"4xx\"}";
    assert_eq!(number(&app, unknown).await, 1.0);
    // It is known from the moment at which it was given.
    assert_eq!(number(&app, "vestibule_kept_hits_total{of=\"tokens\"}").await, 3.0);
    assert!(number(&app, "vestibule_kept_bytes{of=\"clients\"}").await > 0.0);
    assert_eq!(number(&app, "vestibule_passwords_waiting").await, 0.0);
    let before = number(&app, "vestibule_revocation_lag_seconds_count").await;
    client.revocation(&tokens.access_token).send().await;
    assert_eq!(number(&app, "vestibule_revocation_lag_seconds_count").await, before + 1.0);
    assert!(number(&app, "vestibule_revocation_subjects").await >= 1.0);
    assert!(number(&app, "vestibule_revocation_log_age_seconds").await <= 2.0);
}

#[tokio::test]
async fn open_metrics_are_told_to_whoever_accepts_them() {
    let app = TestApp::start().await;
    let (_, text) = read(&app, "accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    assert!(text.ends_with("# EOF\n"), "{text}");
    let (_, text) = read(&app, "accept", "text/plain").await;
    assert!(!text.contains("# EOF"), "{text}");
}

#[tokio::test]
async fn nobody_learns_of_metrics_who_is_not_of_an_allowed_network() {
    let app = TestApp::start().await;
    for name in ["x-forwarded-for", "forwarded", "x-real-ip", "via"] {
        assert_eq!(read(&app, name, "127.0.0.1").await.0, 404, "somebody is behind a proxy that is not ours: {name}");
    }
    let elsewhere = TestApp::with(|config| config.http.trusted_proxies = "127.0.0.1".parse().unwrap()).await;
    assert_eq!(read(&elsewhere, "x-forwarded-for", "203.0.113.9").await.0, 404);
    assert_eq!(read(&elsewhere, "x-forwarded-for", "::1").await.0, 200, "whom our proxy names counts");
    let closed = TestApp::with(|config| config.http.metrics_allow = "192.0.2.0/24".parse().unwrap()).await;
    assert_eq!(read(&closed, "accept", "*/*").await.0, 404);
    let nowhere = app.wire().get("/nothing").send().await.unwrap();
    assert_eq!(nowhere.status(), 404, "as what is not there");
}
