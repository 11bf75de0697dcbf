//! Userinfo: who may ask, in which ways, and what is told; and which answers pages of other origins may read.

use std::collections::BTreeSet;

use reqwest::{
    Method, RequestBuilder,
    header::{AUTHORIZATION, ORIGIN},
};
use serde_json::Value;
use vestibule_tests::{ClientSpec, JsonAnswer, Person, TestApp, ThirdParty, Tokens};

const ALL: &str = "openid profile email address phone";
const PROFILE: [&str; 14] = [
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

/// A provider, somebody with an account, and an application with tokens for `scope`.
async fn given(scope: &str) -> (TestApp, Person, ThirdParty, Tokens) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request.set("scope", scope)).await;
    let tokens = client.redeem(&answer).await;
    (app, alice, client, tokens)
}

fn told(answer: &JsonAnswer) -> (u16, &str) {
    (answer.status.as_u16(), answer.error())
}

fn in_body(request: RequestBuilder, token: &str) -> RequestBuilder {
    request.form(&[("access_token", token)])
}

#[tokio::test]
async fn it_answers_by_get_and_by_post_with_the_token_in_header_or_body() {
    let (app, alice, _, tokens) = given("openid").await;
    let (get, post) = (|| app.wire().get("/oauth2/userinfo"), || app.wire().post("/oauth2/userinfo"));
    let token = &tokens.access_token;
    let ways = [
        get().bearer_auth(token),
        get().header(AUTHORIZATION, format!("bEARER {token}")),
        post().bearer_auth(token),
        in_body(post(), token),
    ];
    for way in ways {
        let answer = JsonAnswer::of(way).await;
        assert_eq!(told(&answer), (200, ""));
        assert_eq!(answer.body, serde_json::json!({ "sub": alice.id.to_string() }), "openid alone tells who");
        assert_eq!(answer.headers["content-type"], "application/json");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn a_token_in_two_places_or_in_the_query_is_refused() {
    let (app, _, _, tokens) = given("openid").await;
    let token = &tokens.access_token;
    let post = || app.wire().post("/oauth2/userinfo");
    let query = format!("/oauth2/userinfo?access_token={token}");
    let wrong = [
        in_body(post(), token).bearer_auth(token),
        post().bearer_auth(token).bearer_auth(token),
        post().form(&[("access_token", token), ("access_token", token)]),
        app.wire().get(&query),
        app.wire().get(&query).bearer_auth(token),
        in_body(app.wire().post(&query), token),
    ];
    for request in wrong {
        let answer = JsonAnswer::of(request).await;
        assert_eq!(told(&answer), (400, "invalid_request"));
        assert!(answer.headers["www-authenticate"].to_str().unwrap().contains("error=\"invalid_request\""));
    }
}

#[tokio::test]
async fn without_a_token_there_is_a_bare_challenge() {
    let (app, _, _, _) = given("openid").await;
    let post = || app.wire().post("/oauth2/userinfo");
    let without = [
        app.wire().get("/oauth2/userinfo"),
        post(),
        post().form(&[("other", "x")]),
        post().header(AUTHORIZATION, "Basic YTpi"),
        post().header(AUTHORIZATION, "Bearer"),
    ];
    for request in without {
        let answer = JsonAnswer::of(request).await;
        assert_eq!((answer.status.as_u16(), &answer.body), (401, &Value::Null));
        assert_eq!(answer.headers["www-authenticate"], "Bearer realm=\"vestibule\"");
    }
}

#[tokio::test]
async fn each_scope_brings_its_claims_and_no_others() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = app.browser_of(&alice);
    let email = ["email", "email_verified"];
    let phone = ["phone_number", "phone_number_verified"];
    let scopes: [(&str, Vec<&str>); 6] = [
        ("openid profile", PROFILE.to_vec()),
        ("openid email", email.to_vec()),
        ("openid address", vec!["address"]),
        ("openid phone", phone.to_vec()),
        (ALL, [&PROFILE[..], &email, &phone, &["address"]].concat()),
        ("phone address email profile openid", [&PROFILE[..], &email, &phone, &["address"]].concat()),
    ];
    for (scope, mut claims) in scopes {
        let answer = browser.authorize(&client, |request| request.set("scope", scope)).await;
        let tokens = client.redeem(&answer).await;
        let body = client.userinfo(&tokens.access_token).await.body;
        claims.push("sub");
        let told: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(told, claims.into_iter().collect(), "{scope}");
        assert_eq!(body["sub"], tokens.id_claims()["sub"]);
    }
}

#[tokio::test]
async fn the_claims_have_the_types_of_the_specification() {
    let (app, alice, client, tokens) = given(ALL).await;
    let body = client.userinfo(&tokens.access_token).await.body;
    assert_eq!((&body["email_verified"], &body["phone_number_verified"]), (&true.into(), &true.into()));
    assert!(body["updated_at"].as_i64().is_some_and(|moment| moment <= app.clock().now().seconds()));
    assert!(body["address"].as_object().is_some_and(|address| address.values().all(Value::is_string)));
    assert_eq!(body["address"]["formatted"], "7 Quay Street\nLisboa\nPortugal");
    let others = PROFILE.iter().filter(|name| **name != "updated_at").chain(&["email", "phone_number"]);
    for name in others {
        assert!(body[*name].is_string(), "{name}");
    }
    assert_eq!((&body["email"], &body["preferred_username"]), (&alice.email.into(), &"alice".into()));
}

#[tokio::test]
async fn what_is_not_known_is_left_out_and_what_is_not_verified_says_so() {
    let app = TestApp::start().await;
    let unverified = app.user_with("bob", |new| {
        (new.email_verified, new.claims) = (false, Default::default());
        new.claims.phone_number = Some("+351 21 555 0135".to_owned());
    });
    let (bob, client) = (unverified.await, app.client(ClientSpec::default()).await);
    let answer = app.browser_of(&bob).authorize(&client, |request| request.set("scope", ALL)).await;
    let body = client.userinfo(&client.redeem(&answer).await.access_token).await.body;
    assert_eq!((&body["email_verified"], &body["phone_number_verified"]), (&false.into(), &false.into()));
    assert!(body.get("address").is_none() && body.get("name").is_none(), "{body}");
    assert!(body.as_object().unwrap().values().all(|value| !value.is_null()), "{body}");
}

#[tokio::test]
async fn a_changed_account_is_told_as_it_is_now() {
    let (app, alice, client, tokens) = given(ALL).await;
    let changes = vestibule_users::Changes { email: Some(Some("new@example.com".to_owned())), ..Default::default() };
    app.provider().users().update(alice.id, changes).await.unwrap();
    let body = client.userinfo(&tokens.access_token).await.body;
    assert_eq!((&body["email"], &body["email_verified"]), (&"new@example.com".into(), &false.into()));
}

#[tokio::test]
async fn of_somebody_deactivated_or_deleted_nothing_is_told() {
    let (app, alice, client, tokens) = given("openid").await;
    app.provider().users().deactivate(alice.id).await.unwrap();
    assert_eq!(told(&client.userinfo(&tokens.access_token).await), (401, "invalid_token"));
    app.provider().users().activate(alice.id).await.unwrap();
    assert_eq!(told(&client.userinfo(&tokens.access_token).await), (200, ""), "the log names nobody");
    app.provider().users().delete(alice.id).await.unwrap();
    assert_eq!(told(&client.userinfo(&tokens.access_token).await), (401, "invalid_token"));
}

#[tokio::test]
async fn to_a_deleted_application_nothing_is_told() {
    let (app, _, client, tokens) = given("openid").await;
    app.provider().clients().delete(&client.id()).await.unwrap();
    assert_eq!(told(&client.userinfo(&tokens.access_token).await), (401, "invalid_token"));
}

/// What a page of another origin sends.
fn foreign(request: RequestBuilder) -> RequestBuilder {
    request.header(ORIGIN, "https://spa.example")
}

const OPEN: [(&str, &str); 5] = [
    ("/.well-known/openid-configuration", "GET"),
    ("/.well-known/oauth-authorization-server", "GET"),
    ("/oauth2/jwks", "GET"),
    ("/oauth2/userinfo", "GET"),
    ("/oauth2/token", "POST"),
];

#[tokio::test]
async fn pages_of_other_origins_may_read_what_applications_in_browsers_need() {
    let (app, _, client, tokens) = given("openid").await;
    let origin = |answer: &JsonAnswer| answer.headers.get("access-control-allow-origin").cloned();
    for (path, method) in OPEN {
        let request = foreign(app.wire().request(method.parse().unwrap(), path));
        let good = JsonAnswer::of(request.bearer_auth(&tokens.access_token)).await;
        assert_eq!(origin(&good).unwrap(), "*", "{path}");
        assert!(!good.headers.contains_key("access-control-allow-credentials"), "{path}");
    }
    let refused = JsonAnswer::of(foreign(app.wire().get("/oauth2/userinfo")).bearer_auth("x")).await;
    assert_eq!((refused.status.as_u16(), origin(&refused).unwrap()), (401, "*".parse().unwrap()));
    assert!(refused.headers["access-control-expose-headers"].to_str().unwrap().contains("WWW-Authenticate"));
    let form = [("grant_type", "authorization_code"), ("code", "x"), ("client_id", &client.client_id)];
    let refused = JsonAnswer::of(foreign(app.wire().post("/oauth2/token")).form(&form)).await;
    assert_eq!((refused.status.as_u16(), origin(&refused).unwrap()), (401, "*".parse().unwrap()));
}

#[tokio::test]
async fn their_preflights_are_answered() {
    let app = TestApp::start().await;
    for (path, method) in OPEN {
        let request = foreign(app.wire().request(Method::OPTIONS, path))
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "authorization,content-type");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 204, "{path}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_lowercase();
        assert_eq!(header("access-control-allow-origin"), "*");
        assert!(header("access-control-allow-methods").contains(&method.to_lowercase()), "{path}");
        assert!(header("access-control-allow-headers").contains("authorization"), "{path}");
        assert!(header("access-control-allow-headers").contains("content-type"), "{path}");
    }
}

#[tokio::test]
async fn no_page_and_no_endpoint_for_browsers_is_open_to_other_origins() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default()).await;
    let authorize = client.request().url();
    for path in [&authorize, "/oauth2/authorize", "/oauth2/end_session", "/login", "/consent", "/logout", "/", "/setup"]
    {
        for method in [Method::GET, Method::OPTIONS, Method::POST] {
            let answer = foreign(app.wire().request(method.clone(), path)).send().await.unwrap();
            let names = answer.headers().keys().map(ToString::to_string);
            let open: Vec<String> = names.filter(|name| name.starts_with("access-control-")).collect();
            assert!(open.is_empty(), "{method} {path}: {open:?}");
        }
    }
}
