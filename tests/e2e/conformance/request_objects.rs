//! The modules about request objects, of the plans for OpenID Connect.

use serde_json::json;
use vestibule_jose::Algorithm;
use vestibule_oidc::client::RequestObjectAlgorithm;
use vestibule_tests::{Answer, AuthorizeRequest, KeySite, TestApp, unsigned};

use crate::request_objects::Scene;

/// An application that registered one algorithm for its objects, and the address where they lie.
async fn published(algorithm: RequestObjectAlgorithm) -> (Scene, KeySite, AuthorizeRequest) {
    let app = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
    let site = KeySite::with("").await;
    let uri = site.url();
    let scene = Scene::on(app, Algorithm::Rs256, |spec| {
        spec.with(|new| {
            new.metadata.request_object_signing_alg = Some(algorithm);
            new.metadata.request_uris = vec![uri];
        })
    })
    .await;
    let request = scene.client.request();
    (scene, site, request)
}

/// Asserts that what is sent leads to tokens, for what `expected` asks.
async fn assert_completes(scene: &Scene, sent: &AuthorizeRequest, expected: &AuthorizeRequest) {
    let mut browser = scene.app.browser_of(&scene.alice);
    let page = browser.open(&sent.url()).await;
    let answer = browser.finish(page, expected).await;
    assert_eq!(answer.state.as_deref(), expected.get("state"));
    let tokens = scene.client.redeem(&answer).await;
    assert_eq!(tokens.id_claims()["nonce"].as_str(), expected.get("nonce"));
}

#[tokio::test]
async fn oidcc_request_uri_unsigned() {
    let (scene, site, request) = published(RequestObjectAlgorithm::Unsigned).await;
    site.publish_text(&unsigned(&scene.object(&request, |_| {}), "none"));
    let sent = request.clone().add("request_uri", &site.url());
    assert_completes(&scene, &sent, &request).await;
}

#[tokio::test]
async fn oidcc_request_uri_signed_rs256() {
    let (scene, site, request) = published(RequestObjectAlgorithm::Signed(Algorithm::Rs256)).await;
    site.publish_text(&scene.key.signs(&scene.object(&request, |_| {})));
    let sent = request.clone().add("request_uri", &site.url());
    assert_completes(&scene, &sent, &request).await;
    site.publish_text(&scene.jar(&scene.object(&request, |_| {})));
    assert_completes(&scene, &sent, &request).await;
}

#[tokio::test]
async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported() {
    for registered in [None, Some(RequestObjectAlgorithm::Unsigned)] {
        let scene =
            Scene::with(Algorithm::Rs256, |spec| spec.with(|new| new.metadata.request_object_signing_alg = registered));
        let scene = scene.await;
        let request = scene.client.request();
        // What stands beside the object is another state than the one that counts.
        let claims = scene.object(&request, |_| {});
        let sent = request.clone().set("state", "beside").add("request", &unsigned(&claims, "none"));
        assert_completes(&scene, &sent, &request).await;
    }
}

#[tokio::test]
async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported() {
    let (scene, site, request) = published(RequestObjectAlgorithm::Unsigned).await;
    site.publish_text(&unsigned(&scene.object(&request, |_| {}), "none"));
    assert_completes(&scene, &request.clone().add("request_uri", &site.url()), &request).await;
    // An application that registered no address.
    let scene = Scene::new(Algorithm::Rs256).await;
    let request = scene.client.request();
    let sent = request.clone().add("request_uri", "https://rp.example/request");
    let answer = Answer::read(&scene.app.browser().get(&sent.url()).await, &request);
    assert_eq!(answer.error(), "request_uri_not_supported");
}

#[tokio::test]
async fn oidcc_ensure_request_object_with_redirect_uri() {
    let scene = Scene::new(Algorithm::Rs256).await;
    let request = scene.client.request();
    for object in [
        unsigned(&scene.object(&request, |_| {}), "none"),
        unsigned(&json!({ "redirect_uri": scene.client.redirect_uri }), "none"),
    ] {
        let sent = request.clone().set("redirect_uri", "https://evil.example/callback").add("request", &object);
        assert_completes(&scene, &sent, &request).await;
    }
}
