//! What an application registers of the way in which it asks (OpenID Connect Registration section 2, RFC 9101 section 10.5, RFC
//! 9126 section 6).

use serde::{Deserialize, Serialize};
use vestibule_jose::{Algorithm, UnknownAlgorithm};

use super::{AuthMethod, ClientMetadata, MetadataError, metadata::unsupported, proof};

/// The most addresses that an application registers for its request objects.
const MOST_URIS: usize = 100;
/// The longest of them (RFC 9101 section 5.2.1 has 512 characters).
const LONGEST_URI: usize = 512;

/// The one algorithm of an application's request objects (`request_object_signing_alg`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum RequestObjectAlgorithm {
    /// None: they are not signed (`none`).
    Unsigned,
    /// They are signed with this one.
    Signed(Algorithm),
}

impl TryFrom<String> for RequestObjectAlgorithm {
    type Error = UnknownAlgorithm;

    fn try_from(name: String) -> Result<Self, UnknownAlgorithm> {
        if name == "none" { Ok(Self::Unsigned) } else { name.parse().map(Self::Signed) }
    }
}

impl From<RequestObjectAlgorithm> for &'static str {
    fn from(algorithm: RequestObjectAlgorithm) -> Self {
        match algorithm {
            RequestObjectAlgorithm::Unsigned => "none",
            RequestObjectAlgorithm::Signed(algorithm) => algorithm.name(),
        }
    }
}

/// Whether the application's secret signs its request objects.
pub(super) fn signs_with_secret(metadata: &ClientMetadata) -> bool {
    matches!(metadata.request_object_signing_alg, Some(RequestObjectAlgorithm::Signed(algorithm)) if algorithm.is_symmetric())
}

/// Checks that what is registered goes together.
pub(super) fn check(method: Option<AuthMethod>, metadata: &ClientMetadata) -> Result<(), MetadataError> {
    if metadata.request_uris.len() > MOST_URIS {
        return Err(unsupported("request_uris", "an application can have 100 at most"));
    }
    let is_good = |uri: &String| uri.len() <= LONGEST_URI && uri.is_ascii() && proof::is_fetched(uri);
    if let Some(uri) = metadata.request_uris.iter().find(|uri| !is_good(uri)) {
        let why = format!(
            "{uri}: write an https URL (http only for this machine) of 512 characters at most, without credentials"
        );
        return Err(unsupported("request_uris", &why));
    }
    let member = "request_object_signing_alg";
    let (secret, keys) = (AuthMethod::has_secret(method), metadata.jwks.is_some() || metadata.jwks_uri.is_some());
    match metadata.request_object_signing_alg {
        Some(RequestObjectAlgorithm::Signed(algorithm)) if algorithm.is_symmetric() && secret => {}
        Some(RequestObjectAlgorithm::Signed(algorithm)) if algorithm.is_symmetric() => {
            return Err(unsupported(member, "HS256, HS384 and HS512 sign with the secret, and it has none"));
        }
        Some(RequestObjectAlgorithm::Signed(_)) if !keys => {
            return Err(unsupported(member, "a private key signs them: register jwks or jwks_uri"));
        }
        Some(RequestObjectAlgorithm::Unsigned) if metadata.require_signed_request_object => {
            return Err(unsupported(member, "none does not go with require_signed_request_object"));
        }
        None if metadata.require_signed_request_object && !keys => {
            return Err(unsupported(
                "require_signed_request_object",
                "a private key signs them: register jwks or jwks_uri, or request_object_signing_alg of the secret",
            ));
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::client::specimen::said;

    #[test]
    fn what_goes_together_is_taken() {
        let uri = "https://rp.example/jwks";
        for members in [
            json!({ "request_object_signing_alg": "none", "request_uris": ["https://rp.example/request#hash"] }),
            json!({ "request_object_signing_alg": "PS256", "jwks_uri": uri }),
            json!({ "request_object_signing_alg": "HS256" }),
            json!({ "request_object_signing_alg": "HS256", "require_signed_request_object": true }),
            json!({ "require_signed_request_object": true, "jwks_uri": uri }),
            json!({ "require_pushed_authorization_requests": true }),
        ] {
            assert_eq!(said(members.clone()), None, "{members}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused_and_named() {
        let alg = "request_object_signing_alg";
        for (members, begins) in [
            (json!({ alg: "nOnE" }), "the metadata is not"),
            (json!({ alg: "ES256" }), "request_object_signing_alg: a private key signs them"),
            (
                json!({ alg: "none", "require_signed_request_object": true }),
                "request_object_signing_alg: none does not",
            ),
            (
                json!({ alg: "HS256", "token_endpoint_auth_method": "none" }),
                "request_object_signing_alg: HS256, HS384 and HS512",
            ),
            (json!({ "require_signed_request_object": true }), "require_signed_request_object: a private key"),
            (json!({ "request_uris": ["http://rp.example/request"] }), "request_uris: http://rp.example/request"),
            (json!({ "request_uris": ["file:///etc/passwd"] }), "request_uris: file"),
            (json!({ "request_uris": [format!("https://rp.example/{}", "a".repeat(512))] }), "request_uris: https"),
        ] {
            let said = said(members.clone()).unwrap_or_else(|| panic!("was taken: {members}"));
            assert!(said.starts_with(begins), "{members}: {said}");
        }
    }
}
