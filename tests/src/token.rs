//! What an application sends to the token endpoint, and what it gets.

use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::{Answer, ThirdParty, Wire, jwt};

/// A token request: right in every part until a test changes it.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    wire: Wire,
    /// User and password of the `Authorization` header, as they are before they are form-urlencoded.
    pub basic: Option<(String, String)>,
    /// The parameters of the body.
    pub parameters: Vec<(String, String)>,
}

impl TokenRequest {
    /// One for a grant, by client_secret_basic where the application has a secret.
    pub(crate) fn of(wire: Wire, client: &ThirdParty, grant_type: &str) -> Self {
        let basic = client.secret.clone().map(|secret| (client.client_id.clone(), secret));
        let public = basic.is_none();
        let request = Self { wire, basic, parameters: Vec::new() }.add("grant_type", grant_type);
        if public { request.add("client_id", &client.client_id) } else { request }
    }

    pub(crate) fn new(wire: Wire, client: &ThirdParty, answer: &Answer) -> Self {
        let mut request = Self::of(wire, client, "authorization_code")
            .add("code", answer.code.as_deref().unwrap_or_default())
            .add("redirect_uri", answer.request.get("redirect_uri").unwrap_or_default());
        if answer.request.get("redirect_uri").is_none() {
            request = request.without("redirect_uri");
        }
        if answer.request.get("code_challenge").is_some() {
            request = request.add("code_verifier", &answer.request.verifier);
        }
        request
    }

    /// With a parameter, in place of what stood there.
    #[must_use]
    pub fn set(self, name: &str, value: &str) -> Self {
        self.without(name).add(name, value)
    }

    /// With a parameter once more.
    #[must_use]
    pub fn add(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(parameter, _)| parameter != name);
        self
    }

    /// By client_secret_basic, with these.
    #[must_use]
    pub fn basic(mut self, id: &str, secret: &str) -> Self {
        self.basic = Some((id.to_owned(), secret.to_owned()));
        self
    }

    /// Without an `Authorization` header.
    #[must_use]
    pub fn without_basic(mut self) -> Self {
        self.basic = None;
        self
    }

    /// By client_secret_post, with what would have stood in the header.
    #[must_use]
    pub fn by_post(mut self) -> Self {
        let Some((id, secret)) = self.basic.take() else { return self };
        self.set("client_id", &id).set("client_secret", &secret)
    }

    /// The request, for a test that needs more of it.
    pub fn build(&self) -> RequestBuilder {
        let request = self.wire.post("/oauth2/token").form(&self.parameters);
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        match &self.basic {
            // RFC 6749 section 2.3.1: both are form-urlencoded first.
            Some((id, secret)) => request.basic_auth(encoded(id), Some(encoded(secret))),
            None => request,
        }
    }

    /// Sends it.
    pub async fn send(&self) -> JsonAnswer {
        JsonAnswer::of(self.build()).await
    }
}

/// An answer in JSON.
#[derive(Clone, Debug)]
pub struct JsonAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its document; null where the body is empty.
    pub body: Value,
}

impl JsonAnswer {
    /// Sends a request and reads its answer.
    ///
    /// # Panics
    /// Where the answer is no JSON.
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let text = response.text().await.expect("a whole body");
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {status} {text}"))
        };
        Self { status, headers, body }
    }

    /// A header, once.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The member `error`, empty where there is none.
    #[must_use]
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// The tokens of a good answer.
    ///
    /// # Panics
    /// Where it is not 200.
    #[must_use]
    pub fn tokens(self) -> Tokens {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        let text = |name: &str| self.body[name].as_str().map(str::to_owned);
        Tokens {
            access_token: text("access_token").expect("an access token"),
            id_token: text("id_token").unwrap_or_default(),
            refresh_token: text("refresh_token").unwrap_or_default(),
            body: self.body,
        }
    }
}

/// What an application is given.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access_token: String,
    /// The ID token, empty where `openid` was not asked for.
    pub id_token: String,
    /// The refresh token, empty where there is none.
    pub refresh_token: String,
    /// The whole answer.
    pub body: Value,
}

impl Tokens {
    /// The claims of the ID token, not verified.
    #[must_use]
    pub fn id_claims(&self) -> Value {
        jwt::claims(&self.id_token)
    }

    /// The claims of the access token, not verified.
    #[must_use]
    pub fn access_claims(&self) -> Value {
        jwt::claims(&self.access_token)
    }
}
