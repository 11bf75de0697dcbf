//! The administration API: who gets in. The matrix goes over every operation of the document, so a new one cannot be forgotten.

use std::collections::{BTreeSet, HashMap};

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use vestibule_tests::{JsonAnswer, TestApp, is_problem};

/// An id that nothing has.
const NOTHING: &str = "00000000-0000-4000-8000-000000000000";

async fn ask(
    app: &TestApp,
    method: &Method,
    path: &str,
    with: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> JsonAnswer {
    JsonAnswer::of(with(app.wire().request(method.clone(), path)).json(&json!({}))).await
}

#[tokio::test]
async fn a69_every_operation_is_closed_without_its_permission_and_opens_with_it() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let (own, elsewhere) = (format!("{}/api/v1", app.issuer()), "https://shop.example");
    let contract = app.contract().await;
    let all: BTreeSet<String> = contract.operations().iter().map(|it| it.permission().to_owned()).collect();
    let nobody = app.user("nobody").await;
    for described in contract.operations() {
        let needed = described.permission();
        let path = described.path_with(&HashMap::new(), NOTHING);
        let others: Vec<&str> = all.iter().map(String::as_str).filter(|other| *other != needed).collect();
        let every = all.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let tokens = [
            ("a token for another app", app.access_token(root.id, elsewhere, &every).await, 401),
            ("a token for the issuer", app.access_token(root.id, app.issuer(), &every).await, 401),
            ("no token of ours", "vst_nothing".to_owned(), 401),
            ("a token without the scope", app.access_token(root.id, &own, &others.join(" ")).await, 403),
            ("a token of who does not hold it", app.access_token(nobody.id, &own, &every).await, 403),
        ];
        let told = format!("{} {}", described.method, described.path);
        let none = ask(&app, &described.method, &path, |request| request).await;
        assert_eq!((none.status.as_u16(), is_problem(&none)), (401, true), "{told}: no token");
        assert_eq!(none.headers["www-authenticate"], "Bearer realm=\"vestibule\"", "{told}");
        for (what, token, status) in tokens {
            let answer = ask(&app, &described.method, &path, |request| request.bearer_auth(token)).await;
            assert_eq!(
                (answer.status.as_u16(), is_problem(&answer)),
                (status, true),
                "{told}: {what}: {}",
                answer.body
            );
            let challenge = answer.headers["www-authenticate"].to_str().unwrap().to_owned();
            match status {
                401 => assert!(challenge.contains("error=\"invalid_token\""), "{told}: {challenge}"),
                _ => assert!(
                    challenge.contains("error=\"insufficient_scope\"") && challenge.contains(needed),
                    "{told}: {challenge}"
                ),
            }
        }
        let right = app.access_token(root.id, &own, needed).await;
        let answer = ask(&app, &described.method, &path, |request| request.bearer_auth(right)).await;
        assert!(![401, 403].contains(&answer.status.as_u16()), "{told}: the permission opens it: {}", answer.body);
    }
}

#[tokio::test]
async fn a_superusers_token_for_any_other_app_is_401_here() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    app.api("https://shop.example", &["shop.buy"]).await;
    for audience in ["https://shop.example", app.issuer(), "https://shop.example/api/v1"] {
        let token = app.access_token(root.id, audience, "vestibule.view_client shop.buy openid").await;
        let answer = ask(&app, &Method::GET, "/api/v1/clients", |request| request.bearer_auth(token)).await;
        assert_eq!(answer.status, 401, "{audience}");
    }
}

#[tokio::test]
async fn who_was_deactivated_or_whose_application_is_gone_gets_no_further() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    assert_eq!(root.get("/api/v1/clients").await.status, 200);
    app.provider().users().deactivate(root.id).await.unwrap();
    assert_eq!(root.get("/api/v1/clients").await.status, 401);
    app.provider().users().activate(root.id).await.unwrap();
    for client in app.provider().clients().list().await.unwrap() {
        app.provider().clients().delete(&client.id).await.unwrap();
    }
    assert_eq!(root.get("/api/v1/clients").await.status, 401);
}

#[tokio::test]
async fn a_token_signed_out_everywhere_is_void_at_once() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    app.provider().sign_out_everywhere(root.id).await.unwrap();
    assert_eq!(root.get("/api/v1/clients").await.status, 401);
}

#[tokio::test]
async fn a_token_in_two_places_or_in_the_query_is_refused() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let token = &root.token;
    let get = |path: &str| app.wire().get(path);
    let twice = get("/api/v1/clients").bearer_auth(token).bearer_auth(token);
    assert_eq!(JsonAnswer::of(twice).await.status, 401);
    let query = get(&format!("/api/v1/clients?access_token={token}"));
    assert_eq!(JsonAnswer::of(query).await.status, 401);
    let both = get(&format!("/api/v1/clients?access_token={token}")).bearer_auth(token);
    assert_eq!(JsonAnswer::of(both).await.status, 400);
}
