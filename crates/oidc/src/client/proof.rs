//! What an application registers to prove itself with: keys, the name of a certificate, an algorithm; and that they go with
//! its method (OpenID Connect Registration section 2, RFC 8705 section 2.1.2).

use url::Url;
use vestibule_core::is_this_machine;
use vestibule_jose::{JwkSet, JwkSetError};

use super::{AuthMethod, ClientMetadata, MetadataError, certificate::NAME_MEMBERS, metadata::unsupported};

/// The longest set of keys that is registered, as JSON.
const LONGEST: usize = 64 * 1024;

/// Checks that what is registered goes with the method, and is enough for it.
pub(super) fn check(method: Option<AuthMethod>, metadata: &ClientMetadata) -> Result<(), MetadataError> {
    let keys = registered_keys(metadata)?;
    check_uri(metadata)?;
    check_algorithm(method, metadata)?;
    let published = metadata.jwks_uri.is_some();
    match method {
        Some(AuthMethod::PrivateKeyJwt) if !published && keys.as_ref().is_none_or(|keys| keys.keys().is_empty()) => {
            Err(unsupported("jwks", "private_key_jwt needs jwks, with at least one key for signatures, or jwks_uri"))
        }
        Some(AuthMethod::SelfSignedTlsClientAuth)
            if !published && keys.as_ref().is_none_or(|keys| keys.certificates().next().is_none()) =>
        {
            let why = "self_signed_tls_client_auth needs jwks, whose keys have their certificates (x5c), or jwks_uri";
            Err(unsupported("jwks", why))
        }
        Some(AuthMethod::TlsClientAuth) => metadata.certificate_name.check(),
        _ if !metadata.certificate_name.is_empty() => {
            let why = format!("{} go with tls_client_auth alone", NAME_MEMBERS.join(", "));
            Err(unsupported("token_endpoint_auth_method", &why))
        }
        _ => Ok(()),
    }
}

/// The keys of `jwks`, parsed.
pub(super) fn registered_keys(metadata: &ClientMetadata) -> Result<Option<JwkSet>, MetadataError> {
    let Some(jwks) = &metadata.jwks else { return Ok(None) };
    let text = jwks.to_string();
    if text.len() > LONGEST {
        return Err(unsupported("jwks", "it is longer than 64 KiB"));
    }
    let keys = JwkSet::parse(text.as_bytes()).map_err(|error: JwkSetError| unsupported("jwks", &error.to_string()))?;
    Ok(Some(keys))
}

fn check_uri(metadata: &ClientMetadata) -> Result<(), MetadataError> {
    let Some(uri) = &metadata.jwks_uri else { return Ok(()) };
    // RFC 7591 section 2: both must not be present.
    if metadata.jwks.is_some() {
        return Err(unsupported("jwks_uri", "give jwks or jwks_uri, and not both"));
    }
    if is_fetched(uri) {
        Ok(())
    } else {
        Err(unsupported("jwks_uri", "write an https URL (http only for this machine), without credentials"))
    }
}

/// Whether keys are fetched from there.
pub(crate) fn is_fetched(uri: &str) -> bool {
    let fetched = Url::parse(uri).is_ok_and(|url| {
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url));
        scheme && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    fetched && uri.len() <= 2000
}

fn check_algorithm(method: Option<AuthMethod>, metadata: &ClientMetadata) -> Result<(), MetadataError> {
    let Some(algorithm) = metadata.token_endpoint_auth_signing_alg else { return Ok(()) };
    let why = match method {
        Some(AuthMethod::PrivateKeyJwt) if !algorithm.is_symmetric() => return Ok(()),
        Some(AuthMethod::ClientSecretJwt) if algorithm.is_symmetric() => return Ok(()),
        Some(AuthMethod::PrivateKeyJwt) => {
            "private_key_jwt signs with a private key: RS256, PS256, ES256, EdDSA or the like"
        }
        Some(AuthMethod::ClientSecretJwt) => "client_secret_jwt signs with the secret: HS256, HS384 or HS512",
        _ => "it goes with private_key_jwt and client_secret_jwt alone",
    };
    Err(unsupported("token_endpoint_auth_signing_alg", why))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::client::specimen::said;

    fn ec_key() -> Value {
        json!({
            "kty": "EC", "crv": "P-256",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        })
    }

    fn keys() -> Value {
        json!({ "keys": [ec_key()] })
    }

    #[test]
    fn what_goes_with_the_method_is_taken() {
        let certificate = json!({ "keys": [{ "kty": "EC", "x5c": ["MAA="] }] });
        for members in [
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys() }),
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/jwks" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://127.0.0.1:8000/jwks" }),
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys(), "token_endpoint_auth_signing_alg": "ES256" }),
            json!({ "token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "HS512" }),
            json!({ "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_ip": "2001:db8::1" }),
            json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": certificate }),
            json!({ "jwks": keys() }),
            json!({ "jwks": null, "tls_client_auth_san_dns": null }),
        ] {
            assert_eq!(said(members.clone()), None, "{members}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused_and_named() {
        let mut private = ec_key();
        private["d"] = json!("AAAA");
        let by_key = |more: Value| {
            let mut members = json!({ "token_endpoint_auth_method": "private_key_jwt" });
            members.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            members
        };
        let by_certificate =
            |name: &str, value: &str| json!({ "token_endpoint_auth_method": "tls_client_auth", name: value });
        for (members, begins) in [
            (by_key(json!({})), "jwks: private_key_jwt needs"),
            (by_key(json!({ "jwks": { "keys": [] } })), "jwks: private_key_jwt needs"),
            (
                by_key(json!({ "jwks": keys(), "jwks_uri": "https://rp.example/jwks" })),
                "jwks_uri: give jwks or jwks_uri",
            ),
            (by_key(json!({ "jwks": { "keys": [private] } })), "jwks: it shows a private key"),
            (by_key(json!({ "jwks": "keys" })), "jwks: it is no JSON Web Key Set"),
            (by_key(json!({ "jwks_uri": "http://rp.example/jwks" })), "jwks_uri: write an https URL"),
            (by_key(json!({ "jwks_uri": "file:///etc/passwd" })), "jwks_uri: write an https URL"),
            (by_key(json!({ "jwks_uri": "https://user:pw@rp.example/jwks" })), "jwks_uri: write an https URL"),
            (
                by_key(json!({ "jwks": keys(), "token_endpoint_auth_signing_alg": "HS256" })),
                "token_endpoint_auth_signing_alg",
            ),
            (by_key(json!({ "jwks": keys(), "token_endpoint_auth_signing_alg": "none" })), "the metadata is not"),
            (json!({ "token_endpoint_auth_signing_alg": "ES256" }), "token_endpoint_auth_signing_alg: it goes with"),
            (
                json!({ "token_endpoint_auth_method": "tls_client_auth" }),
                "token_endpoint_auth_method: tls_client_auth needs",
            ),
            (by_certificate("tls_client_auth_subject_dn", "billing"), "tls_client_auth_subject_dn"),
            (by_certificate("tls_client_auth_san_dns", "*.example.com"), "tls_client_auth_san_dns"),
            (by_certificate("tls_client_auth_san_ip", "127.1"), "tls_client_auth_san_ip"),
            (by_certificate("tls_client_auth_san_uri", "no uri"), "tls_client_auth_san_uri"),
            (by_certificate("tls_client_auth_san_email", "@"), "tls_client_auth_san_email"),
            (
                json!({ "tls_client_auth_san_dns": "a.example" }),
                "token_endpoint_auth_method: tls_client_auth_subject_dn",
            ),
            (
                json!({ "token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": keys() }),
                "jwks: self_signed",
            ),
        ] {
            let said = said(members.clone()).unwrap_or_else(|| panic!("was taken: {members}"));
            assert!(said.starts_with(begins), "{members}: {said}");
        }
        let two = json!({
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_san_dns": "a.example", "tls_client_auth_san_ip": "192.0.2.1",
        });
        assert!(said(two).is_some_and(|said| said.contains("exactly one")));
    }
}
