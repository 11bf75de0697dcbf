//! The administration API: clients, APIs and sessions; and what holds for every resource: pages, tags, keys.

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_tests::{Administrator, ClientSpec, TestApp};

async fn given() -> (TestApp, Administrator) {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    (app, root)
}

fn notes(name: &str) -> Value {
    json!({ "client_name": name, "redirect_uris": ["https://rp.example/cb"] })
}

#[tokio::test]
async fn a_client_is_created_read_changed_and_deleted() {
    let (_app, root) = given().await;
    let created = root.post("/api/v1/clients", &notes("Notes")).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert!(created.body["client_secret"].as_str().unwrap().len() >= 43);
    let path = created.header("location").unwrap().to_owned();
    let read = root.get(&path).await;
    assert_eq!(read.body.get("client_secret"), None, "a secret is told once");
    assert_eq!((&read.body["client_name"], &read.body["require_pkce"]), (&json!("Notes"), &json!(true)));
    let patch =
        json!({ "client_name": "Notebook", "policy_uri": "https://rp.example/privacy", "contacts": ["a@rp.example"] });
    let changed = root.patch(&path, &patch).await;
    assert_eq!((changed.status.as_u16(), &changed.body["client_name"]), (200, &json!("Notebook")));
    let taken_away = root.patch(&path, &json!({ "policy_uri": null })).await;
    assert_eq!((taken_away.body.get("policy_uri"), &taken_away.body["contacts"]), (None, &json!(["a@rp.example"])));
    assert_eq!(root.delete(&path).await.status, 204);
    for answer in [root.get(&path).await, root.delete(&path).await, root.patch(&path, &json!({})).await] {
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn how_a_client_must_ask_is_told_and_kept() {
    let (_app, root) = given().await;
    let mut new = notes("Notes");
    let told = json!({
        "request_object_signing_alg": "none",
        "request_uris": ["https://rp.example/request"],
        "require_pushed_authorization_requests": true,
    });
    new.as_object_mut().unwrap().extend(told.as_object().unwrap().clone());
    let created = root.post("/api/v1/clients", &new).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let path = created.header("location").unwrap().to_owned();
    let changed = root.patch(&path, &json!({ "client_name": "Notebook" })).await;
    for (member, value) in told.as_object().unwrap() {
        assert_eq!(&changed.body[member], value, "{member}");
    }
    let refused = root.patch(&path, &json!({ "require_signed_request_object": true })).await;
    assert_eq!(refused.status, 422, "none does not go with it: {}", refused.body);
}

#[tokio::test]
async fn what_a_client_may_not_be_is_422_and_says_why() {
    let (app, root) = given().await;
    let mut evil = notes("Notes");
    evil["redirect_uris"] = json!(["javascript:alert(1)"]);
    let refused = root.post("/api/v1/clients", &evil).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (422, &json!("unprocessable")));
    assert!(refused.body["detail"].as_str().unwrap().contains("redirect_uris"), "{}", refused.body);
    let client = app.client(ClientSpec::default()).await;
    let path = format!("/api/v1/clients/{}", client.client_id);
    assert_eq!(root.patch(&path, &json!({ "token_endpoint_auth_method": "none" })).await.status, 409);
    assert_eq!(root.patch(&path, &json!({ "redirect_uris": [] })).await.status, 422);
}

#[tokio::test]
async fn a_rotated_secret_replaces_the_old_one() {
    let (app, root) = given().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let path = format!("/api/v1/clients/{}/rotate-secret", client.client_id);
    let rotated = root.send(Method::POST, &path, |request| request).await;
    assert_eq!(rotated.status, 200);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    assert_eq!(client.exchange(&answer).send().await.error(), "invalid_client");
    let secret = rotated.body["client_secret"].as_str().unwrap();
    assert_eq!(client.exchange(&answer).basic(&client.client_id, secret).send().await.status, 200);
}

#[tokio::test]
async fn pages_hold_every_item_once_in_order_and_cursors_are_bound_to_their_list() {
    let (app, root) = given().await;
    for number in 0..7 {
        app.client(ClientSpec::named(&format!("App {number}"))).await;
    }
    for sort in ["name", "-name", "created_at", "-created_at"] {
        let all = root.list(&format!("/api/v1/clients?name=App&limit=3&sort={sort}")).await;
        let mut ids: Vec<_> = all.iter().map(|client| client["client_id"].to_string()).collect();
        assert_eq!(ids.len(), 7, "{sort}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 7, "{sort}");
        let names: Vec<_> = all.iter().map(|client| client["client_name"].to_string()).collect();
        let mut sorted = names.clone();
        sorted.sort();
        match sort {
            "name" => assert_eq!(names, sorted),
            "-name" => assert_eq!(names, sorted.into_iter().rev().collect::<Vec<_>>()),
            _ => {}
        }
    }
    let first = root.get("/api/v1/clients?limit=2").await;
    let cursor = first.body["next"].as_str().unwrap();
    for other in [
        format!("/api/v1/clients?sort=-name&cursor={cursor}"),
        format!("/api/v1/apis?cursor={cursor}"),
        "/api/v1/clients?cursor=abc".to_owned(),
    ] {
        assert_eq!(root.get(&other).await.status, 400, "{other}");
    }
}

#[tokio::test]
async fn a_change_to_what_was_changed_since_is_412() {
    let (app, root) = given().await;
    let client = app.client(ClientSpec::default()).await;
    let path = format!("/api/v1/clients/{}", client.client_id);
    let first = root.get(&path).await.header("etag").unwrap().to_owned();
    let changed = root.patch_if(&path, &json!({ "client_name": "One" }), &first).await;
    assert_eq!(changed.status, 200);
    let second = changed.header("etag").unwrap().to_owned();
    assert_ne!(first, second);
    let stale = root.patch_if(&path, &json!({ "client_name": "Two" }), &first).await;
    assert_eq!((stale.status.as_u16(), &stale.body["code"]), (412, &json!("precondition_failed")));
    let weak = format!("W/{second}");
    assert_eq!(
        root.patch_if(&path, &json!({ "client_name": "Two" }), &weak).await.status,
        412,
        "a weak tag matches nothing"
    );
    assert_eq!(root.patch_if(&path, &json!({ "client_name": "Two" }), "nonsense").await.status, 400);
    let delete = |etag: String| root.send(Method::DELETE, &path, move |request| request.header("if-match", etag));
    assert_eq!(delete(first.clone()).await.status, 412);
    let listed = format!("{first}, {second}");
    assert_eq!(root.patch_if(&path, &json!({ "client_name": "Two" }), &listed).await.status, 200);
    assert_eq!(root.patch_if(&path, &json!({ "client_name": "Three" }), "*").await.status, 200);
    assert_eq!(root.get(&path).await.body["client_name"], "Three");
    assert_eq!(delete("*".to_owned()).await.status, 204);
}

#[tokio::test]
async fn of_many_changes_to_what_was_read_one_is_made() {
    let (app, root) = given().await;
    let client = app.client(ClientSpec::default()).await;
    let path = format!("/api/v1/clients/{}", client.client_id);
    let etag = root.get(&path).await.header("etag").unwrap().to_owned();
    let tries = (0..20).map(|number| {
        let (root, path, etag) = (root.clone(), path.clone(), etag.clone());
        tokio::spawn(async move {
            root.patch_if(&path, &json!({ "client_name": format!("Name {number}") }), &etag).await.status.as_u16()
        })
    });
    let mut statuses = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        statuses.push(one.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 19, "{statuses:?}");
}

#[tokio::test]
async fn the_same_creation_with_the_same_key_happens_once() {
    let (app, root) = given().await;
    let post = |key: &str, body: Value| {
        let key = key.to_owned();
        root.send(Method::POST, "/api/v1/clients", move |request| request.header("idempotency-key", key).json(&body))
    };
    let (first, again) = (post("k1", notes("Once")).await, post("k1", notes("Once")).await);
    assert_eq!((first.status.as_u16(), &first.body), (201, &again.body), "the secret is told again");
    assert_eq!((again.status.as_u16(), first.header("location")), (201, again.header("location")));
    let other = post("k1", notes("Twice")).await;
    assert_eq!((other.status.as_u16(), &other.body["code"]), (422, &json!("key_reused")));
    assert_ne!(post("k2", notes("Once")).await.body["client_id"], first.body["client_id"]);
    assert_eq!(root.list("/api/v1/clients?name=Once").await.len(), 2);
    // A key belongs to whoever sent it.
    let other = app.user_with("other", |new| new.superuser = true).await;
    let other = app.administrator(other.id, "vestibule.add_client").await;
    let theirs = other.send(Method::POST, "/api/v1/clients", |request| {
        request.header("idempotency-key", "k1").json(&notes("Theirs"))
    });
    assert_eq!(theirs.await.status, 201);
    // After a day it is forgotten.
    app.clock().advance(std::time::Duration::from_secs(24 * 3600 + 1));
    let root = app.administrator(root.id, "vestibule.add_client").await;
    let late = root
        .send(Method::POST, "/api/v1/clients", |request| request.header("idempotency-key", "k1").json(&notes("Late")));
    assert_eq!(late.await.status, 201);
}

#[tokio::test]
async fn a_key_that_failed_is_free_again() {
    let (_app, root) = given().await;
    let post = |body: Value| {
        root.send(Method::POST, "/api/v1/clients", move |request| request.header("idempotency-key", "k").json(&body))
    };
    let mut evil = notes("Notes");
    evil["redirect_uris"] = json!(["nonsense"]);
    assert_eq!(post(evil).await.status, 422);
    assert_eq!(post(notes("Notes")).await.status, 201);
}

#[tokio::test]
async fn of_many_creations_with_one_key_one_happens() {
    let (_app, root) = given().await;
    let tries = (0..20).map(|_| {
        let root = root.clone();
        tokio::spawn(async move {
            let sent = root.send(Method::POST, "/api/v1/clients", |request| {
                request.header("idempotency-key", "race").json(&notes("Race"))
            });
            sent.await.status.as_u16()
        })
    });
    for one in tries.collect::<Vec<_>>() {
        let status = one.await.unwrap();
        assert!([201, 409].contains(&status), "{status}");
    }
    assert_eq!(root.list("/api/v1/clients?name=Race").await.len(), 1);
}

#[tokio::test]
async fn an_api_is_created_changed_and_deleted() {
    let (app, root) = given().await;
    let shop =
        json!({ "identifier": "https://shop.example/v1", "scopes": [{ "scope": "shop.buy", "description": "Buy" }] });
    let created = root.post("/api/v1/apis", &shop).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let path = created.header("location").unwrap().to_owned();
    assert_eq!(root.get(&path).await.body, created.body);
    assert_eq!(root.post("/api/v1/apis", &shop).await.status, 409);
    let changed =
        root.patch(&path, &json!({ "access_token_lifetime": 60, "scopes": [{ "scope": "shop.sell" }] })).await;
    assert_eq!(
        (&changed.body["access_token_lifetime"], &changed.body["scopes"][0]["scope"]),
        (&json!(60), &json!("shop.sell"))
    );
    let taken = json!({ "identifier": "https://other.example", "scopes": [{ "scope": "shop.sell" }] });
    assert_eq!(root.post("/api/v1/apis", &taken).await.status, 409);
    let ours = json!({ "identifier": "https://other.example", "scopes": [{ "scope": "vestibule.everything" }] });
    assert_eq!(root.post("/api/v1/apis", &ours).await.status, 409, "our own permissions are nobody else's scopes");
    assert_eq!(root.delete(&path).await.status, 204);
    assert_eq!(root.get(&path).await.status, 404);
    let own = format!("{}/api/v1", app.issuer()).replace(':', "%3A").replace('/', "%2F");
    assert_eq!(root.delete(&format!("/api/v1/apis/{own}")).await.status, 409);
    assert_eq!(root.patch(&format!("/api/v1/apis/{own}"), &json!({ "scopes": [] })).await.status, 409);
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let (app, root) = given().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let (mut one, mut two) = (app.browser_of(&alice), app.browser_of(&alice));
    let answer = one.authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    two.authorize(&client, |request| request).await;
    let path = format!("/api/v1/users/{}/sessions", alice.id);
    assert_eq!(root.list(&path).await.len(), 2);
    let sid = tokens.id_claims()["sid"].as_str().unwrap().to_owned();
    assert_eq!(root.get(&format!("{path}/{sid}")).await.body["id"], sid);
    assert_eq!(root.delete(&format!("{path}/{sid}")).await.status, 204);
    assert_eq!(client.userinfo(&tokens.access_token).await.status, 401, "its tokens are void");
    assert_eq!(root.delete(&format!("{path}/{sid}")).await.status, 404);
    assert_eq!(root.delete(&path).await.status, 204);
    assert!(root.list(&path).await.is_empty());
    let bob = app.user("bob").await;
    assert_eq!(root.delete(&format!("/api/v1/users/{}/sessions/{sid}", bob.id)).await.status, 404);
}
