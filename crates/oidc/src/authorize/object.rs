//! Request objects (RFC 9101, OpenID Connect Core section 6): the parameters of a request as the claims of a JWT.
//!
//! The signature comes first, by keys from the registration and from nowhere else, and by an algorithm that the registration
//! allows (attacks A40 to A42, A50); then what was signed is held against the clock, against us, and against the application.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use vestibule_core::Parameters;
use vestibule_jose::{Algorithm, Encrypted, JweError, JwsError, RegisteredClaims, Unverified, is_type};

use super::{ErrorCode, error::REPEATABLE, resolve::Unresolved};
use crate::{
    Provider,
    client::{Client, RequestObjectAlgorithm, authentication::AuthenticationError},
};

/// The type of request objects that follow RFC 9101 (section 10.8).
const TYPE: &str = "oauth-authz-req+jwt";

/// How far an application's clock may be off ours.
const LEEWAY: Duration = Duration::from_secs(30);

/// Claims that say something of the object, and are no parameters.
const ABOUT_IT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// A request object that holds.
pub(super) struct RequestObject {
    /// Its parameters.
    pub(super) parameters: Parameters,
    /// What it says of the parameters beside it.
    pub(super) way: Way,
}

/// What parameters that stand beside an object are to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Its type says that it follows RFC 9101: nothing.
    Jar,
    /// It does not say.
    Unsaid,
}

/// The algorithm as the header has it.
#[derive(Deserialize)]
struct Header {
    alg: String,
}

impl Provider {
    /// Proves an object, and reads its parameters.
    pub(super) async fn read_object(&self, client: &Client, text: &str) -> Result<RequestObject, Unresolved> {
        if !Encrypted::looks_like(text) {
            return self.read_plain(client, text).await;
        }
        let inside = self.decrypt_object(client, text).map_err(|error| invalid(&error.to_string()))?;
        // Whoever encrypted it, anyone could: what is inside is proved as if it had come plainly. Encrypted once more it is none.
        let inside = String::from_utf8(inside).map_err(|_| refused(JwsError::Malformed))?;
        self.read_plain(client, &inside).await
    }

    /// Decrypts an object with a key of ours, by the algorithms that the application registered, where it did.
    fn decrypt_object(&self, client: &Client, text: &str) -> Result<Vec<u8>, JweError> {
        let token = Encrypted::parse(text)?;
        let registered = client.metadata.encryption.of_request_objects();
        if registered.is_some_and(|registered| token.encryption() != Some(registered)) {
            return Err(JweError::OtherAlgorithm);
        }
        self.tokens().keys().decrypt(&token)
    }

    async fn read_plain(&self, client: &Client, text: &str) -> Result<RequestObject, Unresolved> {
        let token = Unverified::parse(text).map_err(refused)?;
        let way = way_of(token.typ())?;
        let claims = self.claims_of_object(client, &token, text).await?;
        self.check_object(client, &claims)?;
        Ok(RequestObject { parameters: parameters_of(claims)?, way })
    }

    async fn claims_of_object(
        &self,
        client: &Client,
        token: &Unverified<'_>,
        text: &str,
    ) -> Result<Map<String, Value>, Unresolved> {
        let registered = client.metadata.request_object_signing_alg;
        let Header { alg } = token.header().map_err(refused)?;
        if alg == "none" {
            if self.must_sign(client) || matches!(registered, Some(RequestObjectAlgorithm::Signed(_))) {
                return Err(invalid("it is not signed, and this application must sign its request objects"));
            }
            // RFC 7518 section 3.6: the signature is empty.
            return if text.ends_with('.') { token.peek().map_err(refused) } else { Err(refused(JwsError::Malformed)) };
        }
        let allowed: &[Algorithm] = match &registered {
            None => &Algorithm::ASYMMETRIC,
            Some(RequestObjectAlgorithm::Signed(algorithm)) => std::slice::from_ref(algorithm),
            Some(RequestObjectAlgorithm::Unsigned) => &[],
        };
        match self.assertions().signed_by(client, token, allowed).await {
            Ok(verified) => verified.claims().map_err(refused),
            Err(AuthenticationError::Unavailable(error)) => Err(error.into()),
            Err(error) => {
                tracing::info!(client_id = %client.id, %error, "a request object is not by its application");
                Err(invalid(
                    "it is not signed by a key that this application registered, with an algorithm that it may use",
                ))
            }
        }
    }

    /// RFC 9101 sections 4, 6.3 and 10.8, OpenID Connect Core section 6.1.
    fn check_object(&self, client: &Client, claims: &Map<String, Value>) -> Result<(), Unresolved> {
        let registered: RegisteredClaims = serde_json::from_value(Value::Object(claims.clone()))
            .map_err(|_| invalid("one of iss, sub, aud, exp, nbf, iat and jti is malformed"))?;
        if ["request", "request_uri"].iter().any(|name| claims.contains_key(*name)) {
            return Err(invalid("neither request nor request_uri stands in it"));
        }
        let ours = client.id.as_str();
        if claims.get("client_id").is_some_and(|id| id.as_str() != Some(ours)) {
            return Err(invalid("its client_id is another than the one beside it"));
        }
        if registered.iss.as_deref().is_some_and(|iss| iss != ours) {
            return Err(invalid("its iss is not its client_id"));
        }
        // Such a statement proves an application (RFC 7523), and asks for nothing.
        if registered.sub.as_deref() == Some(ours) {
            return Err(invalid("its sub is its client_id, as in a client assertion"));
        }
        if registered.aud.as_ref().is_some_and(|audience| !audience.contains(self.issuer())) {
            return Err(invalid("it is for somebody else (aud)"));
        }
        registered.check_times(self.clock().now(), LEEWAY).map_err(|error| invalid(&error.to_string()))
    }
}

/// Something else that the same key signed is no request object (RFC 8725 section 3.11). Objects that say no type are common.
fn way_of(typ: Option<&str>) -> Result<Way, Unresolved> {
    match typ {
        Some(_) if is_type(typ, TYPE) => Ok(Way::Jar),
        None => Ok(Way::Unsaid),
        Some(_) if is_type(typ, "JWT") => Ok(Way::Unsaid),
        Some(_) => Err(invalid("it is of another type (typ)")),
    }
}

/// The parameters, each as it would have been sent by itself: numbers as their digits, objects and lists as JSON. A list of texts
/// where a parameter may stand several times is several.
fn parameters_of(claims: Map<String, Value>) -> Result<Parameters, Unresolved> {
    let mut parameters = Vec::new();
    for (name, value) in claims.into_iter().filter(|(name, _)| !ABOUT_IT.contains(&name.as_str())) {
        match value {
            Value::Null => {}
            Value::String(text) => parameters.push((name, text)),
            Value::Array(values) if REPEATABLE.contains(&name.as_str()) => {
                for value in values {
                    let Value::String(text) = value else { return Err(invalid("a resource is a text")) };
                    parameters.push((name.clone(), text));
                }
            }
            other => parameters.push((name, other.to_string())),
        }
    }
    if parameters.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(invalid("a parameter holds a NUL"));
    }
    Ok(parameters.into_iter().collect())
}

fn invalid(why: &str) -> Unresolved {
    Unresolved::new(ErrorCode::InvalidRequestObject, format!("the request object is refused: {why}"))
}

fn refused(error: JwsError) -> Unresolved {
    invalid(&error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(claims: Value) -> Option<Vec<(String, String)>> {
        let Value::Object(claims) = claims else { panic!("an object") };
        let parameters = parameters_of(claims).ok()?;
        Some(parameters.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn each_claim_is_the_parameter_that_would_have_been_sent() {
        let read = read(json!({
            "iss": "app", "exp": 1, "max_age": 60, "state": "s", "nonce": null, "claims": { "userinfo": {} },
            "resource": ["https://a.example", "https://b.example"],
        }));
        let read = read.expect("parameters");
        for (name, value) in [
            ("max_age", "60"),
            ("state", "s"),
            ("claims", r#"{"userinfo":{}}"#),
            ("resource", "https://a.example"),
            ("resource", "https://b.example"),
        ] {
            assert!(read.contains(&(name.to_owned(), value.to_owned())), "{name}: {read:?}");
        }
        assert_eq!(read.len(), 5, "{read:?}");
    }

    #[test]
    fn what_no_parameter_can_be_is_refused() {
        assert_eq!(read(json!({ "state": "a\u{0}b" })), None);
        assert_eq!(read(json!({ "resource": [1] })), None);
    }

    #[test]
    fn a42_something_else_that_was_signed_is_no_request_object() {
        assert_eq!(way_of(Some("application/oauth-authz-req+jwt")).ok(), Some(Way::Jar));
        assert_eq!(way_of(Some("jwt")).ok(), Some(Way::Unsaid));
        for other in ["client-authentication+jwt", "dpop+jwt", "at+jwt", ""] {
            assert!(way_of(Some(other)).is_err(), "{other}");
        }
    }
}
