//! Request objects that are encrypted to a key of the provider's (RFC 9101 section 6.1, OpenID Connect Core sections 6.1 and 10.2).

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use vestibule_core::Random;
use vestibule_jose::{Algorithm, ContentEncryption, Encryption, EncryptionKey, KeyManagement};
use vestibule_tests::{ClientKey, ClientSpec, JsonAnswer, KeySite, TestApp, unsigned};

use crate::request_objects::{Scene, alone};

/// The published key for this algorithm.
async fn published(app: &TestApp, alg: KeyManagement) -> Value {
    let jwks = JsonAnswer::of(app.wire().get("/oauth2/jwks")).await.body;
    let keys = jwks["keys"].as_array().expect("keys");
    let found = keys.iter().find(|key| key["use"] == "enc" && key["alg"] == json!(alg));
    found.unwrap_or_else(|| panic!("no key for {alg} in {jwks}")).clone()
}

fn encrypted(key: &Value, encryption: Encryption, object: &str) -> String {
    let key = EncryptionKey::from_json(key).expect("a key to encrypt to");
    encryption.encrypt(&key, Some("JWT"), object.as_bytes(), &Random::system()).expect("encrypted")
}

const ECDH: Encryption = Encryption { alg: KeyManagement::EcdhEs, enc: ContentEncryption::A128CbcHs256 };

impl Scene {
    /// An object encrypted to the key that is published now.
    async fn to_us(&self, encryption: Encryption, object: &str) -> String {
        encrypted(&published(&self.app, encryption.alg).await, encryption, object)
    }

    /// A right object, signed and then encrypted.
    async fn good(&self, encryption: Encryption) -> String {
        let claims = self.object(&self.client.request(), |_| {});
        self.to_us(encryption, &self.jar(&claims)).await
    }
}

/// A token under a header that is changed.
fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = token.split_once('.').expect("parts");
    let mut header: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64url")).expect("JSON");
    change(&mut header);
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[tokio::test]
async fn an_object_that_was_signed_and_encrypted_is_its_applications_request() {
    let scene = Scene::new(Algorithm::Es256).await;
    for alg in [KeyManagement::RsaOaep256, KeyManagement::EcdhEs] {
        for enc in ContentEncryption::ALL {
            let request = scene.client.request().set("scope", "openid email");
            let claims = scene.object(&request, |_| {});
            let object = scene.to_us(Encryption { alg, enc }, &scene.jar(&claims)).await;
            let answer = scene.answered(&alone(&scene.client, &object), &request).await;
            assert_eq!(scene.client.redeem(&answer).await.body["scope"], "email openid", "{alg} {enc}");
        }
    }
}

#[tokio::test]
async fn an_encrypted_object_can_be_pushed_and_published() {
    let app = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
    let site = KeySite::with("").await;
    let uris = vec![site.url()];
    let scene = Scene::on(app, Algorithm::Es256, |spec| spec.with(|new| new.metadata.request_uris = uris)).await;
    let request = scene.client.request();
    let object = scene.to_us(ECDH, &scene.jar(&scene.object(&request, |_| {}))).await;
    site.publish_text(&object);
    let pushed = scene.client.push(&alone(&scene.client, &object)).send().await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    for uri in [pushed.body["request_uri"].as_str().expect("an address"), &site.url()] {
        let mut browser = scene.app.browser_of(&scene.alice);
        let page = browser.open(&scene.client.opening(uri)).await;
        let answer = browser.finish(page, &request).await;
        scene.client.redeem(&answer).await;
    }
}

#[tokio::test]
async fn a40_what_is_inside_is_proved_as_if_it_had_come_plainly() {
    let scene = Scene::with(Algorithm::Es256, |spec: ClientSpec| {
        spec.with(|new| new.metadata.require_signed_request_object = true)
    });
    let scene = scene.await;
    let claims = scene.object(&scene.client.request(), |_| {});
    let (signed, stranger) = (scene.jar(&claims), ClientKey::new(Algorithm::Es256));
    for (what, inside) in [
        ("no signature", unsigned(&claims, "none")),
        ("somebody else's", stranger.signs(&claims)),
        ("no JWT, but claims", claims.to_string()),
        ("encrypted twice", scene.to_us(ECDH, &signed).await),
        ("nothing", String::new()),
    ] {
        scene.assert_refused(what, &scene.to_us(ECDH, &inside).await).await;
    }
    let odd = EncryptionKey::from_json(&published(&scene.app, KeyManagement::EcdhEs).await).expect("a key");
    let odd = ECDH.encrypt(&odd, None, &[0xff, 0xfe], &Random::system()).expect("encrypted");
    scene.assert_refused("no text", &odd).await;
}

#[tokio::test]
async fn a39_a41_a42_what_does_not_decrypt_with_a_key_of_ours_is_refused() {
    let scene = Scene::new(Algorithm::Es256).await;
    let good = scene.good(ECDH).await;
    for (what, member, value) in [
        ("compressed", "zip", json!("DEF")),
        ("an extension", "crit", json!(["exp"])),
        ("padding of PKCS#1", "alg", json!("RSA1_5")),
        ("a password", "alg", json!("PBES2-HS256+A128KW")),
        ("a shared key", "alg", json!("dir")),
        ("an algorithm of another key of ours", "alg", json!("RSA-OAEP-256")),
        ("one that we only encrypt with", "alg", json!("ECDH-ES+A128KW")),
        ("no content encryption", "enc", json!("none")),
        ("a key that nobody has", "kid", json!("../../keys")),
        ("another header than was encrypted", "typ", json!("JWT")),
    ] {
        scene.assert_refused(what, &with_header(&good, |header| header[member] = value)).await;
    }
    let signing = scene.key.jwk();
    let foreign = json!({ "kty": "EC", "crv": "P-256", "x": signing["x"], "y": signing["y"] });
    scene.assert_refused("to a key that is not ours", &encrypted(&foreign, ECDH, "a.b.c")).await;
    scene.assert_refused("too long", &format!("{good}{}", "A".repeat(24 * 1024))).await;
}

#[tokio::test]
async fn a41_an_application_that_registered_algorithms_encrypts_with_no_others() {
    let registered = Encryption { alg: KeyManagement::RsaOaep256, enc: ContentEncryption::A256Gcm };
    let scene = Scene::with(Algorithm::Es256, |spec: ClientSpec| {
        spec.with(|new| {
            new.metadata.encryption.request_object_encryption_alg = Some(registered.alg);
            new.metadata.encryption.request_object_encryption_enc = Some(registered.enc);
        })
    });
    let scene = scene.await;
    scene.assert_refused("ECDH-ES", &scene.good(Encryption { alg: KeyManagement::EcdhEs, ..registered }).await).await;
    let other = Encryption { enc: ContentEncryption::A128Gcm, ..registered };
    scene.assert_refused("A128GCM", &scene.good(other).await).await;
    let request = scene.client.request();
    let claims = scene.object(&request, |_| {});
    for object in [scene.to_us(registered, &scene.jar(&claims)).await, scene.jar(&claims)] {
        scene.client.redeem(&scene.answered(&alone(&scene.client, &object), &request).await).await;
    }
}

#[tokio::test]
async fn a_key_that_was_followed_by_another_decrypts_for_a_day_more() {
    let scene = Scene::new(Algorithm::Es256).await;
    let before = published(&scene.app, KeyManagement::EcdhEs).await;
    let object = |key: &Value| encrypted(key, ECDH, &scene.jar(&scene.object(&scene.client.request(), |_| {})));
    let first = |object: &str| {
        let url = alone(&scene.client, object).url();
        let mut browser = scene.app.browser();
        async move { browser.get(&url).await.status.as_u16() }
    };
    let ring = scene.app.provider().tokens().keys();
    ring.make_decryption_keys(Some(Duration::ZERO)).await.expect("made");
    let after = published(&scene.app, KeyManagement::EcdhEs).await;
    assert_ne!(before["kid"], after["kid"]);
    for key in [&before, &after] {
        let to_sign_in = first(&object(key)).await;
        assert!([200, 303].contains(&to_sign_in), "{to_sign_in}");
    }
    scene.app.clock().advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(ring.sweep().await.expect("swept"), 2, "one of each algorithm");
    scene.assert_refused("a key that is gone", &object(&before)).await;
    scene
        .assert_refused(
            "a key that is gone, without its name",
            &object(&{
                let mut nameless = before.clone();
                nameless.as_object_mut().unwrap().remove("kid");
                nameless
            }),
        )
        .await;
}
