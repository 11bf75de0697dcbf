//! What an application or an API hears of a token (RFC 7662), plain and signed (RFC 9701).

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use vestibule_oidc::client::AuthMethod;
use vestibule_tests::{ClientSpec, JsonAnswer, Person, TestApp, ThirdParty, Tokens, claims, header};
use vestibule_tokens::SigningAlgorithm;
use vestibule_users::{Holder, NewGroup, Permit};

use crate::{command, jose, refresh, within_a_second};

const NOTES: &str = "https://notes.example";

/// A provider with alice, an app, and an API that it calls, which is an application as well.
struct Scene {
    app: TestApp,
    alice: Person,
    client: ThirdParty,
    api: ThirdParty,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::start().await;
        let spec = ClientSpec::first_party().for_scope("openid profile groups permissions notes.read");
        let client = app.client(spec).await;
        let api = app.client(ClientSpec::named("Notes API")).await;
        app.api_of(&api, NOTES, &["notes.read"]).await;
        Self { alice: app.user("alice").await, client, api, app }
    }

    async fn tokens(&self, scope: &str) -> Tokens {
        let mut browser = self.app.browser_of(&self.alice);
        let answer = browser.authorize(&self.client, |request| request.set("scope", scope)).await;
        self.client.redeem(&answer).await
    }

    /// Lets alice do something, by a group.
    async fn allow(&self, group: &str, permission: &str) {
        let access = self.app.provider().access();
        let (name, codename) = permission.split_once('.').unwrap();
        access.register(name, codename, "Can").await.unwrap();
        let group = access.create_group(&NewGroup::named(group)).await.unwrap().id;
        access.add_user(group, self.alice.id).await.unwrap();
        access.grant(Holder::Group(group), &Permit::everywhere(permission.parse().unwrap())).await.unwrap();
    }

    async fn stands_for(&self, client: &ThirdParty, apps: &[&str]) {
        let apps = apps.iter().map(|app| (*app).to_owned()).collect();
        self.app.provider().clients().set_apps(&client.id(), apps).await.unwrap();
    }
}

fn is_inactive(answer: &Value) -> bool {
    *answer == json!({ "active": false })
}

#[tokio::test]
async fn an_application_hears_what_stands_in_its_token_and_whose_it_is() {
    let scene = Scene::new().await;
    let tokens = scene.tokens("openid notes.read").await;
    let said = scene.client.introspect(&tokens.access_token).await;
    let stands = tokens.access_claims();
    assert_eq!(
        (&said["active"], &said["token_type"], &said["username"]),
        (&json!(true), &json!("Bearer"), &json!("alice"))
    );
    for claim in
        ["iss", "sub", "aud", "client_id", "scope", "iat", "exp", "jti", "auth_time", "acr", "amr", "sid", "grant_id"]
    {
        assert_eq!(said[claim], stands[claim], "{claim}");
        assert!(!said[claim].is_null(), "{claim}");
    }
    assert_eq!((said.get("groups"), said.get("permissions"), said.get("nbf")), (None, None, None));
}

#[tokio::test]
async fn an_api_hears_of_the_tokens_that_are_meant_for_it() {
    let scene = Scene::new().await;
    let tokens = scene.tokens("openid notes.read").await;
    let said = scene.api.introspect(&tokens.access_token).await;
    assert_eq!((&said["active"], &said["aud"]), (&json!(true), &json!(NOTES)));
    let for_userinfo = scene.tokens("openid").await;
    assert!(is_inactive(&scene.api.introspect(&for_userinfo.access_token).await), "of no others");
}

#[tokio::test]
async fn a35_whoever_a_token_is_neither_issued_to_nor_meant_for_hears_that_it_is_inactive() {
    let scene = Scene::new().await;
    let stranger = scene.app.client(ClientSpec::named("Stranger")).await;
    scene.app.api_of(&stranger, "https://other.example", &["other.read"]).await;
    let tokens = scene.tokens("openid notes.read").await;
    assert!(is_inactive(&stranger.introspect(&tokens.access_token).await));
    assert!(is_inactive(&stranger.introspect("nonsense").await), "and of what never was the same");
}

#[tokio::test]
async fn a35_a46_nobody_is_told_anything_who_did_not_prove_who_they_are() {
    let scene = Scene::new().await;
    let token = scene.tokens("openid notes.read").await.access_token;
    let public = scene.app.client(ClientSpec::public()).await;
    let asked = scene.api.introspection(&token);
    for (what, request) in [
        ("nothing", asked.clone().without_basic()),
        ("an id", asked.clone().without_basic().add("client_id", &scene.api.client_id)),
        ("a wrong secret", asked.clone().basic(&scene.api.client_id, "wrong")),
        ("an unknown application", asked.clone().basic("nobody", "secret")),
        ("a public application", public.introspection(&token)),
    ] {
        let answer = request.send().await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client"), "{what}");
        assert_eq!(answer.body.get("active"), None, "{what}");
        assert_eq!(answer.header("www-authenticate").is_some(), request.basic.is_some(), "{what}");
    }
    let by_token = asked.clone().without_basic().build().bearer_auth(&token);
    assert_eq!(JsonAnswer::of(by_token).await.status, 401, "a token proves no application");
    assert_eq!(asked.by_post().send().await.status, 200);
}

#[tokio::test]
async fn a_registered_method_is_the_only_one() {
    let scene = Scene::new().await;
    let spec = ClientSpec::default().with(|new| new.auth_method = Some(AuthMethod::ClientSecretBasic));
    let strict = scene.app.client(spec).await;
    assert_eq!(strict.introspection("x").send().await.status, 200);
    assert_eq!(strict.introspection("x").by_post().send().await.status, 401);
}

#[tokio::test]
async fn what_is_no_access_token_of_ours_is_inactive() {
    let scene = Scene::new().await;
    let tokens = scene.tokens("openid notes.read").await;
    let changed = jose::with_claim(&tokens.access_token, "scope", json!("admin"));
    let unsigned = format!("{}.", tokens.access_token.rsplit_once('.').unwrap().0);
    for token in [&tokens.id_token, &changed, &unsigned, "x", "a.b.c", "ö", &"x".repeat(20_000)] {
        assert!(is_inactive(&scene.client.introspect(token).await), "{token}");
    }
    // That it was good a moment ago makes what resembles it no better.
    scene.client.introspect(&tokens.access_token).await;
    assert!(is_inactive(&scene.client.introspect(&changed).await));
}

#[tokio::test]
async fn a_token_is_inactive_from_the_moment_at_which_it_expires() {
    let scene = Scene::new().await;
    let tokens = scene.tokens("openid notes.read").await;
    assert_eq!(scene.api.introspect(&tokens.access_token).await["active"], true);
    scene.app.clock().advance(Duration::from_secs(601));
    assert!(is_inactive(&scene.api.introspect(&tokens.access_token).await));
}

#[tokio::test]
async fn what_ends_a_token_shows_in_the_next_answer() {
    let scene = Scene::new().await;
    let provider = scene.app.provider();
    let seen = async |what: &str| {
        // Each entry about a person spares what is minted a millisecond later.
        scene.app.clock().advance(Duration::from_millis(2));
        let tokens = scene.tokens("openid notes.read").await;
        assert_eq!(scene.api.introspect(&tokens.access_token).await["active"], true, "{what}");
        tokens.access_token
    };
    let token = seen("a sign-out").await;
    provider.sign_out_everywhere(scene.alice.id).await.unwrap();
    assert!(is_inactive(&scene.api.introspect(&token).await), "a sign-out");
    let token = seen("deactivation").await;
    provider.users().deactivate(scene.alice.id).await.unwrap();
    assert!(is_inactive(&scene.api.introspect(&token).await), "deactivation, even before the log says so");
    provider.users().activate(scene.alice.id).await.unwrap();
    let token = seen("the end of the application").await;
    provider.clients().delete(&scene.client.id()).await.unwrap();
    assert!(
        is_inactive(&scene.api.introspect(&token).await),
        "the end of the application, even before the log says so"
    );
}

#[tokio::test]
async fn an_api_that_lost_its_client_is_told_nothing_more() {
    let scene = Scene::new().await;
    let token = scene.tokens("openid notes.read").await.access_token;
    assert_eq!(scene.api.introspect(&token).await["active"], true);
    let root = scene.app.superuser().await;
    let path = format!("/api/v1/apis/{}", url::form_urlencoded::byte_serialize(NOTES.as_bytes()).collect::<String>());
    assert_eq!(root.get(&path).await.body["clients"], json!([scene.api.client_id]));
    let changed = root.patch(&path, &json!({ "clients": [] })).await;
    assert_eq!((changed.status.as_u16(), &changed.body["clients"]), (200, &json!([])), "{}", changed.body);
    assert!(is_inactive(&scene.api.introspect(&token).await));
    let public = scene.app.client(ClientSpec::public()).await;
    for wrong in [json!({ "clients": ["nobody"] }), json!({ "clients": [public.client_id] })] {
        assert_eq!(root.patch(&path, &wrong).await.status, 422, "{wrong}");
    }
}

#[tokio::test]
async fn an_api_is_told_of_the_apps_that_it_stands_for_and_the_client_of_its_own_by_scope() {
    let scene = Scene::new().await;
    scene.allow("Sellers", "shop.sell").await;
    scene.allow("Writers", "blog.write").await;
    scene.stands_for(&scene.api, &["blog"]).await;
    scene.stands_for(&scene.client, &["shop"]).await;
    let told = async |client: &ThirdParty, token: &str| {
        let said = client.introspect(token).await;
        (said["groups"].clone(), said["permissions"].clone())
    };
    let plain = scene.tokens("openid notes.read").await.access_token;
    assert_eq!(told(&scene.client, &plain).await, (Value::Null, Value::Null), "the person allowed it neither");
    assert_eq!(told(&scene.api, &plain).await, (json!(["Writers"]), json!(["blog.write"])));
    let granted = scene.tokens("openid notes.read groups permissions").await.access_token;
    assert_eq!(told(&scene.client, &granted).await, (json!(["Sellers"]), json!(["shop.sell"])));
    let both = (json!(["Sellers", "Writers"]), json!(["blog.write", "shop.sell"]));
    assert_eq!(told(&scene.api, &granted).await, both);
}

#[tokio::test]
async fn a_change_of_permissions_or_of_the_name_shows_in_the_next_answer() {
    let scene = Scene::new().await;
    scene.stands_for(&scene.api, &["blog"]).await;
    let token = scene.tokens("openid notes.read").await.access_token;
    assert_eq!(scene.api.introspect(&token).await["permissions"], json!([]));
    scene.allow("Writers", "blog.write").await;
    assert_eq!(scene.api.introspect(&token).await["permissions"], json!(["blog.write"]));
    let renamed = vestibule_users::Changes { username: Some("alicia".into()), ..vestibule_users::Changes::default() };
    scene.app.provider().users().update(scene.alice.id, renamed).await.unwrap();
    assert_eq!(scene.api.introspect(&token).await["username"], "alicia");
}

/// Everything that an answer is made of is taken out of the database behind the program's back: who still hears it, hears it
/// from memory.
#[tokio::test]
async fn once_seen_everything_is_answered_from_memory() {
    let scene = Scene::new().await;
    scene.allow("Writers", "blog.write").await;
    scene.stands_for(&scene.api, &["blog"]).await;
    let token = scene.tokens("openid notes.read").await.access_token;
    let before = scene.api.introspect(&token).await;
    assert_eq!(before["permissions"], json!(["blog.write"]));
    let database = command(&scene.app).database_as_it_is().await.unwrap();
    for table in ["clients", "apis", "\"groups\"", "users"] {
        database.writer().execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
    }
    // Memory is relied on only while the table of changes is read, which a busy machine may be late with.
    let is_said = async || scene.api.introspection(&token).send().await.body == before;
    within_a_second("it is answered from memory", is_said).await;
}

#[tokio::test]
async fn an_answer_is_signed_where_that_is_asked_for() {
    let scene = Scene::new().await;
    let spec = ClientSpec::named("Strict API")
        .with(|new| new.metadata.introspection_signed_response_alg = SigningAlgorithm::Es256.into());
    let strict = scene.app.client(spec).await;
    scene.app.api_of(&strict, "https://strict.example", &["strict.read"]).await;
    let (keys, tokens) = (jose::keys(&scene.app).await, scene.tokens("openid notes.read").await);
    let ask = async |client: &ThirdParty, token: &str| {
        let request = client.introspection(token).build().header("accept", "application/token-introspection+jwt");
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/token-introspection+jwt");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let jwt = response.text().await.unwrap();
        assert!(jose::is_signed(&jwt, &keys), "{jwt}");
        jwt
    };
    let plain = scene.api.introspect(&tokens.access_token).await;
    let jwt = ask(&scene.api, &tokens.access_token).await;
    assert_eq!((&header(&jwt)["typ"], &header(&jwt)["alg"]), (&json!("token-introspection+jwt"), &json!("RS256")));
    let said = claims(&jwt);
    assert_eq!((&said["iss"], &said["aud"]), (&json!(scene.app.issuer()), &json!(scene.api.client_id)));
    assert!(said["iat"].is_i64());
    assert_eq!(said["token_introspection"], plain);
    assert_eq!(said.as_object().unwrap().len(), 4, "no sub and no exp: it is no access token (RFC 9701 section 8.1)");
    let jwt = ask(&strict, &tokens.access_token).await;
    assert_eq!(header(&jwt)["alg"], "ES256");
    assert_eq!(claims(&jwt)["token_introspection"], json!({ "active": false }));
    assert!(is_inactive(&scene.api.introspect(&jwt).await), "an answer is no token");
    assert_eq!(scene.client.userinfo(&jwt).await.status, 401);
}

#[tokio::test]
async fn a_request_is_one_form_with_one_token() {
    let scene = Scene::new().await;
    let asked = scene.api.introspection("x");
    for (what, request) in [
        ("no token", asked.clone().without("token")),
        ("an empty one", asked.clone().set("token", "")),
        ("two", asked.clone().add("token", "x")),
        ("two hints", asked.clone().add("token_type_hint", "a").add("token_type_hint", "a")),
    ] {
        let answer = request.send().await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"), "{what}");
    }
    for hint in ["access_token", "refresh_token", "nonsense"] {
        assert_eq!(asked.clone().add("token_type_hint", hint).send().await.status, 200, "a hint is only a hint");
    }
    let by_get = scene.app.wire().get("/oauth2/introspect?token=x").send().await.unwrap();
    assert_eq!((by_get.status().as_u16(), by_get.headers()["allow"].to_str().unwrap()), (405, "POST"));
    let answer = asked.send().await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), None, "it is for servers");
}

#[tokio::test]
async fn an_opaque_token_is_told_of_like_any_other() {
    let scene = Scene::new().await;
    let root = scene.app.superuser().await;
    let path = format!("/api/v1/apis/{}", url::form_urlencoded::byte_serialize(NOTES.as_bytes()).collect::<String>());
    assert_eq!(root.patch(&path, &json!({ "opaque": true })).await.status, 200);
    let tokens = scene.tokens("openid notes.read").await;
    assert!(tokens.access_token.starts_with("vst_at_"));
    let said = scene.api.introspect(&tokens.access_token).await;
    assert_eq!((&said["active"], &said["aud"], &said["username"]), (&json!(true), &json!(NOTES), &json!("alice")));
    assert_eq!(scene.api.introspect(&tokens.access_token).await, said, "also once it was seen");
    scene.app.provider().sign_out_everywhere(scene.alice.id).await.unwrap();
    assert!(is_inactive(&scene.api.introspect(&tokens.access_token).await));
}

#[tokio::test]
async fn a_token_without_a_person_says_so() {
    let scene = Scene::new().await;
    let spec = ClientSpec::named("Robot").for_grants(&["client_credentials"]).for_scope("notes.read");
    let robot = scene.app.client(spec).await;
    let token = robot.asks("client_credentials").send().await.tokens().access_token;
    let said = scene.api.introspect(&token).await;
    assert_eq!((&said["sub"], &said["client_id"]), (&json!(robot.client_id), &json!(robot.client_id)));
    for absent in ["username", "auth_time", "sid", "grant_id", "groups", "permissions"] {
        assert_eq!(said.get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn of_a_refresh_token_only_its_own_application_hears() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(refresh::confidential()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let first = client.redeem(&answer).await;
    let said = client.introspect(&first.refresh_token).await;
    assert_eq!((&said["active"], &said["client_id"]), (&json!(true), &json!(client.client_id)));
    assert_eq!((said.get("token_type"), said.get("aud")), (None, None), "it opens no API");
    let api = app.client(ClientSpec::named("API")).await;
    assert!(is_inactive(&api.introspect(&first.refresh_token).await));
    let second = refresh::refreshed(&client, &first.refresh_token).await;
    assert!(is_inactive(&client.introspect(&first.refresh_token).await), "it is spent");
    assert_eq!(client.introspect(&second.refresh_token).await["active"], true);
    app.provider().sign_out_everywhere(alice.id).await.unwrap();
    assert!(is_inactive(&client.introspect(&second.refresh_token).await));
}
