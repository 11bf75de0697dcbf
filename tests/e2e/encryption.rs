//! Encrypted ID tokens, userinfo and answers about tokens (RFC 7516, OpenID Connect Core section 10.2), read by applications with
//! keys of their own.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule::config::RegistrationMode;
use vestibule_core::Random;
use vestibule_jose::{Algorithm, ContentEncryption, DecryptionKey, Encrypted, KeyManagement};
use vestibule_oidc::client::{ClientMetadata, EncryptionMetadata};
use vestibule_tests::{
    Browser, ClientKey, ClientSpec, JsonAnswer, KeySite, Person, TestApp, ThirdParty, Tokens, claims, header,
};

use crate::jose;

/// A key of an application, to which it is told things.
pub(crate) struct Reader(DecryptionKey);

impl Reader {
    pub(crate) fn new(alg: KeyManagement) -> Self {
        Self(DecryptionKey::from_pkcs8(alg, &DecryptionKey::generate(alg).expect("a key")).expect("a key"))
    }

    fn jwk(&self) -> Value {
        self.0.public().to_json()
    }

    /// The key as it is published, beside one for signatures, as many publish two.
    fn jwks(&self) -> Value {
        json!({ "keys": [ClientKey::new(Algorithm::Es256).jwk(), self.jwk()] })
    }

    /// What a JWE says, whose header is as the specifications want it.
    fn reads(&self, token: &str, enc: ContentEncryption, cty: Option<&str>) -> String {
        let outer = header(token);
        assert_eq!((&outer["alg"], &outer["enc"]), (&json!(self.0.alg()), &json!(enc)));
        assert_eq!((&outer["kid"], outer["cty"].as_str()), (&self.jwk()["kid"], cty));
        let text = Encrypted::parse(token).expect("a JWE").decrypt(&self.0, &[enc], &Random::system());
        String::from_utf8(text.expect("decrypted")).expect("a text")
    }
}

/// A provider that may fetch from this machine, with alice signed in.
struct Scene {
    app: TestApp,
    alice: Person,
    browser: Browser,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::with(|config| {
            config.registration.mode = RegistrationMode::Open;
            config.fetch.allow_private_networks = true;
        });
        let app = app.await;
        let alice = app.user("alice").await;
        Self { browser: Browser::sign_in(&app, &alice).await, alice, app }
    }

    async fn client(&self, change: impl FnOnce(&mut ClientMetadata)) -> ThirdParty {
        self.app.client(ClientSpec::first_party().with(|new| change(&mut new.metadata))).await
    }

    async fn tokens(&mut self, client: &ThirdParty) -> Tokens {
        let answer = self.browser.authorize(client, |request| request.set("scope", "openid email")).await;
        client.redeem(&answer).await
    }

    /// Userinfo as it comes, with its type.
    async fn userinfo(&self, tokens: &Tokens) -> (String, String) {
        let answer = self.app.wire().get("/oauth2/userinfo").bearer_auth(&tokens.access_token).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (kind, answer.text().await.unwrap())
    }
}

fn of_id_tokens(alg: KeyManagement, enc: Option<ContentEncryption>) -> EncryptionMetadata {
    EncryptionMetadata {
        id_token_encrypted_response_alg: Some(alg),
        id_token_encrypted_response_enc: enc,
        ..EncryptionMetadata::default()
    }
}

#[tokio::test]
async fn an_id_token_is_signed_and_then_encrypted_with_what_its_application_registered() {
    let mut scene = Scene::new().await;
    let encs = [None].into_iter().chain(ContentEncryption::ALL.map(Some));
    for (alg, enc) in KeyManagement::ALL.into_iter().zip(encs) {
        let reader = Reader::new(alg);
        let client = scene.client(|metadata| {
            metadata.jwks = Some(reader.jwks());
            metadata.encryption = of_id_tokens(alg, enc);
        });
        let client = client.await;
        let tokens = scene.tokens(&client).await;
        let inner = reader.reads(&tokens.id_token, enc.unwrap_or(ContentEncryption::A128CbcHs256), Some("JWT"));
        assert!(jose::is_signed(&inner, &jose::keys(&scene.app).await), "{alg}");
        assert_eq!(
            (&claims(&inner)["aud"], &claims(&inner)["iss"]),
            (&json!(client.client_id), &json!(scene.app.issuer()))
        );
        assert_eq!(claims(&inner)["sub"], scene.alice.id.to_string());
        let (kind, text) = scene.userinfo(&tokens).await;
        assert_eq!(kind, "application/json", "only ID tokens were to be encrypted: {text}");
    }
}

#[tokio::test]
async fn an_id_token_that_comes_through_the_browser_is_encrypted_too() {
    let mut scene = Scene::new().await;
    let reader = Reader::new(KeyManagement::EcdhEs);
    let client = scene.client(|metadata| {
        metadata.jwks = Some(reader.jwks());
        metadata.encryption = of_id_tokens(KeyManagement::EcdhEs, None);
        metadata.grant_types = vec!["authorization_code".to_owned(), "implicit".to_owned()];
        metadata.response_types = vec!["code id_token".to_owned()];
    });
    let client = client.await;
    let answer = scene.browser.authorize(&client, |request| request.set("response_type", "code id_token")).await;
    let front = answer.told.iter().find(|(name, _)| name == "id_token").map(|(_, token)| token.clone());
    let front = reader.reads(&front.expect("an ID token"), ContentEncryption::A128CbcHs256, Some("JWT"));
    assert!(claims(&front)["c_hash"].is_string());
    let tokens = client.redeem(&answer).await;
    let back = reader.reads(&tokens.id_token, ContentEncryption::A128CbcHs256, Some("JWT"));
    assert_eq!(claims(&back)["sub"], claims(&front)["sub"]);
}

#[tokio::test]
async fn userinfo_is_encrypted_signed_or_not_as_it_was_registered() {
    let mut scene = Scene::new().await;
    for signed in [None, Some("RS256"), Some("ES256")] {
        let reader = Reader::new(KeyManagement::EcdhEsA128Kw);
        let client = scene.client(|metadata| {
            metadata.jwks = Some(reader.jwks());
            metadata.userinfo_signed_response_alg = signed.map(|name| serde_json::from_value(json!(name)).unwrap());
            metadata.encryption.userinfo_encrypted_response_alg = Some(KeyManagement::EcdhEsA128Kw);
            metadata.encryption.userinfo_encrypted_response_enc = Some(ContentEncryption::A256Gcm);
        });
        let client = client.await;
        let tokens = scene.tokens(&client).await;
        assert_eq!(header(&tokens.id_token)["alg"], "RS256", "only userinfo was to be encrypted");
        let (kind, token) = scene.userinfo(&tokens).await;
        assert_eq!(kind, "application/jwt");
        let told = reader.reads(&token, ContentEncryption::A256Gcm, signed.map(|_| "JWT"));
        let told = match signed {
            None => serde_json::from_str(&told).expect("claims"),
            Some(algorithm) => {
                assert!(jose::is_signed(&told, &jose::keys(&scene.app).await));
                assert_eq!(header(&told)["alg"], algorithm);
                claims(&told)
            }
        };
        assert_eq!((&told["sub"], &told["email_verified"]), (&tokens.id_claims()["sub"], &json!(true)));
    }
}

#[tokio::test]
async fn an_answer_about_a_token_is_encrypted_where_it_is_signed() {
    let mut scene = Scene::new().await;
    let reader = Reader::new(KeyManagement::RsaOaep);
    let client = scene.client(|metadata| {
        metadata.jwks = Some(reader.jwks());
        metadata.encryption.introspection_encrypted_response_alg = Some(KeyManagement::RsaOaep);
    });
    let client = client.await;
    let tokens = scene.tokens(&client).await;
    let asks = || {
        let request = scene.app.wire().post("/oauth2/introspect").form(&[("token", &tokens.access_token)]);
        request.basic_auth(&client.client_id, client.secret.as_deref())
    };
    let kind = "application/token-introspection+jwt";
    let answer = asks().header("accept", kind).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (200, kind));
    let inner = reader.reads(&answer.text().await.unwrap(), ContentEncryption::A128CbcHs256, Some("JWT"));
    assert!(jose::is_signed(&inner, &jose::keys(&scene.app).await));
    assert_eq!(claims(&inner)["token_introspection"]["active"], true);
    assert_eq!(JsonAnswer::of(asks()).await.body["active"], true, "in JSON, as it asks");
}

#[tokio::test]
async fn a_key_is_fetched_from_jwks_uri_and_again_where_none_fits() {
    let mut scene = Scene::new().await;
    let (signing, one, two) =
        (ClientKey::new(Algorithm::Es256), Reader::new(KeyManagement::EcdhEs), Reader::new(KeyManagement::EcdhEs));
    let site = KeySite::start(&signing.jwks()).await;
    let url = site.url();
    let client = scene.client(|metadata| {
        metadata.jwks_uri = Some(url);
        metadata.encryption = of_id_tokens(KeyManagement::EcdhEs, None);
    });
    let client = client.await;
    let answer = scene.browser.authorize(&client, |request| request).await;
    let refused = client.exchange(&answer).send().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request"));
    let words = "it is to be encrypted with ECDH-ES, and the application publishes no key to encrypt to with that";
    assert_eq!(refused.body["error_description"], words);
    site.publish(&one.jwks());
    let tokens = scene.tokens(&client).await;
    one.reads(&tokens.id_token, ContentEncryption::A128CbcHs256, Some("JWT"));
    site.publish(&two.jwks());
    scene.app.clock().advance(Duration::from_secs(601));
    let tokens = scene.tokens(&client).await;
    two.reads(&tokens.id_token, ContentEncryption::A128CbcHs256, Some("JWT"));
}

#[tokio::test]
async fn what_cannot_be_encrypted_is_not_told_at_all() {
    let mut scene = Scene::new().await;
    let site = KeySite::start(&json!({ "keys": [] })).await;
    site.go_down();
    let url = site.url();
    let client = scene.client(|metadata| {
        metadata.jwks_uri = Some(url);
        metadata.grant_types.push("implicit".to_owned());
        metadata.response_types.push("id_token".to_owned());
        metadata.encryption.id_token_encrypted_response_alg = Some(KeyManagement::RsaOaep256);
        metadata.encryption.userinfo_encrypted_response_alg = Some(KeyManagement::RsaOaep256);
    });
    let client = client.await;
    let answer = scene.browser.authorize(&client, |request| request).await;
    let refused = client.exchange(&answer).send().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (400, "invalid_request"), "{}", refused.body);
    let front = client.request().set("response_type", "id_token").without_pkce();
    let page = scene.browser.walk(&front.url()).await;
    let fragment = page.location().fragment().expect("an answer").to_owned();
    assert!(fragment.contains("error=invalid_request") && !fragment.contains("id_token="), "{fragment}");

    // An access token for userinfo alone comes without an ID token of these keys.
    let other = scene.client(|metadata| {
        metadata.jwks_uri = Some(site.url());
        metadata.encryption.userinfo_encrypted_response_alg = Some(KeyManagement::RsaOaep256);
    });
    let other = other.await;
    let tokens = scene.tokens(&other).await;
    let answer = JsonAnswer::of(scene.app.wire().get("/oauth2/userinfo").bearer_auth(&tokens.access_token)).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"), "{}", answer.body);
    assert!(answer.body["sub"].is_null());
}

#[tokio::test]
async fn an_encrypted_hint_is_refused_in_words_and_what_was_inside_is_one() {
    let mut scene = Scene::new().await;
    let reader = Reader::new(KeyManagement::EcdhEs);
    let client = scene.client(|metadata| {
        metadata.jwks = Some(reader.jwks());
        metadata.encryption = of_id_tokens(KeyManagement::EcdhEs, None);
    });
    let client = client.await;
    let tokens = scene.tokens(&client).await;
    let hinted = |hint: &str| client.request().set("prompt", "none").set("id_token_hint", hint);
    let page = scene.browser.get(&hinted(&tokens.id_token).url()).await;
    let location = page.location();
    let told: std::collections::HashMap<_, _> = location.query_pairs().into_owned().collect();
    assert_eq!(told["error"], "invalid_request");
    assert!(told["error_description"].starts_with("id_token_hint is encrypted"), "{told:?}");
    let inner = reader.reads(&tokens.id_token, ContentEncryption::A128CbcHs256, Some("JWT"));
    let request = hinted(&inner);
    let page = scene.browser.walk(&request.url()).await;
    assert!(vestibule_tests::Answer::read(&page, &request).code.is_some());
}

#[tokio::test]
async fn an_application_registers_itself_for_encryption_and_discovery_says_what_there_is() {
    let scene = Scene::new().await;
    let document = JsonAnswer::of(scene.app.wire().get("/.well-known/openid-configuration")).await.body;
    for of in ["id_token", "userinfo", "introspection"] {
        assert_eq!(document[format!("{of}_encryption_alg_values_supported")], json!(KeyManagement::ALL), "{of}");
        assert_eq!(document[format!("{of}_encryption_enc_values_supported")], json!(ContentEncryption::ALL), "{of}");
    }
    let reader = Reader::new(KeyManagement::EcdhEs);
    let registers = |more: Value| {
        let mut document = json!({ "redirect_uris": ["https://rp.example/cb"], "jwks": reader.jwks() });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        JsonAnswer::of(scene.app.wire().post("/oauth2/register").json(&document))
    };
    let wanted = json!({
        "id_token_encrypted_response_alg": "ECDH-ES", "id_token_encrypted_response_enc": "A256GCM",
        "userinfo_encrypted_response_alg": "ECDH-ES",
    });
    let answer = registers(wanted.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    for (member, value) in wanted.as_object().unwrap() {
        assert_eq!(&answer.body[member], value, "{member}");
    }
    for refused in [
        json!({ "id_token_encrypted_response_enc": "A256GCM" }),
        json!({ "id_token_encrypted_response_alg": "RSA1_5" }),
        json!({ "id_token_encrypted_response_alg": "RSA-OAEP" }),
        json!({ "userinfo_encrypted_response_alg": "ECDH-ES", "userinfo_encrypted_response_enc": "A192GCM" }),
    ] {
        let answer = registers(refused.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_client_metadata"), "{refused}");
    }
}
