//! Asking the provider about a token (RFC 7662).

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use url::form_urlencoded;
use vestibule_outbound::fetch::Fetch;

use crate::{
    Denied, TokenFault,
    claims::{Claims, Expected, Said},
    provider::Provider,
};

const JSON: &[&str] = &["application/json"];
/// The longest answer, in bytes.
const LONGEST: usize = 64 * 1024;

/// Who asks: the client that the API is registered with.
#[derive(Debug)]
pub(crate) struct Client {
    authorization: SecretString,
}

impl Client {
    /// By client_secret_basic: both are form-urlencoded first (RFC 6749 section 2.3.1).
    pub(crate) fn new(id: &str, secret: &SecretString) -> Self {
        let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(id), encoded(secret.expose_secret()));
        Self { authorization: format!("Basic {}", STANDARD.encode(pair)).into() }
    }

    /// The headers by which it proves who it is.
    pub(crate) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        // What is in base64 is fit for a header.
        if let Ok(mut value) = HeaderValue::from_str(self.authorization.expose_secret()) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        headers
    }

    /// What the provider says of a token.
    pub(crate) async fn introspect(
        &self,
        provider: &Provider,
        token: &str,
        expected: Expected<'_>,
    ) -> Result<Claims, Denied> {
        let endpoint = provider.introspection_endpoint().await.ok_or(Denied::Unavailable)?;
        let fields = [("token", token), ("token_type_hint", "access_token")];
        let fetch = Fetch::post_form(&endpoint, &fields).headers(self.headers()).of_type(JSON).at_most(LONGEST);
        let answer = provider.fetcher().fetch(fetch).await.map_err(|_| Denied::Unavailable)?;
        let said: Map<String, Value> = serde_json::from_slice(&answer.body).map_err(|error| {
            tracing::error!(%error, "an answer of the introspection endpoint cannot be read");
            Denied::Unavailable
        })?;
        if said.get("active") != Some(&Value::Bool(true)) {
            return Err(TokenFault::Inactive.into());
        }
        Ok(Claims::read(said, Said::ByTheProvider, expected)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_secret_are_form_urlencoded_before_they_are_joined() {
        let headers = Client::new("a:b", &"c d%é".to_owned().into()).headers();
        let value = headers[header::AUTHORIZATION].to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
        assert_eq!(STANDARD.decode(value).unwrap(), b"a%3Ab:c+d%25%C3%A9");
        assert!(headers[header::AUTHORIZATION].is_sensitive());
    }
}
