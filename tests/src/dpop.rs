//! The key of an application that uses DPoP (RFC 9449), and the proofs that it makes: right in every part until a test changes one.

use std::sync::Arc;

use serde_json::{Value, json};
use vestibule_core::{Clock, Random};
use vestibule_jose::{Algorithm, EncodedHeader, PrivateKey, sha256, sign};

use crate::TestApp;

/// A key that proofs are made with. A clone is the same key.
#[derive(Clone, Debug)]
pub struct DpopKey {
    key: Arc<PrivateKey>,
    algorithm: Algorithm,
    clock: Clock,
    issuer: String,
}

impl TestApp {
    /// A new key for DPoP, on P-256.
    #[must_use]
    pub fn dpop_key(&self) -> DpopKey {
        self.dpop_key_for(Algorithm::Es256)
    }

    /// A new key for DPoP with some algorithm.
    ///
    /// # Panics
    /// Where the library makes no key.
    #[must_use]
    pub fn dpop_key_for(&self, algorithm: Algorithm) -> DpopKey {
        let pkcs8 = PrivateKey::generate(algorithm).expect("a key");
        DpopKey {
            key: Arc::new(PrivateKey::from_pkcs8(algorithm, &pkcs8).expect("a key that parses")),
            algorithm,
            clock: self.clock().clone(),
            issuer: self.issuer().to_owned(),
        }
    }
}

impl DpopKey {
    /// Its thumbprint.
    #[must_use]
    pub fn jkt(&self) -> String {
        self.key.public().thumbprint()
    }

    /// A proof for a request to a path of the provider's.
    #[must_use]
    pub fn proof(&self, method: &str, path: &str) -> DpopProof {
        let mut jwk = self.key.public().jwk().to_json();
        jwk.as_object_mut().expect("a JWK").retain(|name, _| !["kid", "use", "alg"].contains(&name.as_str()));
        DpopProof {
            header: json!({ "typ": "dpop+jwt", "alg": self.algorithm, "jwk": jwk }),
            claims: json!({
                "jti": Random::system().token(),
                "htm": method,
                "htu": format!("{}{path}", self.issuer),
                "iat": self.clock.now().seconds(),
            }),
            key: Arc::clone(&self.key),
        }
    }

    /// A proof for a token request.
    #[must_use]
    pub fn for_token_endpoint(&self) -> DpopProof {
        self.proof("POST", "/oauth2/token")
    }

    /// A proof for a request to userinfo with an access token, by GET.
    #[must_use]
    pub fn for_userinfo(&self, access_token: &str) -> DpopProof {
        self.proof("GET", "/oauth2/userinfo").with(access_token)
    }
}

/// A proof that is not signed yet.
#[derive(Clone, Debug)]
pub struct DpopProof {
    /// Its header.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
    key: Arc<PrivateKey>,
}

impl DpopProof {
    /// For a request with this access token.
    #[must_use]
    pub fn with(self, access_token: &str) -> Self {
        self.claim("ath", json!(sha256(access_token.as_bytes())))
    }

    /// With a member of the header; `null` takes it away.
    #[must_use]
    pub fn header(mut self, name: &str, value: Value) -> Self {
        put(&mut self.header, name, value);
        self
    }

    /// With a claim; `null` takes it away.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        put(&mut self.claims, name, value);
        self
    }

    /// As it is sent.
    ///
    /// # Panics
    /// Where the key does not sign.
    #[must_use]
    pub fn sign(&self) -> String {
        sign(&*self.key, &EncodedHeader::from_json(&self.header), &self.claims).expect("signed")
    }
}

fn put(object: &mut Value, name: &str, value: Value) {
    object[name] = value;
    object.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
}
