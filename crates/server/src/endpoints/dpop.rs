//! The headers of DPoP (RFC 9449): proofs as they come in, nonces and challenges as they go out.

use poem::{
    Request, Response,
    http::{HeaderName, HeaderValue, header},
};
use vestibule_oidc::{DpopRequest, Provider};

use crate::{state::State, vouching::Vouching};

/// The header of a proof. Names of headers have no case.
const PROOF: HeaderName = HeaderName::from_static("dpop");
/// The header of a nonce.
const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// The proofs of a request: each value of its `DPoP` headers. What is not ASCII is no proof, and is refused as one.
pub(crate) fn proofs(request: &Request) -> Vec<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    request.headers().get_all(PROOF).iter().map(text).collect()
}

/// A request to `path`, as far as its `proofs` speak of it.
pub(crate) fn spoken_of<'a>(request: &'a Request, path: &'a str, proofs: &'a [String]) -> DpopRequest<'a> {
    DpopRequest { method: request.method().as_str(), path, by_mutual_tls: Vouching::is_mutual(request), proofs }
}

/// `response` with the nonce for the next proof, where proofs must carry one (section 8.2).
pub(crate) fn with_nonce(state: &State, mut response: Response) -> Response {
    if let Some(nonce) = state.provider().dpop_nonce().and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
        response.headers_mut().insert(NONCE, nonce);
    }
    response
}

/// The challenge of the scheme `DPoP` (section 7.1), with what was wrong.
pub(crate) fn challenge(error: Option<(&str, &str)>) -> String {
    let algorithms = Provider::dpop_algorithms();
    match error {
        None => format!("DPoP realm=\"vestibule\", algs=\"{algorithms}\""),
        Some((code, description)) => format!(
            "DPoP realm=\"vestibule\", algs=\"{algorithms}\", error=\"{code}\", error_description=\"{description}\""
        ),
    }
}

/// `response` with one more challenge.
pub(crate) fn with_challenge(mut response: Response, challenge: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().append(header::WWW_AUTHENTICATE, value);
    }
    response
}
