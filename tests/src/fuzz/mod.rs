//! What is fuzzed: what reads the input of strangers, and what must hold of every input.
//!
//! A target takes bytes and panics where a promise is broken. `cargo xtask fuzz` lets libFuzzer look for such bytes
//! (`tests/fuzz`), and `tests/e2e/corpus.rs` plays back the inputs that are kept in `tests/fuzz/corpus`, through the same
//! functions. The provider is a whole one, so that an input goes the way that a request goes.
//!
//! Ids and secrets are new each time, so an input names them by marks: `{client_id}`, `{secret}`.

mod authorize;
mod basic_header;
mod jwe_header;
mod redirect_uri;

use serde_json::Value;
use vestibule_core::Random;
use vestibule_jose::{Encryption, EncryptionKey};
use vestibule_oidc::client::AuthMethod;

use crate::{ClientSpec, TestApp, ThirdParty};

/// The targets, as `cargo xtask fuzz` names them; each has a folder in `tests/fuzz/corpus`.
pub const FUZZ_TARGETS: [&str; 5] = ["authorize", "request_object", "redirect_uri", "basic_header", "jwe_header"];

/// A provider with an application, for inputs to be tried on.
pub struct FuzzScene {
    app: TestApp,
    client: ThirdParty,
    jwe: jwe_header::Keys,
    /// The provider's keys that request objects are encrypted to.
    encrypted_to: Vec<EncryptionKey>,
}

impl FuzzScene {
    /// Starts the provider, and registers an application that may do much.
    pub async fn start() -> Self {
        let app = TestApp::start().await;
        let types = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"];
        let spec = ClientSpec::first_party().at(&authorize::REGISTERED);
        let spec =
            spec.for_scope("openid profile email offline_access notes:read").for_response_types(&types).with(|new| {
                new.auth_method = Some(AuthMethod::ClientSecretBasic);
                new.metadata.grant_types.push("client_credentials".to_owned());
            });
        let client = app.client(spec).await;
        app.api("https://notes.example", &["notes:read"]).await;
        let encrypted_to = published(&app.provider().tokens().keys().jwks());
        Self { app, client, jwe: jwe_header::Keys::new(), encrypted_to }
    }

    /// Tries an input on a target.
    ///
    /// # Panics
    /// Where a promise is broken, and for a target that there is not.
    pub async fn run(&self, target: &str, input: &[u8]) {
        match target {
            "authorize" => authorize::parameters(self, input).await,
            "request_object" => authorize::request_object(self, input).await,
            "redirect_uri" => redirect_uri::compared(input),
            "basic_header" => basic_header::proved(self, input).await,
            "jwe_header" => jwe_header::opened(&self.jwe, input),
            other => panic!("there is no target {other:?}; there are {FUZZ_TARGETS:?}"),
        }
    }

    /// An object encrypted to the provider's key.
    fn encrypted(&self, way: Encryption, object: &str) -> String {
        let key = self.encrypted_to.iter().find(|key| key.is_for(way.alg)).expect("a key for each algorithm");
        way.encrypt(key, Some("JWT"), object.as_bytes(), &Random::system()).expect("encrypted")
    }

    /// The input with what the marks stand for.
    fn filled(&self, input: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(input).ok()?;
        let secret = self.client.secret.as_deref().unwrap_or_default();
        Some(text.replace("{client_id}", &self.client.client_id).replace("{secret}", secret))
    }
}

/// The keys of a JWKS document that are there to be encrypted to.
fn published(jwks: &[u8]) -> Vec<EncryptionKey> {
    let document: Value = serde_json::from_slice(jwks).expect("a JWKS");
    let keys = document["keys"].as_array().into_iter().flatten().filter(|key| key["use"] == "enc");
    keys.map(|key| EncryptionKey::from_json(key).expect("a key to encrypt to")).collect()
}
