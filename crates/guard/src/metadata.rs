//! What an API tells of itself (RFC 9728): who makes its tokens, and how they are sent.

use std::sync::Arc;

use http::{Method, StatusCode, header};
use poem::{Endpoint, Request, Response, Result};
use serde_json::{Value, json};
use url::Url;
use vestibule_jose::DPOP_ALGORITHMS;

/// Where such metadata lies: before the path of the API's identifier (section 3.1).
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The metadata of an API, an endpoint that answers GET.
#[derive(Clone, Debug)]
pub struct ResourceMetadata {
    url: String,
    path: String,
    document: Arc<Value>,
}

impl ResourceMetadata {
    pub(crate) fn new(origin: &str, audience: &str, issuer: &str) -> Self {
        let own = Url::parse(audience).ok().filter(|url| url.origin().ascii_serialization() == origin);
        let below = own.as_ref().map(|url| url.path().trim_end_matches('/')).unwrap_or_default();
        let path = format!("{WELL_KNOWN}{below}");
        let document = json!({
            "resource": audience,
            "authorization_servers": [issuer],
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": DPOP_ALGORITHMS.map(|algorithm| algorithm.name()),
        });
        Self { url: format!("{origin}{path}"), path, document: Arc::new(document) }
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        Arc::make_mut(&mut self.document)[name] = value;
        self
    }

    pub(crate) fn named(self, name: Option<String>) -> Self {
        match name {
            Some(name) => self.with("resource_name", name.into()),
            None => self,
        }
    }

    pub(crate) fn with_scopes(self, scopes: Vec<String>) -> Self {
        if scopes.is_empty() { self } else { self.with("scopes_supported", scopes.into()) }
    }

    pub(crate) fn with_dpop(self, only: bool) -> Self {
        if only { self.with("dpop_bound_access_tokens_required", true.into()) } else { self }
    }

    pub(crate) fn with_certificates(self, taken: bool) -> Self {
        if taken { self.with("tls_client_certificate_bound_access_tokens", true.into()) } else { self }
    }

    /// Where it lies, without the host: what to hand to `Route::at`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Where it lies.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }
}

impl Endpoint for ResourceMetadata {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return Ok(StatusCode::METHOD_NOT_ALLOWED.into());
        }
        let answer = Response::builder()
            .content_type("application/json")
            .header(header::CACHE_CONTROL, "public, max-age=300")
            // It is public, and applications in browsers begin with it.
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        Ok(answer.body(self.document.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lies_before_the_path_of_the_identifier() {
        let metadata = |origin, audience| ResourceMetadata::new(origin, audience, "https://id.example");
        let own = metadata("https://api.example", "https://api.example/v1/");
        assert_eq!(own.url(), "https://api.example/.well-known/oauth-protected-resource/v1");
        assert_eq!(own.path(), "/.well-known/oauth-protected-resource/v1");
        assert_eq!(metadata("https://api.example", "https://api.example").path(), WELL_KNOWN);
        assert_eq!(metadata("https://api.example", "urn:example:api").path(), WELL_KNOWN);
    }

    #[test]
    fn it_names_who_makes_tokens_and_how_they_are_sent() {
        let metadata = ResourceMetadata::new("https://api.example", "https://api.example", "https://id.example");
        let metadata = metadata.named(Some("Billing".to_owned())).with_scopes(vec!["a".to_owned()]).with_dpop(true);
        let expected = json!({
            "resource": "https://api.example",
            "resource_name": "Billing",
            "authorization_servers": ["https://id.example"],
            "scopes_supported": ["a"],
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": ["ES256", "PS256", "EdDSA"],
            "dpop_bound_access_tokens_required": true,
        });
        assert_eq!(*metadata.document(), expected);
    }
}
