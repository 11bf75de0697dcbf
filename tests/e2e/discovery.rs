//! What the provider says of itself (OpenID Connect Discovery, RFC 8414): all that is there, and nothing that is not.

use reqwest::header::{HOST, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use vestibule_tests::{JsonAnswer, TestApp};

const DOCUMENTS: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

async fn metadata(app: &TestApp) -> Value {
    JsonAnswer::of(app.wire().get(DOCUMENTS[0])).await.body
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|value| value.as_str().expect("a text")).collect()
}

#[tokio::test]
async fn both_documents_are_json_the_same_and_may_be_kept_for_a_while() {
    let app = TestApp::start().await;
    let mut bodies = Vec::new();
    for document in DOCUMENTS {
        let answer = JsonAnswer::of(app.wire().get(document)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
        assert!(answer.header("cache-control").unwrap().contains("max-age="));
        bodies.push(answer.body);
    }
    assert_eq!(bodies[0], bodies[1]);
}

#[tokio::test]
async fn every_member_is_one_that_is_meant() {
    let app = TestApp::start().await;
    app.api("https://api.example", &["notes.read"]).await;
    let at = |path: &str| format!("{}{path}", app.issuer());
    let mut said = metadata(&app).await;
    let claims = said["claims_supported"].take();
    let expected = json!({
        "issuer": app.issuer(),
        "authorization_endpoint": at("/oauth2/authorize"),
        "token_endpoint": at("/oauth2/token"),
        "userinfo_endpoint": at("/oauth2/userinfo"),
        "jwks_uri": at("/oauth2/jwks"),
        "end_session_endpoint": at("/oauth2/end_session"),
        "check_session_iframe": at("/oauth2/check_session"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
        "device_authorization_endpoint": at("/oauth2/device_authorization"),
        "scopes_supported": [
            "openid", "profile", "email", "address", "phone", "groups", "permissions", "offline_access", "notes.read"
        ],
        "introspection_endpoint": at("/oauth2/introspect"),
        "introspection_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"
        ],
        "introspection_encryption_alg_values_supported": ["RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"],
        "introspection_encryption_enc_values_supported": ["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"],
        "introspection_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "HS256", "HS384", "HS512"],
        "revocation_endpoint": at("/oauth2/revoke"),
        "revocation_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"
        ],
        "response_types_supported":
            ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:jwt-bearer", "implicit"
        ],
        "acr_values_supported": ["1", "2"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_encryption_alg_values_supported": ["RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"],
        "id_token_encryption_enc_values_supported": ["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "HS256", "HS384", "HS512"],
        "userinfo_encryption_alg_values_supported": ["RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A256KW"],
        "userinfo_encryption_enc_values_supported": ["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"],
        "userinfo_signing_alg_values_supported": ["RS256", "ES256", "EdDSA", "HS256", "HS384", "HS512"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"
        ],
        "token_endpoint_auth_signing_alg_values_supported": [
            "ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "HS256", "HS384", "HS512"
        ],
        "tls_client_certificate_bound_access_tokens": false,
        "display_values_supported": ["page", "popup", "touch", "wap"],
        "claim_types_supported": ["normal"],
        "claims_supported": null,
        "ui_locales_supported": ["en"],
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "request_object_encryption_alg_values_supported": ["RSA-OAEP-256", "ECDH-ES"],
        "request_object_encryption_enc_values_supported": ["A128CBC-HS256", "A256CBC-HS512", "A128GCM", "A256GCM"],
        "request_object_signing_alg_values_supported": [
            "ES256", "ES384", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "HS256", "HS384", "HS512",
            "none"
        ],
        "require_signed_request_object": false,
        "pushed_authorization_request_endpoint": at("/oauth2/par"),
        "require_pushed_authorization_requests": false,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "dpop_signing_alg_values_supported": ["ES256", "PS256", "EdDSA"],
    });
    assert_eq!(said, expected);
    for claim in [
        "sub",
        "iss",
        "auth_time",
        "acr",
        "name",
        "email_verified",
        "address",
        "phone_number",
        "updated_at",
        "groups",
        "permissions",
    ] {
        assert!(texts(&claims).contains(&claim), "{claim}");
    }
}

#[tokio::test]
async fn each_endpoint_lies_below_the_issuer_and_answers() {
    let app = TestApp::start().await;
    let said = metadata(&app).await;
    let endpoints =
        said.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    for (name, url) in endpoints {
        let url = url.as_str().unwrap();
        assert!(url.starts_with(&format!("{}/", app.issuer())) && !url.contains(['?', '#']), "{name}: {url}");
        let status = app.wire().get(url).send().await.unwrap().status().as_u16();
        assert!(status != 404 && status < 500, "{name}: {status}");
    }
}

#[tokio::test]
async fn a79_the_issuer_is_the_configured_one_whatever_a_request_says() {
    let app = TestApp::start().await;
    let expected = metadata(&app).await;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "444"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-host", "evil.example"),
    ] {
        let mut headers = HeaderMap::new();
        let name: reqwest::header::HeaderName = name.parse().unwrap();
        headers.insert(name.clone(), HeaderValue::from_static(value));
        for document in DOCUMENTS {
            let answer = JsonAnswer::of(app.wire().get(document).headers(headers.clone())).await;
            assert_eq!(answer.body, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn a79_neither_redirects_nor_pages_repeat_a_forged_host() {
    let (app, _, client) = crate::scene().await;
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_static("evil.example"));
    headers.insert("x-forwarded-host", HeaderValue::from_static("evil.example"));
    for path in ["/", "/login", "/nothing", &client.request().url()] {
        let page = app.browser().send(app.wire().get(path).headers(headers.clone()), path).await;
        let location = page.header("location").unwrap_or_default();
        assert!(!page.body.contains("evil") && !location.contains("evil"), "{page}");
        assert!(page.cookies().iter().all(|cookie| !cookie.to_lowercase().contains("domain")), "{page}");
    }
}

#[tokio::test]
async fn the_issuer_is_written_exactly_as_it_was_configured() {
    for name in ["https://id.example", "https://ID.example", "https://id.example:443", "http://127.0.0.1:1"] {
        let app = TestApp::with(|config| config.http.public_url = name.parse().expect("a public URL")).await;
        let said = metadata(&app).await;
        assert_eq!((&said["issuer"], &said["jwks_uri"]), (&json!(name), &json!(format!("{name}/oauth2/jwks"))));
    }
}
