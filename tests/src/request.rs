//! What an application sends to the authorization endpoint.

use openidconnect::PkceCodeChallenge;
use url::{Url, form_urlencoded};
use vestibule_core::Random;

use crate::ThirdParty;

/// An authorization request: right in every part until a test changes it.
#[derive(Clone, Debug)]
pub struct AuthorizeRequest {
    endpoint: Url,
    /// The parameters, in the order in which they are sent.
    pub parameters: Vec<(String, String)>,
    /// The PKCE verifier that belongs to its challenge.
    pub verifier: String,
}

impl AuthorizeRequest {
    /// One for `scope=openid`, with state, nonce and PKCE.
    pub(crate) fn new(client: &ThirdParty) -> Self {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let random = Random::system();
        let request =
            Self { endpoint: client.authorize_endpoint(), parameters: Vec::new(), verifier: verifier.secret().clone() };
        request
            .add("response_type", "code")
            .add("client_id", &client.client_id)
            .add("redirect_uri", &client.redirect_uri)
            .add("scope", "openid")
            .add("state", &random.token())
            .add("nonce", &random.token())
            .add("code_challenge", challenge.as_str())
            .add("code_challenge_method", "S256")
    }

    /// The value of a parameter, the first where it stands twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(parameter, _)| parameter == name).map(|(_, value)| value.as_str())
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

    /// With these parameters alone.
    #[must_use]
    pub fn only(mut self, names: &[&str]) -> Self {
        self.parameters.retain(|(parameter, _)| names.contains(&parameter.as_str()));
        self
    }

    /// What stands beside a request object in OpenID Connect's way (Core section 6.1): the parameters that must, and none of the
    /// rest.
    #[must_use]
    pub fn beside_an_object(&self) -> Self {
        self.clone().only(&["response_type", "client_id"]).add("scope", "openid")
    }

    /// Without PKCE.
    #[must_use]
    pub fn without_pkce(self) -> Self {
        self.without("code_challenge").without("code_challenge_method")
    }

    /// The mode in which it is answered: what holds tokens never is in a query.
    #[must_use]
    pub fn expected_mode(&self) -> &'static str {
        let words = self.get("response_type").unwrap_or_default().split(' ');
        let front_channel = words.into_iter().any(|word| matches!(word, "id_token" | "token"));
        match self.get("response_mode") {
            Some("form_post") => "form_post",
            Some("fragment") => "fragment",
            _ if front_channel => "fragment",
            _ => "query",
        }
    }

    /// The address that a browser is sent to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}?{}", self.endpoint, self.query())
    }

    /// The parameters, form-urlencoded.
    #[must_use]
    pub fn query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.parameters).finish()
    }
}
