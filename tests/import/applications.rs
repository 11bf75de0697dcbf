//! Applications of django-oauth-toolkit keep their ids, secrets and addresses.

use serde_json::{Value, json};
use vestibule_tests::{Browser, TestApp, ThirdParty};

use crate::{
    command,
    site::{Site, Way, person},
};

const SITE: Site = Site("default");

async fn moved(way: Way) -> (TestApp, Browser) {
    let app = TestApp::start().await;
    SITE.import(&app, way).await;
    let sasha = person(&app, "sasha", &SITE.users()["sasha"]).await;
    let browser = app.browser_of(&sasha);
    (app, browser)
}

/// An application with the secret that it had there.
fn application(app: &TestApp, id: &str, redirect_uri: &str) -> ThirdParty {
    let expected = SITE.expected();
    let secret = expected["applications"][id]["secret"].as_str().filter(|_| id != "phone");
    app.known_client(id, secret, redirect_uri)
}

async fn claims(browser: &mut Browser, client: &ThirdParty) -> Value {
    let answer = browser.authorize(client, |request| request.set("scope", "openid groups permissions")).await;
    let tokens = client.redeem(&answer).await;
    client.userinfo(&tokens.access_token).await.body
}

#[tokio::test]
async fn an_application_gets_tokens_by_its_old_id_and_secret_be_they_hashed_or_plain_there() {
    let (app, mut browser) = moved(Way::Dump).await;
    for (id, uri) in [
        ("web-hashed", "https://shop.example/other"),
        ("web-plain", "https://old.example/callback"),
        ("phone", "com.example.phone:/callback"),
    ] {
        let client = application(&app, id, uri);
        // The first time by the hash that Django made, the second by our own digest.
        for _ in 0..2 {
            let claims = claims(&mut browser, &client).await;
            assert_eq!(claims["groups"], json!(["clerks", "managers"]), "{id}");
            assert_eq!(claims["permissions"], SITE.expected()["users"]["sasha"]["permissions"], "{id}");
        }
    }
}

#[tokio::test]
async fn another_secret_opens_nothing_neither_before_nor_after_the_right_one() {
    let (app, mut browser) = moved(Way::Postgres).await;
    let client = application(&app, "web-hashed", "https://shop.example/callback");
    for _ in 0..2 {
        let answer = browser.authorize(&client, |request| request).await;
        let refused = client.exchange(&answer).basic("web-hashed", "a secret that is not it").send().await;
        assert_eq!((refused.status.as_u16(), &refused.body["error"]), (401, &json!("invalid_client")));
        client.redeem(&answer).await;
    }
}

#[tokio::test]
async fn its_settings_come_along() {
    let app = TestApp::start().await;
    SITE.import(&app, Way::Sqlite).await;
    let shown = command::json(&app, &["clients", "show", "web-hashed"]).await;
    assert_eq!(shown["redirect_uris"], json!(["https://shop.example/callback", "https://shop.example/other"]));
    assert_eq!(shown["post_logout_redirect_uris"], json!(["https://shop.example/goodbye"]));
    assert_eq!((&shown["client_name"], &shown["first_party"]), (&json!("Web shop"), &json!(false)));
    assert_eq!(shown["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(shown["require_pkce"], true);
    assert_eq!(command::json(&app, &["clients", "show", "web-plain"]).await["first_party"], true);
    let phone = command::json(&app, &["clients", "show", "phone"]).await;
    assert_eq!(phone["token_endpoint_auth_method"], "none");
}

#[tokio::test]
async fn an_application_that_acts_for_itself_goes_on_doing_so() {
    let app = TestApp::start().await;
    let command = [SITE.command(Way::Dump), vec!["--scope".to_owned(), "orders".to_owned()]].concat();
    command::json(&app, &command.iter().map(String::as_str).collect::<Vec<_>>()).await;
    app.api("https://api.example", &["orders"]).await;
    let robot = application(&app, "robot", "");
    let shown = command::json(&app, &["clients", "show", "robot"]).await;
    assert_eq!((&shown["grant_types"], &shown["response_types"]), (&json!(["client_credentials"]), &json!([])));
    for _ in 0..2 {
        let tokens = robot.asks("client_credentials").send().await.tokens();
        assert_eq!((&tokens.access_claims()["sub"], &tokens.body["scope"]), (&json!("robot"), &json!("orders")));
    }
    let refused = robot.asks("client_credentials").basic("robot", "another secret").send().await;
    assert_eq!(refused.body["error"], "invalid_client");
}

#[tokio::test]
async fn a_site_that_did_not_require_pkce_keeps_it_so() {
    let app = TestApp::start().await;
    let command = [SITE.command(Way::Dump), vec!["--require-pkce".to_owned(), "false".to_owned()]].concat();
    command::json(&app, &command.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let pkce = async |id| command::json(&app, &["clients", "show", id]).await["require_pkce"].clone();
    assert_eq!((pkce("web-plain").await, pkce("phone").await), (json!(false), json!(true)));
}

#[tokio::test]
async fn an_application_that_moved_refreshes_as_if_nothing_had_happened() {
    for way in [Way::Dump, Way::Sqlite, Way::Postgres] {
        let app = TestApp::start().await;
        SITE.import(&app, way).await;
        let sasha = app.provider().users().find("sasha").await.unwrap().unwrap().id.to_string();
        let shop = application(&app, "web-hashed", "https://shop.example/callback");
        let refreshed = async |client: &ThirdParty, token: &str| {
            client.asks("refresh_token").set("refresh_token", token).send().await
        };
        let tokens = refreshed(&shop, "the shop comes back for sasha").await.tokens();
        // No API here has the scope `orders` yet.
        assert_eq!((&tokens.id_claims()["sub"], &tokens.body["scope"]), (&json!(sasha), &json!("email openid")));
        let told = shop.userinfo(&tokens.access_token).await;
        assert_eq!(told.body["sub"], sasha);
        let next = tokens.body["refresh_token"].as_str().unwrap().to_owned();
        app.api("https://api.example", &["orders"]).await;
        let tokens = refreshed(&shop, &next).await.tokens();
        assert_eq!(tokens.body["scope"], "email openid orders");
        let next = tokens.body["refresh_token"].as_str().unwrap().to_owned();
        for dead in ["revoked by sasha", "nobody knows for what", "access by the shop comes back for sasha"] {
            assert_eq!(refreshed(&shop, dead).await.body["error"], "invalid_grant", "{way:?}: {dead}");
        }
        // A token is its own application's.
        let old = application(&app, "web-plain", "https://old.example/callback");
        assert_eq!(refreshed(&old, &next).await.body["error"], "invalid_grant");
    }
}
