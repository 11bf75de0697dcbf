//! The `claims` parameter (OpenID Connect Core section 5.5).

use serde_json::{Value, json};
use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, JsonAnswer, Person, TestApp, ThirdParty};

use crate::{error_at_once, scene};

fn asking(request: AuthorizeRequest, claims: &Value) -> AuthorizeRequest {
    request.set("claims", &claims.to_string())
}

/// What alice's browser brings an application that asks for these claims beside `openid`.
async fn given(browser: &mut Browser, client: &ThirdParty, claims: &Value) -> (Value, Value, Value) {
    let answer = browser.authorize(client, |request| asking(request.set("scope", "openid"), claims)).await;
    let tokens = client.redeem(&answer).await;
    let told = client.userinfo(&tokens.access_token).await.body;
    (tokens.id_claims(), told, tokens.body)
}

async fn named() -> (TestApp, Person, ThirdParty) {
    let (app, alice, client) = scene().await;
    let root = app.superuser().await;
    let claims = json!({ "claims": { "given_name": "Alice", "family_name": "Liddell", "nickname": "Al" } });
    root.patch(&format!("/api/v1/users/{}", alice.id), &claims).await;
    (app, alice, client)
}

#[tokio::test]
async fn single_claims_are_told_where_they_were_asked_for_and_no_others() {
    let (app, alice, client) = named().await;
    let mut browser = app.browser_of(&alice);
    let wanted = json!({ "userinfo": { "given_name": { "essential": true }, "nobody": null }, "id_token": { "nickname": null } });
    let (id_token, told, body) = given(&mut browser, &client, &wanted).await;
    assert_eq!((&told["given_name"], told.get("nickname"), told.get("email")), (&json!("Alice"), None, None), "{told}");
    assert_eq!((&id_token["nickname"], id_token.get("given_name")), (&json!("Al"), None), "{id_token}");
    assert_eq!(body["scope"], "openid", "nothing more may be done with it");
    let metadata = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    assert_eq!(metadata["claims_parameter_supported"], true);
}

#[tokio::test]
async fn a_person_is_asked_for_what_brings_them() {
    let (app, alice, client) = named().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request.set("scope", "openid")).await;
    let more = json!({ "userinfo": { "given_name": null } });
    let silent = asking(client.request().set("scope", "openid"), &more).set("prompt", "none");
    assert_eq!(Answer::read(&browser.get(&silent.url()).await, &silent).error(), "consent_required");
    let page = browser.open(&asking(client.request().set("scope", "openid"), &more).url()).await;
    assert!(page.has("consent") && page.body.contains("data-scope=\"profile\""), "{page}");
}

#[tokio::test]
async fn a_claim_of_a_scope_that_the_application_may_not_have_is_ignored() {
    let (app, alice, _) = named().await;
    let client = app.client(ClientSpec::named("Narrow").for_scope("openid email")).await;
    let mut browser = app.browser_of(&alice);
    let wanted =
        json!({ "userinfo": { "given_name": { "essential": true }, "email": null }, "id_token": { "nickname": null } });
    let (id_token, told, _) = given(&mut browser, &client, &wanted).await;
    assert_eq!((told.get("given_name"), &told["email"]), (None, &json!(alice.email)));
    assert_eq!(id_token.get("nickname"), None);
}

#[tokio::test]
async fn who_comes_back_is_told_the_same() {
    let (app, alice, _) = named().await;
    let client = app.client(ClientSpec::default().for_grants(&["authorization_code", "refresh_token"])).await;
    let mut browser = app.browser_of(&alice);
    let wanted = json!({ "userinfo": { "given_name": null }, "id_token": { "nickname": null } });
    let (.., body) = given(&mut browser, &client, &wanted).await;
    let refresh = body["refresh_token"].as_str().unwrap();
    let tokens = client.asks("refresh_token").set("refresh_token", refresh).send().await.tokens();
    assert_eq!(tokens.id_claims()["nickname"], "Al");
    assert_eq!(client.userinfo(&tokens.access_token).await.body["given_name"], "Alice");
}

#[tokio::test]
async fn it_works_through_the_browser_and_with_opaque_tokens() {
    let (app, alice, _) = named().await;
    let spec = ClientSpec::default().for_response_types(&["id_token token"]);
    let opaque =
        spec.with(|new| new.metadata.access_token_format = Some(vestibule_oidc::client::AccessTokenFormat::Opaque));
    let client = app.client(opaque).await;
    let wanted = json!({ "userinfo": { "given_name": null }, "id_token": { "nickname": null } });
    let change =
        |request: AuthorizeRequest| asking(request.without_pkce().set("response_type", "id_token token"), &wanted);
    let answer = app.browser_of(&alice).authorize(&client, |request| change(request.set("scope", "openid"))).await;
    assert_eq!(answer.id_claims()["nickname"], "Al");
    assert_eq!(client.userinfo(answer.access_token()).await.body["given_name"], "Alice");
}

#[tokio::test]
async fn nobody_but_the_person_it_names_answers() {
    let (app, alice, client) = named().await;
    let bob = app.user("bob").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let of = |sub: &str| json!({ "id_token": { "sub": { "value": sub } } });
    let request = asking(client.request(), &of(&bob.id.to_string())).set("prompt", "none");
    assert_eq!(Answer::read(&browser.get(&request.url()).await, &request).error(), "login_required");
    let (id_token, ..) = given(&mut browser, &client, &of(&alice.id.to_string())).await;
    assert_eq!(id_token["sub"], alice.id.to_string());
    assert_eq!(error_at_once(&app, &client, |request| asking(request, &of("nobody"))).await, "login_required");
}

#[tokio::test]
async fn an_essential_class_is_reached_or_the_request_fails() {
    let (app, alice, client) = named().await;
    let mut browser = app.browser_of(&alice);
    let of = |values: Value| json!({ "id_token": { "acr": { "essential": true, "values": values } } });
    let unknown = of(json!(["urn:mace:incommon:iap:silver"]));
    let error = error_at_once(&app, &client, |request| asking(request, &unknown)).await;
    assert_eq!(error, "unmet_authentication_requirements");
    let (id_token, ..) = given(&mut browser, &client, &of(json!(["1"]))).await;
    assert_eq!(id_token["acr"], "1");
    let two = asking(client.request(), &of(json!(["2"]))).set("prompt", "none");
    assert_eq!(Answer::read(&browser.get(&two.url()).await, &two).error(), "login_required");
}

#[tokio::test]
async fn what_is_no_claims_parameter_is_refused() {
    let (app, _, client) = named().await;
    for wrong in ["x", "[]", r#"{"userinfo":[]}"#, r#"{"id_token":{"name":"yes"}}"#] {
        assert_eq!(
            error_at_once(&app, &client, |request| request.set("claims", wrong)).await,
            "invalid_request",
            "{wrong}"
        );
    }
}
