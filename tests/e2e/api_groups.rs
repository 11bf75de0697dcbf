//! The administration API: groups, permissions, grants, and the questions that applications ask.

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_tests::{Administrator, ClientSpec, JsonAnswer, Person, TestApp};

async fn given() -> (TestApp, Administrator, Person) {
    let app = TestApp::start().await;
    let (root, alice) = (app.superuser().await, app.user("alice").await);
    let shop = json!({ "app": "shop", "resource_type": "order", "label": "order" });
    let registered = root.post("/api/v1/permissions/resource-types", &shop).await;
    assert_eq!(registered.body["permissions"].as_array().map(Vec::len), Some(4), "{}", registered.body);
    (app, root, alice)
}

async fn may(root: &Administrator, alice: &Person, permission: &str, object: Option<&str>) -> bool {
    let body = json!({ "user": alice.id.to_string(), "checks": [{ "permission": permission, "object": object }] });
    let answer = root.post("/api/v1/permissions/check", &body).await;
    answer.body["results"][0].as_bool().unwrap_or_else(|| panic!("{}", answer.body))
}

#[tokio::test]
async fn a_group_gives_what_it_holds_to_members_and_to_groups_within() {
    let (_app, root, alice) = given().await;
    let (staff, crew) = (root.group("Staff").await, root.group("Crew").await);
    assert_eq!(root.post("/api/v1/groups", &json!({ "name": "STAFF" })).await.status, 409);
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    assert_eq!(root.put(&format!("{staff}/permissions/shop.view_order")).await.status, 204);
    assert_eq!(root.put(&format!("{crew}/members/{}", alice.id)).await.status, 204);
    assert!(!may(&root, &alice, "shop.view_order", None).await);
    assert_eq!(root.put(&format!("{staff}/groups/{}", id(&crew))).await.status, 204);
    assert!(may(&root, &alice, "shop.view_order", None).await, "an administrator's change shows in the next check");
    assert_eq!(root.put(&format!("{crew}/groups/{}", id(&staff))).await.status, 409, "no circle");
    let reasons = root.get(&format!("/api/v1/users/{}/permissions/shop.view_order/reasons", alice.id)).await;
    assert_eq!(reasons.body["reasons"][0]["path"], json!(["Crew", "Staff"]), "{}", reasons.body);
    let holders = root.list("/api/v1/permissions/shop.view_order/holders").await;
    assert!(holders.iter().any(|holder| holder["username"] == "alice" && holder["by_group"] == true), "{holders:?}");
    assert_eq!(root.list(&format!("{crew}/members")).await[0]["username"], "alice");
    assert_eq!(root.list(&format!("{staff}/groups")).await[0]["name"], "Crew");
    assert_eq!(root.get(&format!("/api/v1/users/{}", alice.id)).await.body["groups"], json!(["Crew"]));
    let effective = root.get(&format!("/api/v1/users/{}/effective-permissions", alice.id)).await;
    assert_eq!(effective.body["permissions"], json!(["shop.view_order"]), "{}", effective.body);
    assert_eq!(root.delete(&format!("{staff}/groups/{}", id(&crew))).await.status, 204);
    assert!(!may(&root, &alice, "shop.view_order", None).await);
    assert_eq!(root.delete(&format!("{crew}/members/{}", alice.id)).await.status, 204);
    assert_eq!(root.delete(&format!("{crew}/members/{}", alice.id)).await.status, 404);
    assert_eq!(root.delete(&crew).await.status, 204);
    assert_eq!(root.get(&crew).await.status, 404);
}

#[tokio::test]
async fn a_permission_can_be_for_one_object() {
    let (_app, root, alice) = given().await;
    let grant = format!("/api/v1/users/{}/permissions/shop.change_order", alice.id);
    assert_eq!(root.put(&format!("{grant}?object=order%3A17")).await.status, 204);
    assert!(may(&root, &alice, "shop.change_order", Some("order:17")).await);
    assert!(!may(&root, &alice, "shop.change_order", Some("order:18")).await);
    assert!(!may(&root, &alice, "shop.change_order", None).await);
    let granted = root.list(&format!("/api/v1/users/{}/permissions", alice.id)).await;
    assert_eq!(granted, [json!({ "permission": "shop.change_order", "object": "order:17" })]);
    assert_eq!(root.delete(&grant).await.status, 404, "everywhere is another grant");
    assert_eq!(root.delete(&format!("{grant}?object=order%3A17")).await.status, 204);
    assert_eq!(root.put(&format!("{grant}?object=nonsense")).await.status, 400);
    let unknown = format!("/api/v1/users/{}/permissions/shop.nothing", alice.id);
    assert_eq!(root.put(&unknown).await.status, 404);
}

#[tokio::test]
async fn permissions_are_registered_listed_and_removed_but_not_our_own() {
    let (_app, root, alice) = given().await;
    let refund = json!({ "permission": "shop.refund", "label": "Refund an order" });
    let registered = root.post("/api/v1/permissions", &refund).await;
    assert_eq!(registered.status, 201, "{}", registered.body);
    assert_eq!(root.list("/api/v1/permissions?app=shop&limit=2").await.len(), 5);
    root.put(&format!("/api/v1/users/{}/permissions/shop.refund", alice.id)).await;
    assert_eq!(root.delete("/api/v1/permissions/shop.refund").await.status, 204);
    assert!(!may(&root, &alice, "shop.refund", None).await);
    let own = json!({ "permission": "vestibule.everything", "label": "Everything" });
    assert_eq!(root.post("/api/v1/permissions", &own).await.status, 409);
    assert_eq!(root.delete("/api/v1/permissions/vestibule.view_user").await.status, 409);
}

#[tokio::test]
async fn an_application_asks_about_its_own_apps_and_no_others() {
    let (app, root, alice) = given().await;
    let client = app.client(ClientSpec::default()).await;
    root.put(&format!("/api/v1/users/{}/permissions/shop.view_order", alice.id)).await;
    let body = |permission: &str| json!({ "user": alice.id.to_string(), "checks": [{ "permission": permission }] });
    let ask = async |secret: &str, body: Value| {
        let request = app.wire().request(Method::POST, "/api/v1/permissions/check");
        JsonAnswer::of(request.basic_auth(&client.client_id, Some(secret)).json(&body)).await
    };
    let secret = client.secret.clone().unwrap();
    assert_eq!(ask(&secret, body("shop.view_order")).await.status, 403, "it stands for no app yet");
    let apps = format!("/api/v1/clients/{}/apps", client.client_id);
    assert_eq!(root.put_body(&apps, &json!({ "apps": ["shop"] })).await.body, json!({ "apps": ["shop"] }));
    let answer = ask(&secret, body("shop.view_order")).await;
    assert_eq!((answer.status.as_u16(), &answer.body["results"]), (200, &json!([true])), "{}", answer.body);
    assert_eq!(ask(&secret, body("shop.add_order")).await.body["results"], json!([false]));
    assert_eq!(ask(&secret, body("vestibule.view_user")).await.status, 403);
    let wrong = ask("wrong", body("shop.view_order")).await;
    assert_eq!((wrong.status.as_u16(), wrong.header("www-authenticate")), (401, Some("Basic realm=\"vestibule\"")));
    let users = app.wire().get("/api/v1/users").basic_auth(&client.client_id, Some(&secret));
    assert_eq!(JsonAnswer::of(users).await.status, 401, "nothing else is open to it");
    let public = app.client(ClientSpec::public()).await;
    let request = app.wire().request(Method::POST, "/api/v1/permissions/check").basic_auth(&public.client_id, Some(""));
    assert_eq!(JsonAnswer::of(request.json(&body("shop.view_order"))).await.status, 401, "a public one proves nothing");
}
