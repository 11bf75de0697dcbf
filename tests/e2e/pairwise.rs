//! Pairwise subjects (OpenID Connect Core section 8): applications of different sectors cannot find out that two of their
//! people are one, and everything that goes by a person goes by them all the same.

use serde_json::{Value, json};
use vestibule_oidc::client::{NewClient, SubjectType};
use vestibule_tests::{Answer, Browser, ClientSpec, KeySite, LogoutSite, Person, TestApp, ThirdParty, Tokens, claims};

use crate::revocation_stream::{Listener, NOTES};

const HERE: &str = "https://rp.example/cb";
const THERE: &str = "https://other.example/cb";

fn pairwise(new: &mut NewClient) {
    new.metadata.subject_type = SubjectType::Pairwise;
}

fn at(uri: &str) -> ClientSpec {
    let spec = ClientSpec::default().for_scope("openid profile email offline_access notes.read").at(&[uri]);
    spec.for_grants(&["authorization_code", "refresh_token"]).with(pairwise)
}

/// Alice, and an application that knows her by a name of its own.
async fn scene() -> (TestApp, Person, ThirdParty) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(at(HERE)).await);
    (app, alice, client)
}

async fn tokens(app: &TestApp, alice: &Person, client: &ThirdParty) -> Tokens {
    let answer = app.browser_of(alice).authorize(client, |request| request).await;
    client.redeem(&answer).await
}

fn sub(token: &str) -> String {
    claims(token)["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sector_knows_a_person_by_one_name_and_other_sectors_by_others() {
    let (app, alice, client) = scene().await;
    let first = tokens(&app, &alice, &client).await;
    let known_as = sub(&first.id_token);
    assert!(!known_as.contains(&alice.id.to_string()) && known_as.len() <= 255 && known_as.is_ascii());
    assert_eq!(sub(&tokens(&app, &alice, &client).await.id_token), known_as, "each time the same");
    let neighbour = app.client(at("https://rp.example/another/cb")).await;
    assert_eq!(sub(&tokens(&app, &alice, &neighbour).await.id_token), known_as, "to all of its host");
    let stranger = app.client(at(THERE)).await;
    assert_ne!(sub(&tokens(&app, &alice, &stranger).await.id_token), known_as);
    let public = app.client(ClientSpec::named("Public").at(&[HERE])).await;
    assert_eq!(sub(&tokens(&app, &alice, &public).await.id_token), alice.id.to_string());
    let app = app.restart().await;
    let client = app.known_client(&client.client_id, client.secret.as_deref(), HERE);
    assert_eq!(sub(&tokens(&app, &alice, &client).await.id_token), known_as, "also after a restart");
}

#[tokio::test]
async fn nothing_that_the_application_is_told_says_who_the_person_is_to_others() {
    let (app, alice, client) = scene().await;
    let api = app.client(ClientSpec::named("Notes API")).await;
    app.api_of(&api, NOTES, &["notes.read"]).await;
    let answer = app
        .browser_of(&alice)
        .authorize(&client, |request| request.set("scope", "openid offline_access notes.read").set("resource", NOTES))
        .await;
    let first = client.redeem(&answer).await;
    let known_as = sub(&first.id_token);
    let renewed = client.asks("refresh_token").set("refresh_token", &first.refresh_token);
    let renewed = renewed.send().await.tokens();
    for tokens in [&first, &renewed] {
        assert_eq!(sub(&tokens.id_token), known_as);
        assert_eq!(sub(&tokens.access_token), known_as);
        let told = client.userinfo(&tokens.access_token).await.body;
        assert_eq!(told, json!({ "sub": known_as }));
        for asker in [&client, &api] {
            let said = asker.introspect(&tokens.access_token).await;
            assert_eq!((&said["active"], &said["sub"]), (&json!(true), &json!(known_as)), "{said}");
            assert!(said.get("username").is_none(), "a name would say it: {said}");
            assert!(!said.to_string().contains(&alice.id.to_string()), "{said}");
        }
    }
    let said = client.introspect(&renewed.refresh_token).await;
    assert_eq!((&said["sub"], said.get("username")), (&json!(known_as), None), "{said}");
}

#[tokio::test]
async fn the_browser_is_told_the_same_as_the_token_endpoint_tells() {
    let (app, alice, _) = scene().await;
    let kinds = ["id_token", "id_token token", "code id_token token"];
    let client = app.client(ClientSpec::named("App").at(&[HERE]).for_response_types(&kinds).with(pairwise)).await;
    let mut seen = Vec::new();
    for kind in kinds {
        let mut browser = app.browser_of(&alice);
        let answer = browser.authorize(&client, |request| request.set("response_type", kind)).await;
        seen.push(sub(answer.get("id_token").unwrap()));
        if let Some(token) = answer.get("access_token") {
            seen.push(client.userinfo(token).await.body["sub"].as_str().unwrap().to_owned());
        }
        if answer.get("code").is_some() {
            seen.push(sub(&client.redeem(&answer).await.id_token));
        }
    }
    assert!(seen.iter().all(|other| *other == seen[0] && *other != alice.id.to_string()), "{seen:?}");
}

#[tokio::test]
async fn an_opaque_token_says_the_same_as_a_signed_one() {
    let (app, alice, _) = scene().await;
    let opaque = Some(vestibule_oidc::client::AccessTokenFormat::Opaque);
    let client = app.client(at(HERE).with(|new| new.metadata.access_token_format = opaque)).await;
    let tokens = tokens(&app, &alice, &client).await;
    let known_as = sub(&tokens.id_token);
    assert_eq!(client.introspect(&tokens.access_token).await["sub"], known_as);
    assert_eq!(client.userinfo(&tokens.access_token).await.body["sub"], known_as);
}

#[tokio::test]
async fn a_hint_names_the_person_by_the_name_that_the_application_knows() {
    let (app, alice, client) = scene().await;
    let (mut browser, bob) = (app.browser_of(&alice), app.user("bob").await);
    let answer = browser.authorize(&client, |request| request).await;
    let id_token = client.redeem(&answer).await.id_token;
    let silently = |claim: Option<&str>| {
        let request = client.request().set("prompt", "none");
        match claim {
            None => request.set("id_token_hint", &id_token),
            Some(sub) => request.set("claims", &json!({ "id_token": { "sub": { "value": sub } } }).to_string()),
        }
    };
    for claim in [None, Some(sub(&id_token))] {
        let request = silently(claim.as_deref());
        let answer = Answer::read(&browser.get(&request.url()).await, &request);
        assert_eq!(sub(&client.redeem(&answer).await.id_token), sub(&id_token));
    }
    // The name by which others know her, and the one by which this one knows somebody else.
    let bobs = sub(&tokens(&app, &bob, &client).await.id_token);
    let stranger = app.client(at(THERE)).await;
    let elsewhere = sub(&tokens(&app, &alice, &stranger).await.id_token);
    for other in [alice.id.to_string(), elsewhere, bobs] {
        let request = silently(Some(&other));
        assert_eq!(Answer::read(&browser.get(&request.url()).await, &request).error(), "login_required", "{other}");
    }
}

#[tokio::test]
async fn a_hint_signs_the_person_out_without_a_question() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let answer = browser.authorize(&client, |request| request).await;
    let hint = client.redeem(&answer).await.id_token;
    let page = browser.get(&format!("/oauth2/end_session?id_token_hint={hint}")).await;
    assert!(page.find_form("logout").is_none() && page.has("signed-out"), "{page}");
}

#[tokio::test]
async fn a_logout_token_names_the_person_as_the_id_token_did() {
    let app = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
    let (site, alice) = (LogoutSite::start().await, app.user("alice").await);
    let hears = site.url();
    let client = app.client(at(HERE).with(|new| new.metadata.backchannel_logout_uri = Some(hears))).await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let id_token = client.redeem(&answer).await.id_token;
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
    let told = site.hears(1).await;
    assert_eq!(sub(&told[0]), sub(&id_token));
}

#[tokio::test]
async fn what_ends_a_persons_tokens_ends_those_with_another_name_too() {
    let (app, alice, client) = scene().await;
    let api = app.client(ClientSpec::named("Notes API")).await;
    app.api_of(&api, NOTES, &["notes.read"]).await;
    let mut listener = Listener::of(&api, &app, None).await;
    listener.until_ready().await;
    let answer = app
        .browser_of(&alice)
        .authorize(&client, |request| request.set("scope", "openid notes.read").set("resource", NOTES))
        .await;
    let held = client.redeem(&answer).await;
    assert_eq!(client.introspect(&held.access_token).await["active"], true);
    let root = app.superuser().await;
    let path = format!("/api/v1/users/{}", alice.id);
    assert_eq!(root.patch(&path, &json!({ "active": false })).await.status, 200);
    assert_eq!(client.introspect(&held.access_token).await, json!({ "active": false }));
    assert_eq!(client.userinfo(&held.access_token).await.status, 401);
    listener.hears("user", &sub(&held.access_token)).await;
}

#[tokio::test]
async fn consent_that_is_withdrawn_is_heard_by_the_name_in_the_token() {
    let (app, alice, client) = scene().await;
    let api = app.client(ClientSpec::named("Notes API")).await;
    app.api_of(&api, NOTES, &["notes.read"]).await;
    let held = tokens(&app, &alice, &client).await;
    let mut listener = Listener::of(&api, &app, None).await;
    listener.until_ready().await;
    app.provider().withdraw(alice.id, &client.id()).await.unwrap();
    listener.hears("consent", &format!("{} {}", sub(&held.access_token), client.client_id)).await;
    assert_eq!(client.introspect(&held.access_token).await["active"], false);
}

#[tokio::test]
async fn an_administrator_registers_one_and_its_document_is_asked_for() {
    let app = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
    let root = app.superuser().await;
    let site = KeySite::with(&json!([HERE]).to_string()).await;
    let document = |uris: &[&str]| {
        json!({ "client_name": "App", "redirect_uris": uris, "subject_type": "pairwise",
            "sector_identifier_uri": site.url() })
    };
    let refused = root.post("/api/v1/clients", &document(&[HERE, THERE])).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body["detail"].as_str().unwrap().contains(THERE), "{}", refused.body);
    let created = root.post("/api/v1/clients", &document(&[HERE])).await;
    assert_eq!((created.status.as_u16(), &created.body["subject_type"]), (201, &json!("pairwise")), "{}", created.body);
    let path = format!("/api/v1/clients/{}", created.body["client_id"].as_str().unwrap());
    assert_eq!(
        root.patch(&path, &json!({ "redirect_uris": [THERE] })).await.status,
        422,
        "a change is checked as well"
    );
    site.publish(&json!([THERE]));
    assert_eq!(root.patch(&path, &json!({ "redirect_uris": [THERE] })).await.status, 200);
    let asked = site.asked();
    assert_eq!(root.patch(&path, &json!({ "client_name": "Another" })).await.status, 200);
    assert_eq!(site.asked(), asked, "what has nothing to do with it does not wait for the site");
    let metadata: Value =
        serde_json::from_str(&app.browser().get("/.well-known/openid-configuration").await.body).unwrap();
    assert_eq!(metadata["subject_types_supported"], json!(["public", "pairwise"]));
}
