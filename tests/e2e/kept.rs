//! What is kept in memory of applications, APIs and people, and how soon a change by another process shows.

use serde_json::{Value, json};
use vestibule_core::RedirectUri;
use vestibule_oidc::client::{Clients, NewApi, NewClient};
use vestibule_tests::{ClientSpec, JsonAnswer, TestApp, ThirdParty};
use vestibule_users::{Changes, StandardClaims};

use crate::{command, within_a_second};

const NOTES: &str = "https://notes.example";

async fn begun() -> (TestApp, ThirdParty) {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default()).await;
    // Seen, so that it is kept.
    assert_eq!(client.introspection("x").send().await.status, 200);
    (app, client)
}

/// The applications as a command in another process has them.
async fn elsewhere(app: &TestApp) -> Clients {
    let context = command(app);
    let database = context.database().await.unwrap();
    context.clients(&database).await.unwrap()
}

#[tokio::test]
async fn an_application_made_elsewhere_is_known_at_once() {
    let (app, _) = begun().await;
    let new = NewClient::named("New", vec![RedirectUri::parse("https://rp.example/cb").unwrap()]);
    let created = elsewhere(&app).await.create(new).await.unwrap();
    assert!(app.provider().clients().find(&created.client.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_secret_given_elsewhere_counts_at_once_and_the_old_one_for_less_than_a_second() {
    let (app, client) = begun().await;
    let secret = elsewhere(&app).await.rotate_secret(&client.id()).await.unwrap();
    let by_new = client.introspection("x").basic(&client.client_id, &secret);
    assert_eq!(by_new.send().await.status, 200);
    let is_dead = async || client.introspection("x").send().await.status == 401;
    within_a_second("the old secret is dead", is_dead).await;
    assert_eq!(by_new.send().await.status, 200);
}

#[tokio::test]
async fn an_application_deleted_elsewhere_is_gone_within_a_second() {
    let (app, client) = begun().await;
    elsewhere(&app).await.delete(&client.id()).await.unwrap();
    let is_gone = async || client.introspection("x").send().await.status == 401;
    within_a_second("the application is gone", is_gone).await;
    assert!(app.provider().clients().find(&client.id()).await.unwrap().is_none());
}

#[tokio::test]
async fn what_an_application_stands_for_changes_within_a_second() {
    let (app, client) = begun().await;
    assert!(app.provider().clients().apps(&client.id()).await.unwrap().is_empty());
    elsewhere(&app).await.set_apps(&client.id(), vec!["shop".into()]).await.unwrap();
    let stands = async || app.provider().clients().apps(&client.id()).await.unwrap() == ["shop"];
    within_a_second("it stands for the shop", stands).await;
}

#[tokio::test]
async fn what_is_said_of_an_api_elsewhere_is_known_within_a_second() {
    let (app, client) = begun().await;
    app.api(NOTES, &["notes.read"]).await;
    let (here, context) = (app.provider().apis(), command(&app));
    let there = context.apis(&context.database().await.unwrap()).await.unwrap();
    let owner_of = async |scope: &str| {
        let owners = here.owners(&scope.parse().unwrap()).await.unwrap();
        owners.first().map(|api| api.identifier.clone())
    };
    assert_eq!(owner_of("notes.read").await.as_deref(), Some(NOTES));
    assert!(!here.find(NOTES).await.unwrap().unwrap().is_client(&client.id()));
    let changed = NewApi { identifier: NOTES.to_owned(), clients: vec![client.id()], ..NewApi::default() };
    there.update(changed, app.issuer(), None).await.unwrap();
    let is_its_client = async || here.find(NOTES).await.unwrap().unwrap().is_client(&client.id());
    within_a_second("it may ask as that client", is_its_client).await;
    let has_no_scope = async || owner_of("notes.read").await.is_none();
    within_a_second("the scope is gone", has_no_scope).await;
    let scopes = vec![("notes.read".to_owned(), None)];
    there
        .create(NewApi { identifier: "https://b.example".into(), scopes, ..NewApi::default() }, app.issuer())
        .await
        .unwrap();
    assert_eq!(
        owner_of("notes.read").await.as_deref(),
        Some("https://b.example"),
        "what was nobody's is asked for anew"
    );
    there.delete(NOTES).await.unwrap();
    within_a_second("the API is gone", async || here.find(NOTES).await.unwrap().is_none()).await;
}

#[tokio::test]
async fn what_was_seen_is_found_in_memory() {
    let (app, client) = begun().await;
    let clients = app.provider().clients();
    let before = clients.kept();
    for _ in 0..10 {
        clients.find(&client.id()).await.unwrap();
    }
    let after = clients.kept();
    assert_eq!((after.hits - before.hits, after.misses), (10, before.misses));
    assert!(after.bytes > 0);
}

#[tokio::test]
async fn what_is_told_of_somebody_changes_at_once_here_and_within_a_second_elsewhere() {
    let app = TestApp::start().await;
    let (root, alice) = (app.superuser().await, app.user("alice").await);
    let client = app.client(ClientSpec::default()).await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request.set("scope", "openid profile")).await;
    let token = client.redeem(&answer).await.access_token;
    let nickname = async || client.userinfo(&token).await.body["nickname"].as_str().unwrap_or_default().to_owned();
    assert_eq!(nickname().await, "Allie");
    let path = format!("/api/v1/users/{}", alice.id);
    let changed = root.patch(&path, &json!({ "claims": { "nickname": "Al" } })).await;
    assert_eq!((changed.status.as_u16(), nickname().await), (200, "Al".to_owned()));

    let context = command(&app);
    let database = context.database().await.unwrap();
    let users = context.users(&database, &context.changes(&database).await.unwrap()).unwrap();
    let claims = StandardClaims { nickname: Some("Ali".to_owned()), ..StandardClaims::default() };
    let changes = Changes { claims: Some(claims), ..Changes::default() };
    users.update(alice.id, changes).await.unwrap();
    within_a_second("the new nickname is told", async || nickname().await == "Ali").await;
    users.deactivate(alice.id).await.unwrap();
    within_a_second("nothing is told", async || client.userinfo(&token).await.status == 401).await;
}

#[tokio::test]
async fn a_value_of_an_attribute_that_was_removed_does_not_come_back_with_its_name() {
    let app = TestApp::start().await;
    let (root, alice) = (app.superuser().await, app.user("alice").await);
    let floor = json!({ "name": "floor", "label": "Floor", "kind": "number", "claim": "floor", "scope": "profile" });
    assert_eq!(root.post("/api/v1/attributes", &floor).await.status, 201);
    let path = format!("/api/v1/users/{}", alice.id);
    assert_eq!(root.patch(&path, &json!({ "attributes": { "floor": 3 } })).await.status, 200);
    let client = app.client(ClientSpec::default()).await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request.set("scope", "openid profile")).await;
    let token = client.redeem(&answer).await.access_token;
    assert_eq!(client.userinfo(&token).await.body["floor"], 3);
    assert_eq!(root.delete("/api/v1/attributes/floor").await.status, 204);
    assert_eq!(root.post("/api/v1/attributes", &floor).await.status, 201);
    assert_eq!(client.userinfo(&token).await.body["floor"], Value::Null);
}

#[tokio::test]
async fn the_metadata_show_a_new_scope_at_once_here_and_within_a_second_elsewhere() {
    let app = TestApp::start().await;
    let shows = async |scope: &str| {
        let metadata = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
        metadata["scopes_supported"].as_array().unwrap().iter().any(|known| known == scope)
    };
    assert!(!shows("notes.read").await);
    app.api(NOTES, &["notes.read"]).await;
    assert!(shows("notes.read").await);
    let context = command(&app);
    let there = context.apis(&context.database().await.unwrap()).await.unwrap();
    there.delete(NOTES).await.unwrap();
    within_a_second("the scope is gone", async || !shows("notes.read").await).await;
    let root = app.superuser().await;
    let dept = json!({ "name": "dept", "label": "Department", "kind": "text", "claim": "dept", "scope": "work" });
    assert_eq!(root.post("/api/v1/attributes", &dept).await.status, 201);
    assert!(shows("work").await);
}
