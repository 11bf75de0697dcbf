//! The plan of the metadata (`oidcc-config-certification-test-plan`). Each member's value is held against its meaning in
//! `tests/e2e/discovery.rs`; here stands what the suite demands of any provider.

use std::collections::HashSet;

use serde_json::Value;
use vestibule::config::RegistrationMode;
use vestibule_tests::{JsonAnswer, TestApp};

fn list<'a>(metadata: &'a Value, member: &str) -> Vec<&'a str> {
    let values = metadata[member].as_array().unwrap_or_else(|| panic!("{member} is no array: {metadata}"));
    values.iter().map(|value| value.as_str().unwrap_or_else(|| panic!("{member} holds {value}"))).collect()
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let app = TestApp::with(|config| config.registration.mode = RegistrationMode::Open).await;
    let answer = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
    let metadata = &answer.body;
    assert_eq!(metadata["issuer"], app.issuer());
    for member in ["code", "id_token", "id_token token"] {
        assert!(list(metadata, "response_types_supported").contains(&member), "{member}");
    }
    for member in [
        "id_token_signing_alg_values_supported",
        "userinfo_signing_alg_values_supported",
        "request_object_signing_alg_values_supported",
    ] {
        assert!(list(metadata, member).contains(&"RS256"), "{member}");
    }
    assert!(list(metadata, "subject_types_supported").contains(&"public"));
    assert!(list(metadata, "scopes_supported").contains(&"openid"));
    assert!(list(metadata, "code_challenge_methods_supported").contains(&"S256"));
    assert!(!list(metadata, "claims_supported").is_empty() && !list(metadata, "ui_locales_supported").is_empty());
    for member in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
        assert_eq!(metadata[member], true, "{member}");
    }
    for member in [
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "registration_endpoint",
        "end_session_endpoint",
        "jwks_uri",
    ] {
        let url = metadata[member].as_str().unwrap_or_else(|| panic!("{member} is missing"));
        assert!(url.starts_with(&format!("{}/", app.issuer())) && !url.contains(['?', '#']), "{member}: {url}");
    }
    is_a_good_key_set(&JsonAnswer::of(app.wire().get("/oauth2/jwks")).await.body);
}

/// Public keys alone, each with a `kid` of its own, a use, and of a size that will do.
fn is_a_good_key_set(jwks: &Value) {
    let keys = jwks["keys"].as_array().expect("keys");
    let ids: HashSet<&str> = keys.iter().map(|key| key["kid"].as_str().expect("a kid")).collect();
    assert!(ids.len() == keys.len() && !keys.is_empty(), "{jwks}");
    for key in keys {
        assert!(key["use"] == "sig" || key["use"] == "enc", "{key}");
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert!(key.get(private).is_none(), "{private} in {key}");
        }
        if key["kty"] == "RSA" {
            assert!(key["n"].as_str().is_some_and(|n| n.len() >= 342), "2048 bits at least: {key}");
        }
    }
}
