//! Keys of applications, and the statements that they sign to prove themselves.

use serde_json::{Value, json};
use vestibule_core::Random;
use vestibule_jose::{Algorithm, EncodedHeader, PrivateKey, Signer, sign};

use crate::{AuthorizeRequest, TestApp, ThirdParty, TokenRequest};

/// `client_assertion_type`, in full.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A key pair of an application.
#[derive(Debug)]
pub struct ClientKey(PrivateKey);

impl ClientKey {
    /// A new one.
    #[must_use]
    pub fn new(algorithm: Algorithm) -> Self {
        let pkcs8 = PrivateKey::generate(algorithm).expect("a key");
        Self(PrivateKey::from_pkcs8(algorithm, &pkcs8).expect("a key"))
    }

    /// The public half, as its owner publishes it.
    #[must_use]
    pub fn jwk(&self) -> Value {
        self.0.public().jwk().to_json()
    }

    /// A set with this key alone.
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({ "keys": [self.jwk()] })
    }

    /// The public half, as bytes: what somebody might take for a secret.
    #[must_use]
    pub fn public_bytes(&self) -> Vec<u8> {
        self.jwk().to_string().into_bytes()
    }

    /// The header of what it signs.
    #[must_use]
    pub fn header(&self) -> Value {
        json!({ "alg": self.0.algorithm().name(), "kid": self.0.public().kid(), "typ": "JWT" })
    }

    /// Signs claims.
    #[must_use]
    pub fn signs(&self, claims: &Value) -> String {
        self.signs_under(&self.header(), claims)
    }

    /// Signs claims under another header.
    #[must_use]
    pub fn signs_under(&self, header: &Value, claims: &Value) -> String {
        signed(&self.0, header, claims)
    }
}

/// What `signer` signs.
#[must_use]
pub fn signed(signer: &impl Signer, header: &Value, claims: &Value) -> String {
    sign(signer, &EncodedHeader::from_json(header), claims).expect("a signature")
}

impl TestApp {
    /// What an application states to prove itself: right in every part, until a test changes it.
    #[must_use]
    pub fn statement(&self, client: &ThirdParty) -> Value {
        let now = self.clock().now().seconds();
        json!({
            "iss": client.client_id,
            "sub": client.client_id,
            "aud": self.issuer(),
            "iat": now,
            "exp": now + 60,
            "jti": Random::system().token(),
        })
    }
}

impl TestApp {
    /// The claims of a request object: right in every part, until a test changes it.
    #[must_use]
    pub fn object(&self, client: &ThirdParty, request: &AuthorizeRequest) -> Value {
        let now = self.clock().now().seconds();
        let mut claims =
            json!({ "iss": client.client_id, "aud": self.issuer(), "iat": now, "nbf": now, "exp": now + 300 });
        for (name, value) in &request.parameters {
            claims[name] = json!(value);
        }
        claims
    }
}

impl TokenRequest {
    /// By a signed statement and nothing else.
    #[must_use]
    pub fn by_assertion(self, assertion: &str) -> Self {
        self.without_basic()
            .without("client_id")
            .set("client_assertion_type", ASSERTION_TYPE)
            .set("client_assertion", assertion)
    }
}
