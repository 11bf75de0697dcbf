//! What an application registers to prove itself with: keys, the name of a certificate, an algorithm; and that they go with
//! its method (OpenID Connect Registration section 2, RFC 8705 section 2.1.2).

use url::{Host, Url};
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
    let fetched = Url::parse(uri).is_ok_and(|url| {
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && is_this_machine(&url));
        scheme && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    if fetched && uri.len() <= 2000 {
        Ok(())
    } else {
        Err(unsupported("jwks_uri", "write an https URL (http only for this machine), without credentials"))
    }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
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
