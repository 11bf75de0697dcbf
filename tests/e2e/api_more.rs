//! The administration API: API tokens, the audit log, and an access token as an application gets it.

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_tests::{ClientSpec, TestApp};

#[tokio::test]
async fn an_api_token_is_made_used_listed_and_revoked() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let tokens = format!("/api/v1/users/{}/api-tokens", root.id);
    let made =
        root.post(&tokens, &json!({ "name": "backup", "scopes": ["vestibule.view_user"], "expires_in": 60 })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = made.header("location").unwrap().to_owned();
    let by_token = root.with_token(made.body["token"].as_str().unwrap());
    assert_eq!(by_token.get("/api/v1/users").await.status, 200);
    assert_eq!(by_token.get("/api/v1/clients").await.status, 403);
    assert_eq!(root.get(&path).await.body.get("token"), None, "it is told once");
    assert_eq!(root.list(&tokens).await.len(), 1);
    let other = app.user("other").await;
    let elsewhere = path.replace(&root.id.to_string(), &other.id.to_string());
    assert_eq!(root.delete(&elsewhere).await.status, 404, "it is another's");
    assert_eq!(root.delete(&path).await.status, 204);
    assert_eq!(by_token.get("/api/v1/users").await.status, 401);
    let short = root.post(&tokens, &json!({ "name": "short", "expires_in": 60 })).await;
    let short = root.with_token(short.body["token"].as_str().unwrap());
    assert_eq!(short.get("/api/v1/users").await.status, 200);
    app.clock().advance(std::time::Duration::from_secs(61));
    assert_eq!(short.get("/api/v1/users").await.status, 401);
}

#[tokio::test]
async fn a_creation_with_a_key_tells_its_secret_again_and_keeps_it_sealed() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let tokens = format!("/api/v1/users/{}/api-tokens", root.id);
    let make = || {
        root.send(Method::POST, &tokens, |request| {
            request.header("idempotency-key", "once").json(&json!({ "name": "x" }))
        })
    };
    let (first, again) = (make().await, make().await);
    assert_eq!((first.status.as_u16(), &first.body), (201, &again.body));
    assert_eq!(root.list(&tokens).await.len(), 1);
    let token = first.body["token"].as_str().unwrap();
    let file = app.config().ephemeral.path.clone();
    for name in [file.clone(), file.with_extension("db-wal")] {
        let bytes = std::fs::read(name).unwrap_or_default();
        assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "the token lies there in plain");
    }
}

#[tokio::test]
async fn what_was_done_is_in_the_audit_log_and_no_secret_is() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let phrase = "an unmistakable secret phrase";
    let made = root.post("/api/v1/users", &json!({ "username": "ada", "password": phrase })).await;
    let user = made.body["id"].as_str().unwrap().to_owned();
    root.patch(&format!("/api/v1/users/{user}"), &json!({ "claims": { "nickname": "A" }, "active": false })).await;
    root.put_body(&format!("/api/v1/users/{user}/password"), &json!({ "password": format!("{phrase} two") })).await;
    root.put(&format!("/api/v1/users/{user}/permissions/vestibule.view_user")).await;
    let records = root.list(&format!("/api/v1/audit?subject={user}&sort=time&limit=2")).await;
    // What one request does may be of one millisecond, so the order within it is open.
    let mut kinds: Vec<&str> = records.iter().filter_map(|record| record["kind"].as_str()).collect();
    kinds.sort_unstable();
    let ended = ["sessions_ended"; 2];
    let expected = [&["created", "deactivated", "granted", "password_changed"][..], &ended, &["updated"]].concat();
    assert_eq!(kinds, expected, "a change that signs somebody out says so");
    assert!(records.iter().all(|record| record["actor"]["id"] == root.id.to_string()), "{records:?}");
    assert!(records.iter().all(|record| record["address"].is_string() && record["request_id"].is_string()));
    assert!(!Value::Array(records).to_string().contains(phrase));
    let of_kind = root.list(&format!("/api/v1/audit?kind=granted&subject={user}")).await;
    assert_eq!(of_kind[0]["details"]["permission"], "vestibule.view_user");
    assert!(root.list("/api/v1/audit?since=2100-01-01T00:00:00Z").await.is_empty());
}

#[tokio::test]
async fn an_application_gets_an_access_token_for_this_api_by_its_scopes() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let scope = "openid vestibule.view_user";
    let client = app.client(ClientSpec::first_party().for_scope(scope)).await;
    let person = app.user_with("operator", |new| new.superuser = true).await;
    let answer = app.browser_of(&person).authorize(&client, |request| request.set("scope", scope)).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(tokens.access_claims()["aud"], format!("{}/api/v1", app.issuer()));
    let operator = root.with_token(&tokens.access_token);
    assert_eq!(operator.get("/api/v1/users").await.status, 200);
    assert_eq!(operator.get("/api/v1/groups").await.status, 403, "the scopes name nothing else");
    let plain = app.user("plain").await;
    let answer = app.browser_of(&plain).authorize(&client, |request| request.set("scope", scope)).await;
    let plain = root.with_token(&client.redeem(&answer).await.access_token);
    assert_eq!(plain.get("/api/v1/users").await.status, 403, "what counts is what the person holds too");
}
