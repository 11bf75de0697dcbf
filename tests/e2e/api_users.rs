//! The administration API: users, what is known of them, and what they sign in by.

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_tests::{Administrator, ClientSpec, TestApp};

async fn given() -> (TestApp, Administrator) {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    (app, root)
}

#[tokio::test]
async fn a_user_is_created_read_changed_and_deleted() {
    let (_app, root) = given().await;
    let new = json!({
        "username": "Ada", "email": "ada@example.com", "email_verified": true, "password": "a long enough secret phrase",
        "claims": { "given_name": "Ada", "address": { "country": "PT" } },
    });
    let created = root.post("/api/v1/users", &new).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let path = created.header("location").unwrap().to_owned();
    let read = root.get(&path).await;
    assert_eq!(read.body, created.body);
    assert_eq!((&read.body["active"], &read.body["superuser"]), (&json!(true), &json!(false)));
    assert_eq!(read.body["emails"][0]["value"], "ada@example.com");
    assert!(!read.body.to_string().contains("secret phrase"), "no password is told");
    let patch =
        json!({ "username": "Ada L", "claims": { "given_name": null, "family_name": "Lovelace" }, "staff": true });
    let changed = root.patch(&path, &patch).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let claims = json!({ "family_name": "Lovelace", "address": { "country": "PT" } });
    assert_eq!((&changed.body["claims"], &changed.body["username"]), (&claims, &json!("Ada L")));
    assert_eq!(root.patch(&path, &json!({ "email": null })).await.body["email"], Value::Null);
    assert_eq!(root.delete(&path).await.status, 204);
    assert_eq!(root.get(&path).await.status, 404);
}

#[tokio::test]
async fn a61_a_look_alike_is_409_and_a_broken_rule_422() {
    let (app, root) = given().await;
    app.user("alice").await;
    for taken in [json!({ "username": "ＡＬＩＣＥ" }), json!({ "username": "bob", "email": "Alice@Example.com" })]
    {
        assert_eq!(root.post("/api/v1/users", &taken).await.status, 409, "{taken}");
    }
    let weak = root.post("/api/v1/users", &json!({ "username": "bob", "password": "short" })).await;
    assert_eq!((weak.status.as_u16(), &weak.body["errors"][0]["code"]), (422, &json!("password_too_short")));
    for wrong in [
        json!({ "username": "bob", "email": "nobody" }),
        json!({ "username": "bob", "claims": { "birthdate": "yesterday" } }),
        json!({ "username": "bob", "attributes": { "undeclared": 1 } }),
    ] {
        assert_eq!(root.post("/api/v1/users", &wrong).await.status, 422, "{wrong}");
    }
    assert_eq!(root.post("/api/v1/users", &json!({ "username": "bob", "is_superuser": true })).await.status, 400);
}

#[tokio::test]
async fn users_are_filtered_sorted_and_paged() {
    let (app, root) = given().await;
    for name in ["dora", "carl", "bert", "anna"] {
        app.user_with(name, |new| new.active = name != "carl").await;
    }
    let names =
        |items: Vec<Value>| items.iter().map(|user| user["username"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(root.list("/api/v1/users?limit=2").await), ["anna", "bert", "carl", "dora", "root"]);
    assert_eq!(
        names(root.list("/api/v1/users?limit=2&sort=-username&superuser=false").await),
        ["dora", "carl", "bert", "anna"]
    );
    assert_eq!(names(root.list("/api/v1/users?active=false").await), ["carl"]);
    assert_eq!(names(root.list("/api/v1/users?search=do").await), ["dora"]);
    assert_eq!(names(root.list("/api/v1/users?email=ANNA%40example.com").await), ["anna"]);
    assert!(root.list("/api/v1/users?created_before=2000-01-01T00:00:00Z").await.is_empty());
    let next = root.get("/api/v1/users?limit=1").await.body["next"].as_str().unwrap().to_owned();
    assert_eq!(root.get(&format!("/api/v1/users?sort=email&cursor={next}")).await.status, 400);
}

#[tokio::test]
async fn a_change_to_a_user_who_was_changed_since_is_412() {
    let (app, root) = given().await;
    let alice = app.user("alice").await;
    let path = format!("/api/v1/users/{}", alice.id);
    let etag = root.get(&path).await.header("etag").unwrap().to_owned();
    let tries = (0..10).map(|number| {
        let (root, path, etag) = (root.clone(), path.clone(), etag.clone());
        let patch = json!({ "claims": { "nickname": format!("Nick {number}") } });
        tokio::spawn(async move { root.patch_if(&path, &patch, &etag).await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        statuses.push(one.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses.iter().filter(|status| **status == 412).count()), (200, 9), "{statuses:?}");
}

#[tokio::test]
async fn deactivating_a_new_password_and_deleting_end_sessions_and_tokens() {
    let (app, root) = given().await;
    let client = app.client(ClientSpec::default()).await;
    for (name, method, path, body) in [
        ("anna", Method::PATCH, "", json!({ "active": false })),
        ("bert", Method::PUT, "/password", json!({ "password": "another long enough phrase" })),
        ("carl", Method::DELETE, "", json!({})),
    ] {
        let person = app.user(name).await;
        let answer = app.browser_of(&person).authorize(&client, |request| request).await;
        let tokens = client.redeem(&answer).await;
        assert_eq!(client.userinfo(&tokens.access_token).await.status, 200);
        let path = format!("/api/v1/users/{}{path}", person.id);
        let done = root.send(method, &path, |request| request.json(&body)).await;
        assert!(done.status.is_success(), "{name}: {}", done.body);
        assert_eq!(client.userinfo(&tokens.access_token).await.status, 401, "{name}");
        assert!(app.provider().sessions().list(person.id).await.unwrap().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn contacts_are_added_marked_and_taken_away() {
    let (app, root) = given().await;
    let alice = app.user("alice").await;
    let path = format!("/api/v1/users/{}", alice.id);
    let added =
        root.post(&format!("{path}/contacts"), &json!({ "kind": "email", "value": "second@example.com" })).await;
    assert_eq!((added.status.as_u16(), &added.body["verified"]), (201, &json!(false)), "{}", added.body);
    let contact = added.header("location").unwrap().to_owned();
    assert_eq!(
        root.patch(&contact, &json!({ "primary": true })).await.status,
        409,
        "not in the place of a verified one"
    );
    let marked = root.patch(&contact, &json!({ "verified": true, "primary": true })).await;
    assert_eq!((&marked.body["verified"], &marked.body["primary"]), (&json!(true), &json!(true)), "{}", marked.body);
    assert_eq!(root.get(&path).await.body["email"], "second@example.com");
    assert_eq!(root.delete(&contact).await.status, 409, "the primary one of several stays");
    assert_eq!(root.delete(&format!("{path}/contacts/email/alice%40example.com")).await.status, 204);
    assert_eq!(root.delete(&format!("{path}/contacts/email/alice%40example.com")).await.status, 404);
    assert_eq!(root.delete(&format!("{path}/second-factor")).await.status, 404, "there is none");
}

#[tokio::test]
async fn attributes_are_declared_and_given_at_once() {
    let (app, root) = given().await;
    let alice = app.user("alice").await;
    let new = json!({ "name": "employee_number", "label": "Employee number", "kind": "number", "unique": true });
    let declared = root.post("/api/v1/attributes", &new).await;
    assert_eq!(declared.status, 201, "{}", declared.body);
    assert_eq!(root.post("/api/v1/attributes", &new).await.status, 409);
    let path = format!("/api/v1/users/{}", alice.id);
    let given = root.patch(&path, &json!({ "attributes": { "employee_number": 7 } })).await;
    assert_eq!(given.body["attributes"], json!({ "employee_number": 7 }), "{}", given.body);
    let wrong = root.patch(&path, &json!({ "attributes": { "employee_number": "seven" } })).await;
    assert_eq!(
        (wrong.status.as_u16(), &wrong.body["errors"][0]["pointer"]),
        (422, &json!("/attributes/employee_number"))
    );
    let twin = root.post("/api/v1/users", &json!({ "username": "twin", "attributes": { "employee_number": 7 } })).await;
    assert_eq!(twin.status, 422, "{}", twin.body);
    assert_eq!(root.list("/api/v1/users?attribute=employee_number&value=7").await.len(), 1);
    let attribute = "/api/v1/attributes/employee_number";
    let changed = root.patch(attribute, &json!({ "label": "Number", "description": "On the badge" })).await;
    assert_eq!((changed.status.as_u16(), &changed.body["label"]), (200, &json!("Number")), "{}", changed.body);
    assert_eq!(root.patch(attribute, &json!({ "kind": "date" })).await.status, 409, "a number is no day");
    assert_eq!(root.delete(attribute).await.status, 204);
    assert_eq!(root.get(&path).await.body["attributes"], json!({}));
}
