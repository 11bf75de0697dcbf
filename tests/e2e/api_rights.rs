//! The administration API: nobody gives what they do not hold (A69), and a limited token stays limited.

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_tests::{Administrator, ClientSpec, Person, TestApp};

const ALL_OF_USERS: [&str; 10] = [
    "vestibule.view_user",
    "vestibule.add_user",
    "vestibule.change_user",
    "vestibule.delete_user",
    "vestibule.view_group",
    "vestibule.change_group",
    "vestibule.change_permission",
    "vestibule.add_apitoken",
    "vestibule.add_client",
    "vestibule.change_client",
];

/// A superuser, and a helper who holds [`ALL_OF_USERS`] and calls by an unlimited API token.
async fn given() -> (TestApp, Administrator, Administrator) {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let helper = app.user("helper").await;
    for permission in ALL_OF_USERS {
        let grant = format!("/api/v1/users/{}/permissions/{permission}", helper.id);
        assert_eq!(root.put(&grant).await.status, 204, "{permission}");
    }
    let token = root.api_token(helper.id, None).await;
    let mut by_token = root.with_token(&token);
    by_token.id = helper.id;
    (app, root, by_token)
}

fn of(person: &Person, rest: &str) -> String {
    format!("/api/v1/users/{}{rest}", person.id)
}

#[tokio::test]
async fn a69_nobody_grants_what_they_do_not_hold() {
    let (app, root, helper) = given().await;
    let bob = app.user("bob").await;
    assert_eq!(helper.put(&of(&bob, "/permissions/vestibule.view_user")).await.status, 204);
    for more in ["vestibule.view_audit", "vestibule.delete_client"] {
        assert_eq!(helper.put(&of(&bob, &format!("/permissions/{more}"))).await.status, 403, "{more}");
        let own = format!("/api/v1/users/{}/permissions/{more}", helper.id);
        assert_eq!(helper.put(&own).await.status, 403, "{more} to oneself");
    }
    // On one object it is held by whoever holds it everywhere, and not the other way round.
    assert_eq!(
        root.put(&format!("/api/v1/users/{}/permissions/vestibule.view_audit?object=audit%3A1", helper.id))
            .await
            .status,
        204
    );
    assert_eq!(helper.put(&of(&bob, "/permissions/vestibule.view_audit")).await.status, 403);
    assert_eq!(helper.put(&of(&bob, "/permissions/vestibule.view_audit?object=audit%3A1")).await.status, 204);
}

#[tokio::test]
async fn a69_a_group_that_gives_more_takes_no_member_from_a_lower_administrator() {
    let (app, root, helper) = given().await;
    let bob = app.user("bob").await;
    let (auditors, all) = (root.group("Auditors").await, root.group("All").await);
    root.put(&format!("{auditors}/permissions/vestibule.view_audit")).await;
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    for (method, path) in [
        (Method::PUT, format!("{auditors}/members/{}", bob.id)),
        (Method::PUT, format!("{auditors}/members/{}", helper.id)),
        (Method::PUT, format!("{auditors}/groups/{}", id(&all))),
        (Method::PUT, format!("{auditors}/permissions/vestibule.delete_audit")),
    ] {
        assert_eq!(helper.send(method, &path, |request| request).await.status, 403, "{path}");
    }
    assert_eq!(helper.patch(&auditors, &json!({ "name": "Mine" })).await.status, 403);
    assert_eq!(helper.put(&format!("{all}/members/{}", bob.id)).await.status, 204, "a group that gives nothing");
    root.put(&format!("{auditors}/groups/{}", id(&all))).await;
    assert_eq!(helper.put(&format!("{all}/members/{}", helper.id)).await.status, 403, "what is around it counts");
}

#[tokio::test]
async fn a69_the_account_of_somebody_who_holds_more_cannot_be_taken_over() {
    let (app, root, helper) = given().await;
    let (boss, sleeper, clerk) = (app.user("boss").await, app.user("sleeper").await, app.user("clerk").await);
    let chief = app.user_with("chief", |new| (new.superuser, new.active) = (true, false)).await;
    let staff = app.user_with("keeper", |new| new.staff = true).await;
    let group = root.group("Auditors").await;
    root.put(&format!("{group}/permissions/vestibule.view_audit")).await;
    root.put(&format!("{group}/members/{}", boss.id)).await;
    root.put(&of(&sleeper, "/permissions/vestibule.view_audit")).await;
    root.patch(&of(&sleeper, ""), &json!({ "active": false })).await;
    for target in [&boss, &sleeper, &chief, &staff] {
        for (method, rest, body) in [
            (Method::PUT, "/password", json!({ "password": "a long enough secret phrase" })),
            (Method::PATCH, "", json!({ "email": "helper@example.org", "email_verified": true })),
            (Method::PATCH, "", json!({ "active": true })),
            (Method::PATCH, "", json!({ "require_second_factor": false })),
            (Method::POST, "/contacts", json!({ "kind": "email", "value": "x@example.org", "verified": true })),
            (Method::POST, "/api-tokens", json!({ "name": "x" })),
            (Method::DELETE, "/second-factor", Value::Null),
            (Method::DELETE, "", Value::Null),
        ] {
            let path = of(target, rest);
            let answer = helper.send(method.clone(), &path, |request| request.json(&body)).await;
            assert_eq!(answer.status, 403, "{} {method} {rest} {body}: {}", target.username, answer.body);
        }
    }
    let password = json!({ "password": "a long enough secret phrase" });
    assert_eq!(helper.put_body(&of(&clerk, "/password"), &password).await.status, 204, "who holds less is open");
}

#[tokio::test]
async fn a68_a69_only_a_superuser_makes_superusers_and_staff() {
    let (app, root, helper) = given().await;
    let bob = app.user("bob").await;
    for flag in ["staff", "superuser"] {
        assert_eq!(helper.patch(&of(&bob, ""), &json!({ flag: true })).await.status, 403, "{flag}");
        let own = format!("/api/v1/users/{}", helper.id);
        assert_eq!(helper.patch(&own, &json!({ flag: true })).await.status, 403, "{flag} of oneself");
        let new = json!({ "username": format!("new {flag}"), flag: true });
        assert_eq!(helper.post("/api/v1/users", &new).await.status, 403, "{flag}");
        assert_eq!(root.patch(&of(&bob, ""), &json!({ flag: true })).await.status, 200, "{flag}");
    }
}

#[tokio::test]
async fn a69_a_limited_token_of_a_superuser_stays_limited() {
    let (app, root, _) = given().await;
    let bob = app.user("bob").await;
    let scopes =
        ["vestibule.change_user", "vestibule.change_permission", "vestibule.add_apitoken", "vestibule.view_user"];
    let limited = root.with_token(&root.api_token(root.id, Some(&scopes)).await);
    assert_eq!(limited.get("/api/v1/users").await.status, 200);
    assert_eq!(limited.get("/api/v1/groups").await.status, 403);
    assert_eq!(limited.patch(&of(&bob, ""), &json!({ "superuser": true })).await.status, 403);
    assert_eq!(limited.put(&of(&bob, "/permissions/vestibule.view_audit")).await.status, 403);
    assert_eq!(limited.put(&of(&bob, "/permissions/vestibule.view_user")).await.status, 204);
    let own = format!("/api/v1/users/{}", root.id);
    let password = json!({ "password": "a long enough secret phrase" });
    assert_eq!(limited.put_body(&format!("{own}/password"), &password).await.status, 403);
    assert_eq!(limited.post(&format!("{own}/api-tokens"), &json!({ "name": "more" })).await.status, 403);
    for body in [json!({ "name": "all" }), json!({ "name": "one", "scopes": ["vestibule.view_audit"] })] {
        assert_eq!(limited.post(&of(&bob, "/api-tokens"), &body).await.status, 403, "{body}");
    }
    let less = json!({ "name": "less", "scopes": ["vestibule.view_user"] });
    assert_eq!(limited.post(&of(&bob, "/api-tokens"), &less).await.status, 201);
}

#[tokio::test]
async fn a69_a_client_for_this_api_is_made_and_taken_over_by_those_who_hold_its_scopes() {
    let (app, root, helper) = given().await;
    let named =
        |scope: &str| json!({ "client_name": "Console", "redirect_uris": ["https://rp.example/cb"], "scope": scope });
    assert_eq!(helper.post("/api/v1/clients", &named("openid vestibule.view_user")).await.status, 201);
    assert_eq!(helper.post("/api/v1/clients", &named("openid vestibule.view_audit")).await.status, 403);
    let console = root.post("/api/v1/clients", &named("openid vestibule.view_audit")).await;
    let path = console.header("location").unwrap().to_owned();
    assert_eq!(helper.patch(&path, &json!({ "redirect_uris": ["https://evil.example/cb"] })).await.status, 403);
    assert_eq!(helper.send(Method::POST, &format!("{path}/rotate-secret"), |request| request).await.status, 403);
    let plain = app.client(ClientSpec::default()).await;
    let path = format!("/api/v1/clients/{}", plain.client_id);
    assert_eq!(helper.patch(&path, &json!({ "scope": "openid vestibule.view_audit" })).await.status, 403);
    assert_eq!(helper.patch(&path, &json!({ "client_name": "Plain" })).await.status, 200);
}

#[tokio::test]
async fn a_permission_taken_away_closes_the_next_request() {
    let (_app, root, helper) = given().await;
    assert_eq!(helper.get("/api/v1/users").await.status, 200);
    assert_eq!(root.delete(&format!("/api/v1/users/{}/permissions/vestibule.view_user", helper.id)).await.status, 204);
    assert_eq!(helper.get("/api/v1/users").await.status, 403);
}
