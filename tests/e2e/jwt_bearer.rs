//! JWT bearer (RFC 7523): service accounts, and workloads that an issuer of their platform vouches for.

use serde_json::{Value, json};
use vestibule_jose::Algorithm;
use vestibule_oidc::client::{AuthMethod, TrustedIssuer};
use vestibule_tests::{ClientKey, ClientSpec, JsonAnswer, KeySite, TestApp, ThirdParty, TokenRequest};

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const NOTES: &str = "https://notes.example";
const PLATFORM: &str = "https://platform.example";
const WORKLOAD: &str = "system:serviceaccount:notes:batch";

/// A provider with an API, a platform that signs, and an application that has no secret but what the platform says.
async fn begun() -> (TestApp, KeySite, ClientKey, ThirdParty) {
    let key = ClientKey::new(Algorithm::Es256);
    let site = KeySite::start(&key.jwks()).await;
    let app = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
    app.api(NOTES, &["notes:read"]).await;
    let client = app.client(workload(&site)).await;
    (app, site, key, client)
}

fn workload(site: &KeySite) -> ClientSpec {
    let trusted = TrustedIssuer { issuer: PLATFORM.to_owned(), subject: WORKLOAD.to_owned(), jwks_uri: site.url() };
    ClientSpec::named("Batch").for_grants(&[JWT_BEARER]).at(&[]).for_scope("openid notes:read").with(|new| {
        new.auth_method = Some(AuthMethod::None);
        new.metadata.trusted_issuers = vec![trusted];
    })
}

/// What the platform says of the workload: right in every part, until a test changes it.
fn said(app: &TestApp) -> Value {
    let now = app.clock().now().seconds();
    json!({ "iss": PLATFORM, "sub": WORKLOAD, "aud": app.issuer(), "iat": now, "exp": now + 3600 })
}

fn asks(client: &ThirdParty, assertion: &str) -> TokenRequest {
    client.asks(JWT_BEARER).add("assertion", assertion)
}

fn assert_refused(answer: &JsonAnswer, error: &str) {
    assert_eq!(answer.error(), error, "{}", answer.body);
    assert!(answer.body.get("access_token").is_none());
}

#[tokio::test]
async fn a_workload_gets_a_token_by_what_its_platform_says_as_often_as_it_comes() {
    let (app, site, key, client) = begun().await;
    let statement = key.signs(&said(&app));
    for _ in 0..3 {
        let tokens = asks(&client, &statement).send().await.tokens();
        let claims = tokens.access_claims();
        assert_eq!((&claims["sub"], &claims["aud"]), (&client.client_id.as_str().into(), &NOTES.into()));
        assert_eq!((&claims["scope"], tokens.refresh_token.as_str()), (&"notes:read".into(), ""));
    }
    assert_eq!(site.asked(), 1, "its keys are kept");
    let endpoint = key.signs(&merged(said(&app), json!({ "aud": [format!("{}/oauth2/token", app.issuer())] })));
    assert_eq!(asks(&client, &endpoint).add("scope", "notes:read").send().await.status, 200);
}

fn merged(mut claims: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

#[tokio::test]
async fn a43_a_statement_of_another_about_another_for_another_or_at_another_time_is_refused() {
    let (app, site, key, client) = begun().await;
    let now = app.clock().now().seconds();
    for wrong in [
        json!({ "iss": "https://other.example" }),
        json!({ "iss": null }),
        json!({ "sub": "system:serviceaccount:notes:other" }),
        json!({ "sub": null }),
        json!({ "aud": "https://other.example" }),
        json!({ "aud": [app.issuer(), "https://other.example"] }),
        json!({ "aud": [] }),
        json!({ "aud": null }),
        json!({ "exp": now - 60 }),
        json!({ "exp": null }),
        json!({ "exp": now + 10 * 86_400 }),
        json!({ "nbf": now + 120 }),
        json!({ "iat": now + 120 }),
    ] {
        let statement = key.signs(&merged(said(&app), wrong.clone()));
        assert_refused(&asks(&client, &statement).send().await, "invalid_grant");
    }
    assert!(site.asked() <= 1, "nothing is fetched for what is not trusted");
}

#[tokio::test]
async fn a40_a41_a_statement_that_the_platform_did_not_sign_is_refused() {
    let (app, _site, key, client) = begun().await;
    let other = ClientKey::new(Algorithm::Es256);
    let good = key.signs(&said(&app));
    let (message, _) = good.rsplit_once('.').unwrap();
    let access_token = key.signs_under(&merged(key.header(), json!({ "typ": "at+jwt" })), &said(&app));
    for wrong in [
        other.signs(&said(&app)),
        other.signs_under(&key.header(), &said(&app)),
        vestibule_tests::unsigned(&said(&app), "none"),
        vestibule_tests::unsigned(&said(&app), "HS256"),
        format!("{message}."),
        "x".to_owned(),
        access_token,
    ] {
        assert_refused(&asks(&client, &wrong).send().await, "invalid_grant");
    }
    assert_refused(&client.asks(JWT_BEARER).send().await, "invalid_request");
    let stranger = asks(&client, &good).without("client_id");
    assert_refused(&stranger.send().await, "invalid_client");
    let unknown = asks(&client, &good).set("client_id", "nobody");
    assert_refused(&unknown.send().await, "invalid_client");
}

#[tokio::test]
async fn a_platform_that_renewed_its_keys_is_asked_again() {
    let (app, site, key, client) = begun().await;
    assert_eq!(asks(&client, &key.signs(&said(&app))).send().await.status, 200);
    let newer = ClientKey::new(Algorithm::Es256);
    site.publish(&newer.jwks());
    app.clock().advance(std::time::Duration::from_secs(600));
    assert_eq!(asks(&client, &newer.signs(&said(&app))).send().await.status, 200);
}

#[tokio::test]
async fn another_applications_statement_proves_nothing_here() {
    let (app, site, key, _) = begun().await;
    let trusted = TrustedIssuer { issuer: PLATFORM.to_owned(), subject: "another".to_owned(), jwks_uri: site.url() };
    let other = app.client(workload(&site).with(|new| new.metadata.trusted_issuers = vec![trusted])).await;
    assert_refused(&asks(&other, &key.signs(&said(&app))).send().await, "invalid_grant");
    let without = app.client(workload(&site).for_grants(&["authorization_code"]).at(&["https://rp.example/cb"])).await;
    assert_refused(&asks(&without, &key.signs(&said(&app))).send().await, "unauthorized_client");
}

#[tokio::test]
async fn a_service_account_signs_with_a_key_that_it_registered_and_each_statement_works_once() {
    let (app, _, _, _) = begun().await;
    let key = ClientKey::new(Algorithm::Es256);
    let spec = ClientSpec::named("Service").for_grants(&[JWT_BEARER]).at(&[]).for_scope("notes:read").with(|new| {
        new.auth_method = Some(AuthMethod::PrivateKeyJwt);
        new.metadata.jwks = Some(key.jwks());
    });
    let service = app.client(spec).await;
    let asks = |statement: &str| asks(&service, statement).without_basic().set("client_id", &service.client_id);
    let statement = key.signs(&app.statement(&service));
    let tokens = asks(&statement).send().await.tokens();
    assert_eq!(tokens.access_claims()["sub"], service.client_id);
    assert_refused(&asks(&statement).send().await, "invalid_grant");
    let other = ClientKey::new(Algorithm::Es256);
    assert_refused(&asks(&other.signs(&app.statement(&service))).send().await, "invalid_grant");
}
