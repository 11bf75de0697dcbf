//! Software statements (RFC 7591 section 2.3): what an issuer that the operator trusts has signed counts before what an
//! application says of itself, now and later.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vestibule::config::RegistrationMode;
use vestibule_jose::{Algorithm, SecretKey};
use vestibule_tests::{ClientKey, JsonAnswer, KeySite, TestApp, signed, unsigned};

use crate::{
    dynamic_registration::{invitation, manage, register, token},
    rows,
};

const FEDERATION: &str = "https://federation.example";
const CALLBACK: &str = "https://app.example/cb";

struct Scene {
    app: TestApp,
    site: KeySite,
    key: ClientKey,
}

/// A provider that trusts an issuer, whose keys lie on this machine.
async fn scene(needed: bool) -> Scene {
    let key = ClientKey::new(Algorithm::Es256);
    let site = KeySite::start(&key.jwks()).await;
    let issuer = format!("{FEDERATION} {}", site.url()).parse().unwrap();
    let app = TestApp::with(|config| {
        config.fetch.allow_private_networks = true;
        config.registration.mode = RegistrationMode::Open;
        config.registration.statement_issuers = [issuer].into_iter().collect();
        config.registration.require_software_statement = needed;
    })
    .await;
    Scene { app, site, key }
}

/// What the issuer says of an application, with `more` in it; `null` takes something away.
fn claims(app: &TestApp, more: Value) -> Value {
    let now = app.clock().now().seconds();
    let mut claims = json!({
        "iss": FEDERATION, "iat": now, "exp": now + 3600,
        "software_id": "notes", "client_name": "Notes", "redirect_uris": [CALLBACK],
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    claims
}

impl Scene {
    fn statement(&self, more: Value) -> String {
        self.key.signs(&claims(&self.app, more))
    }

    async fn registers(&self, document: Value) -> JsonAnswer {
        register(&self.app, None, &document).await
    }

    /// Asserts that an application with this statement is refused, and is not kept.
    async fn refuses(&self, statement: &str, code: &str, words: &str) {
        let answer = self.registers(json!({ "software_statement": statement, "redirect_uris": [CALLBACK] })).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, code), "{words}: {}", answer.body);
        let said = answer.body["error_description"].as_str().unwrap();
        assert!(said.contains(words), "{words}: {said}");
        assert!(rows(&self.app, "SELECT id FROM clients").await.is_empty());
    }
}

#[tokio::test]
async fn what_a_statement_says_counts_before_what_stands_beside_it_and_is_answered_as_it_came() {
    let scene = scene(false).await;
    let statement = scene.statement(json!({ "token_endpoint_auth_method": "none" }));
    let beside = json!({
        "software_statement": statement, "client_name": "Your Bank", "redirect_uris": ["https://evil.example/cb"],
        "contacts": ["dev@app.example"],
    });
    let answer = scene.registers(beside).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let told = &answer.body;
    assert_eq!((&told["client_name"], &told["redirect_uris"]), (&json!("Notes"), &json!([CALLBACK])));
    assert_eq!((&told["token_endpoint_auth_method"], &told["software_id"]), (&json!("none"), &json!("notes")));
    assert_eq!(told["contacts"], json!(["dev@app.example"]), "what it does not say, the application says");
    assert_eq!(told["software_statement"], json!(statement));
    assert_eq!(told.get("iss"), None);
    let read = manage(&scene.app, Method::GET, told, token(told), None).await;
    assert_eq!(read.body["software_statement"], json!(statement));
    assert_eq!(scene.site.asked(), 1);
}

#[tokio::test]
async fn an_issuer_that_is_not_trusted_is_not_approved_and_its_keys_are_not_asked_for() {
    let scene = scene(false).await;
    for issuer in [json!("https://other.example"), json!(null), json!(format!("{FEDERATION}/"))] {
        let statement = scene.statement(json!({ "iss": issuer, "jku": scene.site.url() }));
        scene.refuses(&statement, "unapproved_software_statement", "do not count here").await;
    }
    assert_eq!(scene.site.asked(), 0);
}

#[tokio::test]
async fn a40_a41_a42_a_statement_is_signed_by_a_key_of_its_issuer() {
    let scene = scene(false).await;
    let said = claims(&scene.app, json!({}));
    let other = ClientKey::new(Algorithm::Es256);
    let named_like_it = other.signs_under(&scene.key.header(), &said);
    let secret = SecretKey::new(Algorithm::Hs256, &scene.key.public_bytes()).unwrap();
    let by_public_key = signed(&secret, &json!({ "alg": "HS256", "kid": scene.key.header()["kid"] }), &said);
    let mut header = other.header();
    header["jwk"] = other.jwk();
    for wrong in [
        unsigned(&said, "none"),
        by_public_key,
        other.signs(&said),
        named_like_it,
        other.signs_under(&header, &said),
        "not.a.statement".to_owned(),
        scene.statement(json!({ "contacts": ["x".repeat(20_000)] })),
    ] {
        scene.refuses(&wrong, "invalid_software_statement", "").await;
    }
    let answer = scene.registers(json!({ "software_statement": 1, "redirect_uris": [CALLBACK] })).await;
    assert_eq!(answer.error(), "invalid_software_statement");
}

#[tokio::test]
async fn a_statement_holds_now_and_for_us() {
    let scene = scene(false).await;
    let now = scene.app.clock().now().seconds();
    for (more, words) in [
        (json!({ "exp": now - 60 }), "expired"),
        (json!({ "nbf": now + 600 }), "nbf"),
        (json!({ "iat": now + 600 }), "iat"),
        (json!({ "aud": "https://elsewhere.example" }), "aud"),
        (json!({ "aud": [scene.app.issuer(), "https://elsewhere.example"] }), "aud"),
        (json!({ "aud": [] }), "aud"),
    ] {
        scene.refuses(&scene.statement(more), "invalid_software_statement", words).await;
    }
    let for_us = scene.statement(json!({ "aud": scene.app.issuer(), "exp": null }));
    assert_eq!(scene.registers(json!({ "software_statement": for_us })).await.status, 201);
}

#[tokio::test]
async fn another_jwt_of_its_issuer_is_no_statement() {
    let scene = scene(false).await;
    for typ in ["at+jwt", "logout+jwt", "oauth-authz-req+jwt", "dpop+jwt", "client-authentication+jwt"] {
        let mut header = scene.key.header();
        header["typ"] = json!(typ);
        let other = scene.key.signs_under(&header, &claims(&scene.app, json!({})));
        scene.refuses(&other, "invalid_software_statement", "another type").await;
    }
    let id_token =
        json!({ "software_id": null, "client_name": null, "redirect_uris": null, "sub": "alice", "nonce": "n" });
    scene.refuses(&scene.statement(id_token), "invalid_software_statement", "nothing of an application").await;
}

#[tokio::test]
async fn a52_no_issuer_says_what_only_an_administrator_says_nor_breaks_a_rule() {
    let scene = scene(false).await;
    for (more, code, words) in [
        (json!({ "first_party": true }), "invalid_client_metadata", "first_party"),
        (json!({ "apps": ["billing"] }), "invalid_client_metadata", "apps"),
        (json!({ "grant_types": ["client_credentials"] }), "invalid_client_metadata", "client_credentials"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri", "scheme"),
    ] {
        scene.refuses(&scene.statement(more), code, words).await;
    }
}

#[tokio::test]
async fn a52_what_a_statement_fixed_is_not_shaken_off_by_a_change() {
    let scene = scene(false).await;
    let statement = scene.statement(json!({}));
    let told = scene.registers(json!({ "software_statement": statement })).await.body;
    let change = async |more: Value| {
        let mut document = json!({ "client_id": told["client_id"], "client_name": "Your Bank",
            "redirect_uris": ["https://evil.example/cb"] });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        manage(&scene.app, Method::PUT, &told, token(&told), Some(&document)).await
    };
    for more in [json!({}), json!({ "software_statement": null }), json!({ "software_statement": statement })] {
        let changed = change(more.clone()).await;
        assert_eq!(changed.status, 200, "{more}: {}", changed.body);
        assert_eq!(changed.body["redirect_uris"], json!([CALLBACK]), "{more}");
        assert_eq!(
            (&changed.body["client_name"], &changed.body["software_statement"]),
            (&json!("Notes"), &json!(statement))
        );
    }
    let of_other = scene.statement(json!({ "software_id": "other", "redirect_uris": ["https://evil.example/cb"] }));
    assert_eq!(change(json!({ "software_statement": of_other })).await.error(), "invalid_software_statement");
    let newer = scene.statement(json!({ "client_name": "Notes 2" }));
    let changed = change(json!({ "software_statement": newer })).await.body;
    assert_eq!((&changed["client_name"], &changed["software_statement"]), (&json!("Notes 2"), &json!(newer)));
    // What an administrator changes takes nothing of that away.
    let id = told["client_id"].as_str().unwrap().into();
    let kept = app_client(&scene, &id).await;
    let document = json!({ "client_name": "Notes", "redirect_uris": [CALLBACK] }).to_string();
    let new = vestibule_oidc::client::NewClient::from_document(&document).unwrap();
    scene.app.provider().clients().update(&id, new, Some(kept.updated_at)).await.unwrap();
    assert_eq!(app_client(&scene, &id).await.metadata.software_statement, Some(newer));
    scene.app.clock().advance(Duration::from_secs(2 * 3600));
    assert_eq!(change(json!({})).await.error(), "invalid_software_statement", "validated again, and expired since");
}

async fn app_client(scene: &Scene, id: &vestibule_core::ClientId) -> vestibule_oidc::client::Client {
    scene.app.provider().clients().read(id).await.unwrap().unwrap()
}

#[tokio::test]
async fn keys_that_the_issuer_renewed_are_found() {
    let mut scene = scene(false).await;
    assert_eq!(scene.registers(json!({ "software_statement": scene.statement(json!({})) })).await.status, 201);
    scene.key = ClientKey::new(Algorithm::Es256);
    scene.site.publish(&scene.key.jwks());
    assert_eq!(scene.registers(json!({ "software_statement": scene.statement(json!({})) })).await.status, 201);
    assert_eq!(scene.site.asked(), 2);
}

#[tokio::test]
async fn where_one_is_needed_nobody_registers_without_it_and_it_is_no_invitation() {
    let needing = scene(true).await;
    let bare = needing.registers(json!({ "redirect_uris": [CALLBACK] })).await;
    assert_eq!((bare.status.as_u16(), bare.error()), (400, "invalid_software_statement"), "{}", bare.body);
    assert_eq!(needing.registers(json!({ "software_statement": needing.statement(json!({})) })).await.status, 201);
    let strict = needing.app.replica(|config| config.registration.mode = RegistrationMode::Token).await;
    let document = json!({ "software_statement": needing.statement(json!({})) });
    assert_eq!(register(&strict, None, &document).await.status, 401);
    let invited = invitation(&strict, 1).await;
    let bare = register(&strict, Some(&invited), &json!({ "redirect_uris": [CALLBACK] })).await;
    assert_eq!(bare.error(), "invalid_software_statement");
    assert_eq!(register(&strict, Some(&invited), &document).await.status, 201, "what was refused cost no use");
}

#[tokio::test]
async fn where_nobodys_statements_count_they_are_ignored() {
    let app = TestApp::with(|config| config.registration.mode = RegistrationMode::Open).await;
    let answer = register(&app, None, &json!({ "redirect_uris": [CALLBACK], "software_statement": "a.b.c" })).await;
    assert_eq!((answer.status.as_u16(), answer.body.get("software_statement")), (201, None), "{}", answer.body);
}
