//! The modules about pushed requests and signed ones of the FAPI 2.0 plans, as far as they hold for everybody.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vestibule_jose::Algorithm;
use vestibule_oidc::client::AuthMethod;
use vestibule_tests::{AuthorizeRequest, ClientKey, ClientSpec, JsonAnswer, Person, TestApp, ThirdParty, TokenRequest};

/// A provider as FAPI 2.0 wants it, and an application that proves itself by a key and pushes.
struct Scene {
    app: TestApp,
    alice: Person,
    client: ThirdParty,
    key: ClientKey,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::with(|config| {
            config.oidc.strict_assertion_audience = true;
            config.oidc.require_pushed_authorization_requests = true;
        });
        let (app, key) = (app.await, ClientKey::new(Algorithm::Ps256));
        let (alice, jwks) = (app.user("alice").await, key.jwks());
        let spec = ClientSpec::default().with(|new| {
            new.auth_method = Some(AuthMethod::PrivateKeyJwt);
            new.metadata.jwks = Some(jwks);
        });
        let client = app.client(spec).await;
        Self { app, alice, client, key }
    }

    /// A request to push, by a statement that `change` has changed.
    fn push_stating(&self, request: &AuthorizeRequest, change: impl FnOnce(&mut Value)) -> TokenRequest {
        let mut statement = self.app.statement(&self.client);
        change(&mut statement);
        self.client.push(request).by_assertion(&self.key.signs(&statement))
    }

    fn push(&self, request: &AuthorizeRequest) -> TokenRequest {
        self.push_stating(request, |_| {})
    }

    /// Where a browser is sent for a pushed request.
    async fn pushed(&self, request: &AuthorizeRequest) -> String {
        let answer = self.push(request).send().await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let expires_in = answer.body["expires_in"].as_u64().unwrap();
        assert!((5..600).contains(&expires_in), "{expires_in}");
        self.client.opening(answer.body["request_uri"].as_str().unwrap())
    }

    /// Asserts that a browser at `url` comes back with a code for what was asked.
    async fn assert_completes(&self, url: &str, request: &AuthorizeRequest) {
        let mut browser = self.app.browser_of(&self.alice);
        let page = browser.open(url).await;
        let answer = browser.finish(page, request).await;
        assert_eq!(answer.state.as_deref(), request.get("state"));
        let statement = self.key.signs(&self.app.statement(&self.client));
        let tokens = self.client.exchange(&answer).by_assertion(&statement).send().await.tokens();
        assert_eq!(tokens.id_claims()["nonce"].as_str(), request.get("nonce"));
    }

    /// An object of a request, changed by `change`, signed and pushed.
    fn push_object(&self, request: &AuthorizeRequest, change: impl FnOnce(&mut Value)) -> TokenRequest {
        let mut claims = self.app.object(&self.client, request);
        change(&mut claims);
        self.push(&request.clone().only(&["client_id"]).add("request", &self.key.signs(&claims)))
    }
}

async fn assert_refused(push: &TokenRequest, status: u16, error: &str) {
    let answer = push.send().await;
    assert_eq!((answer.status.as_u16(), answer.error()), (status, error), "{}", answer.body);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_without_duplicate_parameters() {
    let scene = Scene::new().await;
    let request = scene.client.request();
    let url = scene.pushed(&request).await;
    assert_eq!(url.matches('=').count(), 2, "client_id and request_uri alone: {url}");
    scene.assert_completes(&url, &request).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_reused_request_uri_prior_to_auth_completion_succeeds() {
    let scene = Scene::new().await;
    let request = scene.client.request();
    let url = scene.pushed(&request).await;
    let first = scene.app.browser().open(&url).await;
    assert!(first.find_form("login").is_some(), "{first}");
    scene.assert_completes(&url, &request).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_reuse_request_uri() {
    let scene = Scene::new().await;
    let request = scene.client.request();
    let url = scene.pushed(&request).await;
    scene.assert_completes(&url, &request).await;
    scene.app.browser().open(&url).await.assert_error("invalid_request_uri");
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_to_use_expired_request_uri() {
    let scene = Scene::new().await;
    let url = scene.pushed(&scene.client.request()).await;
    scene.app.clock().advance(Duration::from_secs(121));
    scene.app.browser().open(&url).await.assert_error("invalid_request_uri");
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_to_use_request_uri_for_different_client() {
    let scene = Scene::new().await;
    let other = scene.app.client(ClientSpec::named("Other")).await;
    let url = scene.pushed(&scene.client.request()).await;
    let others = url.replace(&scene.client.client_id, &other.client_id);
    scene.app.browser().open(&others).await.assert_error("invalid_request_uri");
}

#[tokio::test]
async fn fapi2_security_profile_final_par_authorization_request_containing_request_uri_form_param() {
    let scene = Scene::new().await;
    let random = "urn:ietf:params:oauth:request_uri:random";
    let push = scene.push(&scene.client.request().add("request_uri", random));
    assert_refused(&push, 400, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_authorization_request_containing_request_uri() {
    let scene = Scene::new().await;
    let random = json!("urn:ietf:params:oauth:request_uri:random");
    let push = scene.push_object(&scene.client.request(), |claims| claims["request_uri"] = random);
    assert_refused(&push, 400, "invalid_request_object").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_attempt_invalid_http_method() {
    let scene = Scene::new().await;
    let query = scene.client.request().query();
    let answer = JsonAnswer::of(scene.app.wire().request(Method::GET, &format!("/oauth2/par?{query}"))).await;
    assert_eq!(answer.status, 405);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_pkce_required() {
    let scene = Scene::new().await;
    assert_refused(&scene.push(&scene.client.request().without_pkce()), 400, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_plain_pkce_rejected() {
    let scene = Scene::new().await;
    let plain = scene.client.request().set("code_challenge_method", "plain");
    assert_refused(&scene.push(&plain), 400, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_array_as_audience_fails() {
    let scene = Scene::new().await;
    let issuer = json!([scene.app.issuer()]);
    let push = scene.push_stating(&scene.client.request(), |statement| statement["aud"] = issuer);
    assert_refused(&push, 401, "invalid_client").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_par_endpoint_url_as_audience_fails() {
    let scene = Scene::new().await;
    let endpoint = json!(format!("{}/oauth2/par", scene.app.issuer()));
    let push = scene.push_stating(&scene.client.request(), |statement| statement["aud"] = endpoint);
    assert_refused(&push, 401, "invalid_client").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_test_token_endpoint_url_as_audience_fails() {
    let scene = Scene::new().await;
    let endpoint = json!(format!("{}/oauth2/token", scene.app.issuer()));
    let push = scene.push_stating(&scene.client.request(), |statement| statement["aud"] = endpoint);
    assert_refused(&push, 401, "invalid_client").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_8_seconds_in_the_future_is_accepted() {
    let scene = Scene::new().await;
    let soon = json!(scene.app.clock().now().seconds() + 8);
    let push = scene.push_stating(&scene.client.request(), |statement| statement["nbf"] = soon);
    assert_eq!(push.send().await.status, 201);
}

#[tokio::test]
async fn fapi2_security_profile_final_par_ensure_jwt_client_assertions_nbf_over_60_seconds_in_the_future_fails() {
    let scene = Scene::new().await;
    let later = scene.app.clock().now().seconds() + 70;
    let push = scene.push_stating(&scene.client.request(), |statement| {
        (statement["iat"], statement["nbf"], statement["exp"]) = (json!(later), json!(later), json!(later + 60));
    });
    assert_refused(&push, 401, "invalid_client").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_unsigned_authorization_request_without_using_par_fails() {
    let scene = Scene::new().await;
    let error = crate::error_at_once(&scene.app, &scene.client, |request| request).await;
    assert_eq!(error, "invalid_request");
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_mismatched_dpop_jkt_fails() {
    let scene = Scene::new().await;
    let (key, other) = (scene.app.dpop_key(), scene.app.dpop_key());
    let push = scene.push(&scene.client.request().set("dpop_jkt", &other.jkt())).build();
    let answer = JsonAnswer::of(push.header("DPoP", key.proof("POST", "/oauth2/par").sign())).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"));
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_different_nonce_inside_and_outside_request_object() {
    different_inside_and_outside("nonce").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_different_state_inside_and_outside_request_object() {
    different_inside_and_outside("state").await;
}

async fn different_inside_and_outside(name: &str) {
    let scene = Scene::new().await;
    let request = scene.client.request();
    let pushed = scene.push_object(&request, |_| {}).send().await;
    let url = scene.client.opening(pushed.body["request_uri"].as_str().unwrap());
    scene.assert_completes(&format!("{url}&{name}=another"), &request).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_state_only_outside_request_object_not_used() {
    let scene = Scene::new().await;
    let request = scene.client.request();
    let without = request.clone().without("state");
    let pushed = scene.push_object(&without, |_| {}).send().await;
    let url = scene.client.opening(pushed.body["request_uri"].as_str().unwrap());
    scene.assert_completes(&format!("{url}&state=outside"), &without).await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_request_object_without_redirect_uri_fails() {
    let scene = Scene::new().await;
    let push = scene.push_object(&scene.client.request().without("redirect_uri"), |_| {});
    assert_refused(&push, 400, "invalid_request").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_request_object_with_multiple_aud_succeeds() {
    let scene = Scene::new().await;
    let audience = json!(["https://other.example", scene.app.issuer()]);
    let push = scene.push_object(&scene.client.request(), |claims| claims["aud"] = audience);
    assert_eq!(push.send().await.status, 201);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_request_object_with_nbf_8_seconds_in_the_future_is_accepted() {
    let scene = Scene::new().await;
    let soon = json!(scene.app.clock().now().seconds() + 8);
    let push = scene.push_object(&scene.client.request(), |claims| claims["nbf"] = soon);
    assert_eq!(push.send().await.status, 201);
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_expired_request_object_fails() {
    let scene = Scene::new().await;
    let past = json!(scene.app.clock().now().seconds() - 300);
    let push = scene.push_object(&scene.client.request(), |claims| claims["exp"] = past);
    assert_refused(&push, 400, "invalid_request_object").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_request_object_with_bad_aud_fails() {
    let scene = Scene::new().await;
    let push = scene.push_object(&scene.client.request(), |claims| claims["aud"] = json!("https://other.example"));
    assert_refused(&push, 400, "invalid_request_object").await;
}

#[tokio::test]
async fn fapi2_security_profile_final_ensure_matching_key_in_authorization_request() {
    let scene = Scene::new().await;
    let other = ClientKey::new(Algorithm::Ps256);
    let request = scene.client.request();
    let object = other.signs(&scene.app.object(&scene.client, &request));
    let push = scene.push(&request.only(&["client_id"]).add("request", &object));
    assert_refused(&push, 400, "invalid_request_object").await;
}
