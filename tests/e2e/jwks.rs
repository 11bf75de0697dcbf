//! The published keys (RFC 7517): public, told apart, and those that tokens are signed with.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use vestibule_oidc::client::NewClient;
use vestibule_tests::{ClientSpec, JsonAnswer, TestApp, header};
use vestibule_tokens::SigningAlgorithm;

async fn keys(app: &TestApp) -> Vec<Value> {
    let answer = JsonAnswer::of(app.wire().get("/oauth2/jwks")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("application/json")));
    answer.body["keys"].as_array().expect("keys").clone()
}

fn length(key: &Value, member: &str) -> usize {
    URL_SAFE_NO_PAD.decode(key[member].as_str().expect(member)).expect("base64url").len()
}

#[tokio::test]
async fn no_private_member_is_published() {
    let app = TestApp::start().await;
    for key in keys(&app).await {
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "r", "t"] {
            assert!(key.get(private).is_none(), "{private} in {}", key["kid"]);
        }
    }
}

#[tokio::test]
async fn each_key_has_a_name_of_its_own_a_use_and_an_algorithm_that_fits_its_type() {
    let app = TestApp::start().await;
    let keys = keys(&app).await;
    let mut kids: Vec<&str> = keys.iter().map(|key| key["kid"].as_str().expect("a kid")).collect();
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), keys.len());
    let (signing, others): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key["use"] == "sig");
    let told: Vec<_> = others.iter().map(|key| (&key["use"], &key["kty"], &key["alg"])).collect();
    let (used, rsa, ec) = ("enc".into(), "RSA".into(), "EC".into());
    assert_eq!(told, [(&used, &rsa, &"RSA-OAEP-256".into()), (&used, &ec, &"ECDH-ES".into())]);
    for key in signing {
        match key["kty"].as_str().expect("a type") {
            "RSA" => assert_eq!((&key["alg"], length(key, "n")), (&"RS256".into(), 256)),
            "EC" => {
                assert_eq!((&key["alg"], &key["crv"]), (&"ES256".into(), &"P-256".into()));
                assert_eq!((length(key, "x"), length(key, "y")), (32, 32));
            }
            "OKP" => assert_eq!((&key["alg"], &key["crv"], length(key, "x")), (&"EdDSA".into(), &"Ed25519".into(), 32)),
            other => panic!("a key of the type {other}"),
        }
    }
}

#[tokio::test]
async fn every_token_is_signed_with_a_published_key_of_its_algorithm() {
    let app = TestApp::start().await;
    let (alice, keys) = (app.user("alice").await, keys(&app).await);
    for algorithm in [SigningAlgorithm::Rs256, SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
        let signed = |new: &mut NewClient| new.metadata.id_token_signed_response_alg = algorithm.into();
        let client = app.client(ClientSpec::first_party().with(signed)).await;
        let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
        let tokens = client.redeem(&answer).await;
        for token in [&tokens.id_token, &tokens.access_token] {
            let header = header(token);
            let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("a published key");
            assert_eq!(key["alg"], header["alg"]);
        }
        assert_eq!(header(&tokens.id_token)["alg"], serde_json::json!(algorithm));
    }
}

#[tokio::test]
async fn a_restart_publishes_the_same_keys_and_another_installation_others() {
    let app = TestApp::start().await;
    let before = keys(&app).await;
    let app = app.restart().await;
    assert_eq!(keys(&app).await, before);
    let other = keys(&TestApp::with_keys_of_its_own(|_| {}).await).await;
    assert!(other.iter().all(|key| !before.contains(key)));
}
