//! Attributes that administrators declare, as applications are told of them: by the scope that carries the claim.

use serde_json::{Value, json};
use vestibule_tests::{Administrator, Answer, ClientSpec, Person, TestApp, ThirdParty, Tokens};

struct Given {
    app: TestApp,
    root: Administrator,
    alice: Person,
    client: ThirdParty,
}

/// Alice is of the department Sea and the floor 3, and has a clearance that nobody sees. The application may ask for `work`.
async fn given() -> Given {
    let app = TestApp::start().await;
    let (root, alice) = (app.superuser().await, app.user("alice").await);
    declare(
        &root,
        json!({ "name": "dept", "label": "Department", "kind": "text", "visible_to": "user", "claim":
        "https://example.com/department", "scope": "work" }),
    )
    .await;
    declare(
        &root,
        json!({ "name": "floor", "label": "Floor", "kind": "number", "claim": "floor", "scope": "profile" }),
    )
    .await;
    declare(&root, json!({ "name": "badge", "label": "Badge", "kind": "text" })).await;
    let attributes = json!({ "attributes": { "dept": "Sea", "floor": 3, "badge": "B-7" } });
    let path = format!("/api/v1/users/{}", alice.id);
    assert_eq!(root.patch(&path, &attributes).await.status, 200);
    let client = app.client(ClientSpec::default().for_scope("openid profile email work")).await;
    Given { app, root, alice, client }
}

async fn declare(root: &Administrator, new: Value) {
    let declared = root.post("/api/v1/attributes", &new).await;
    assert_eq!(declared.status, 201, "{}", declared.body);
}

async fn tokens(given: &Given, scope: &str) -> Tokens {
    let answer =
        given.app.browser_of(&given.alice).authorize(&given.client, |request| request.set("scope", scope)).await;
    given.client.redeem(&answer).await
}

async fn told(given: &Given, tokens: &Tokens) -> Value {
    given.client.userinfo(&tokens.access_token).await.body
}

#[tokio::test]
async fn each_attribute_is_told_by_the_scope_that_carries_it_and_by_no_other() {
    let given = given().await;
    let work = tokens(&given, "openid work").await;
    let body = told(&given, &work).await;
    assert_eq!(body, json!({ "sub": given.alice.id, "https://example.com/department": "Sea" }));
    let profile = tokens(&given, "openid profile").await;
    let body = told(&given, &profile).await;
    assert_eq!((&body["floor"], &body["https://example.com/department"]), (&json!(3), &Value::Null));
    let email = tokens(&given, "openid email").await;
    let body = told(&given, &email).await;
    assert!(body["floor"].is_null() && body["badge"].is_null() && body["dept"].is_null(), "{body}");
}

#[tokio::test]
async fn what_nobody_may_see_is_told_to_no_application() {
    let given = given().await;
    let new = json!({ "name": "clearance", "label": "Clearance", "kind": "text", "visible_to": "nobody",
        "editable_by": "nobody", "claim": "clearance", "scope": "work" });
    let refused = given.root.post("/api/v1/attributes", &new).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
}

#[tokio::test]
async fn a_value_and_a_declaration_that_change_show_in_the_next_answer() {
    let given = given().await;
    let work = tokens(&given, "openid work").await;
    let path = format!("/api/v1/users/{}", given.alice.id);
    given.root.patch(&path, &json!({ "attributes": { "dept": "Land" } })).await;
    assert_eq!(told(&given, &work).await["https://example.com/department"], "Land");
    given.root.patch("/api/v1/attributes/dept", &json!({ "claim": "unit" })).await;
    let body = told(&given, &work).await;
    assert_eq!((&body["unit"], &body["https://example.com/department"]), (&json!("Land"), &Value::Null));
    given.root.patch("/api/v1/attributes/dept", &json!({ "claim": null, "scope": null })).await;
    assert_eq!(told(&given, &work).await, json!({ "sub": given.alice.id }));
}

#[tokio::test]
async fn a33_such_a_scope_is_for_applications_that_were_registered_for_it() {
    let given = given().await;
    let other = given.app.client(ClientSpec::named("Other").for_scope("openid profile")).await;
    let mut browser = given.app.browser_of(&given.alice);
    let answer = browser.authorize(&other, |request| request.set("scope", "openid work")).await;
    assert_eq!(answer.error(), "invalid_scope");
}

#[tokio::test]
async fn people_are_asked_in_the_words_of_the_declaration() {
    let given = given().await;
    let mut browser = vestibule_tests::Browser::sign_in(&given.app, &given.alice).await;
    let page = browser.begin(&given.client, |request| request.set("scope", "openid profile work")).await;
    let text = page.text();
    assert!(text.contains("See what is kept about you as “Department”"), "{page}");
    assert!(text.contains("Also what is kept about you as “Floor”"), "{page}");
    assert!(!text.contains("Badge"), "{page}");
    assert!(page.attributes("data-scope").contains(&"work".to_owned()));
}

#[tokio::test]
async fn discovery_names_what_is_declared() {
    let given = given().await;
    let page = given.app.browser().get("/.well-known/openid-configuration").await;
    let document: Value = serde_json::from_str(&page.body).unwrap();
    let all = |member: &str| document[member].as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>();
    let count = |member: &str, name: &str| all(member).into_iter().filter(|it| *it == name).count();
    assert_eq!((count("scopes_supported", "work"), count("scopes_supported", "profile")), (1, 1));
    assert_eq!(count("claims_supported", "https://example.com/department"), 1);
    assert_eq!((count("claims_supported", "floor"), count("claims_supported", "badge")), (1, 0));
}

#[tokio::test]
async fn a_scope_that_carries_more_than_was_allowed_is_asked_for_again() {
    let given = given().await;
    tokens(&given, "openid profile work").await;
    let mut browser = vestibule_tests::Browser::sign_in(&given.app, &given.alice).await;
    let all = async |browser: &mut vestibule_tests::Browser| {
        browser.begin(&given.client, |request| request.set("scope", "openid profile work")).await
    };
    assert!(all(&mut browser).await.is_redirect(), "it was allowed as it is");
    given.root.patch("/api/v1/attributes/dept", &json!({ "claim": "unit", "label": "Unit" })).await;
    assert!(all(&mut browser).await.is_redirect(), "by another name it is the same");

    given.root.patch("/api/v1/attributes/badge", &json!({ "claim": "badge", "scope": "work" })).await;
    let page = all(&mut browser).await;
    assert_eq!(page.attributes("data-scope"), ["work"], "what did not grow is not asked for");
    assert!(page.text().contains("“Badge”"), "{page}");
    let silent = given.client.request().set("scope", "openid work").set("prompt", "none");
    assert_eq!(Answer::read(&browser.get(&silent.url()).await, &silent).error(), "consent_required");
    tokens(&given, "openid work").await;
    assert!(all(&mut browser).await.is_redirect(), "and asked for once");
}
