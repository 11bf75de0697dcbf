//! Applications of third parties.

use serde_json::Value;
use url::Url;
use vestibule_core::{ClientId, RedirectUri};
use vestibule_oidc::client::{AuthMethod, NewClient};

use crate::{Answer, AuthorizeRequest, JsonAnswer, TestApp, TokenRequest, Tokens, Wire};

/// An application to be registered: confidential, with one redirect URI, until a test says otherwise.
#[derive(Clone, Debug)]
pub struct ClientSpec(NewClient);

impl Default for ClientSpec {
    fn default() -> Self {
        Self::named("Harbour Notes")
    }
}

impl ClientSpec {
    /// A confidential one of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let mut new = NewClient::named(name, vec![uri("https://rp.example/cb")]);
        new.metadata.post_logout_redirect_uris = vec![uri("https://rp.example/signed-out")];
        Self(new)
    }

    /// One that cannot keep a secret.
    #[must_use]
    pub fn public() -> Self {
        Self::default().with(|new| new.auth_method = Some(AuthMethod::None))
    }

    /// One of the organisation's own: nobody is asked for consent.
    #[must_use]
    pub fn first_party() -> Self {
        Self::default().with(|new| new.first_party = true)
    }

    /// One that need not use PKCE.
    #[must_use]
    pub fn without_pkce() -> Self {
        Self::default().with(|new| new.require_pkce = Some(false))
    }

    /// With these redirect URIs, and no other.
    #[must_use]
    pub fn at(self, redirect_uris: &[&str]) -> Self {
        self.with(|new| new.metadata.redirect_uris = redirect_uris.iter().map(|text| uri(text)).collect())
    }

    /// That may ask for these scopes.
    #[must_use]
    pub fn for_scope(self, scope: &str) -> Self {
        self.with(|new| new.metadata.scope = scope.parse().expect("a scope"))
    }

    /// That may use these grants.
    #[must_use]
    pub fn for_grants(self, grants: &[&str]) -> Self {
        self.with(|new| {
            new.metadata.grant_types = grants.iter().map(|grant| (*grant).to_owned()).collect();
            new.metadata.fit_response_types();
        })
    }

    /// That may use these response types, and the grants that they need.
    #[must_use]
    pub fn for_response_types(self, response_types: &[&str]) -> Self {
        self.for_grants(&["authorization_code", "implicit", "refresh_token"]).with(|new| {
            new.metadata.response_types = response_types.iter().map(|name| (*name).to_owned()).collect();
        })
    }

    /// As it is handed to the provider.
    #[must_use]
    pub fn new_client(self) -> NewClient {
        self.0
    }

    /// Changed in any other way.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut NewClient)) -> Self {
        change(&mut self.0);
        self
    }
}

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A registered application, as its developers know it.
#[derive(Clone, Debug)]
pub struct ThirdParty {
    /// Its `client_id`.
    pub client_id: String,
    /// Its secret, if it has one.
    pub secret: Option<String>,
    /// Its first redirect URI.
    pub redirect_uri: String,
    /// Its first post-logout redirect URI.
    pub post_logout_redirect_uri: String,
    wire: Wire,
}

impl TestApp {
    /// Registers an application.
    pub async fn client(&self, spec: ClientSpec) -> ThirdParty {
        let created = self.provider().clients().create(spec.0).await.expect("an application");
        let first = |uris: &[RedirectUri]| uris.first().map(ToString::to_string).unwrap_or_default();
        ThirdParty {
            client_id: created.client.id.to_string(),
            secret: created.secret,
            redirect_uri: first(&created.client.metadata.redirect_uris),
            post_logout_redirect_uri: first(&created.client.metadata.post_logout_redirect_uris),
            wire: self.wire().clone(),
        }
    }
}

impl TestApp {
    /// An application that is registered already, such as one that came from elsewhere.
    #[must_use]
    pub fn known_client(&self, client_id: &str, secret: Option<&str>, redirect_uri: &str) -> ThirdParty {
        ThirdParty {
            client_id: client_id.to_owned(),
            secret: secret.map(str::to_owned),
            redirect_uri: redirect_uri.to_owned(),
            post_logout_redirect_uri: String::new(),
            wire: self.wire().clone(),
        }
    }
}

impl ThirdParty {
    /// Its `client_id`, as the provider has it.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.client_id.as_str().into()
    }

    /// An authorization request, for a test to change and a browser to open.
    #[must_use]
    pub fn request(&self) -> AuthorizeRequest {
        AuthorizeRequest::new(self)
    }

    /// A token request for what it was answered, for a test to change and send. The application proves itself by
    /// client_secret_basic where it has a secret.
    #[must_use]
    pub fn exchange(&self, answer: &Answer) -> TokenRequest {
        TokenRequest::new(self.wire.clone(), self, answer)
    }

    /// A token request for any grant, for a test to fill in and send.
    #[must_use]
    pub fn asks(&self, grant_type: &str) -> TokenRequest {
        TokenRequest::of(self.wire.clone(), self, grant_type)
    }

    /// A device authorization request, for a test to fill in and send.
    #[must_use]
    pub fn begins_device(&self) -> TokenRequest {
        TokenRequest::of(self.wire.clone(), self, "").without("grant_type").at("/oauth2/device_authorization")
    }

    /// An authorization request to push, for a test to change and send.
    #[must_use]
    pub fn push(&self, request: &AuthorizeRequest) -> TokenRequest {
        let push = TokenRequest::to("/oauth2/par", self.wire.clone(), self).without("client_id");
        request.parameters.iter().fold(push, |push, (name, value)| push.add(name, value))
    }

    /// Where a browser is sent for what was pushed, or lies at an address of the application's.
    #[must_use]
    pub fn opening(&self, request_uri: &str) -> String {
        let mut url = self.authorize_endpoint();
        url.query_pairs_mut().append_pair("client_id", &self.client_id).append_pair("request_uri", request_uri);
        url.into()
    }

    /// Redeems what it was answered.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn redeem(&self, answer: &Answer) -> Tokens {
        self.exchange(answer).send().await.tokens()
    }

    /// Asks userinfo, with the token in the header.
    pub async fn userinfo(&self, access_token: &str) -> JsonAnswer {
        JsonAnswer::of(self.wire.get("/oauth2/userinfo").bearer_auth(access_token)).await
    }

    /// A request to introspect a token, for a test to change and send.
    #[must_use]
    pub fn introspection(&self, token: &str) -> TokenRequest {
        TokenRequest::to("/oauth2/introspect", self.wire.clone(), self).add("token", token)
    }

    /// What it hears of a token.
    ///
    /// # Panics
    /// Where it may not ask.
    pub async fn introspect(&self, token: &str) -> Value {
        let answer = self.introspection(token).send().await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    /// A request to revoke a token, for a test to change and send.
    #[must_use]
    pub fn revocation(&self, token: &str) -> TokenRequest {
        TokenRequest::to("/oauth2/revoke", self.wire.clone(), self).add("token", token)
    }

    pub(crate) fn authorize_endpoint(&self) -> Url {
        self.wire.url("/oauth2/authorize")
    }
}
