//! An application of the suite's: it registers itself for one test.

use serde_json::{Value, json};
use vestibule::config::{Config, RegistrationMode};
use vestibule_tests::{Answer, AuthorizeRequest, Browser, JsonAnswer, Page, TestApp, ThirdParty};

/// Where the suite is answered.
pub(super) const CALLBACK: &str = "https://suite.example/test/a/cb";

/// A provider with open registration, and alice at a browser, who is signed in.
pub(super) struct Suite {
    pub(super) app: TestApp,
    pub(super) browser: Browser,
}

impl Suite {
    pub(super) async fn new() -> Self {
        Self::at(TestApp::with(Self::open).await).await
    }

    pub(super) fn open(config: &mut Config) {
        config.registration.mode = RegistrationMode::Open;
        config.fetch.allow_private_networks = true;
    }

    pub(super) async fn at(app: TestApp) -> Self {
        let alice = app.user("alice").await;
        let browser = Browser::sign_in(&app, &alice).await;
        Self { app, browser }
    }

    pub(super) async fn asks(&self, document: &Value) -> JsonAnswer {
        JsonAnswer::of(self.app.wire().post("/oauth2/register").json(document)).await
    }

    /// An application as the suite registers it, with `more` in it.
    pub(super) async fn registers(&self, more: Value) -> (ThirdParty, Value) {
        let mut document = json!({
            "client_name": "A test of the suite",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
            "contacts": ["certification@oidf.example"],
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.asks(&document).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let told = answer.body;
        let first = told["redirect_uris"][0].as_str().unwrap();
        let client = self.app.known_client(told["client_id"].as_str().unwrap(), told["client_secret"].as_str(), first);
        (client, told)
    }

    /// The page that an application's request leads to.
    pub(super) async fn shown(&mut self, request: &AuthorizeRequest) -> Page {
        self.browser.open(&request.url()).await
    }

    pub(super) async fn completes(&mut self, client: &ThirdParty, request: AuthorizeRequest) {
        let page = self.browser.walk(&request.url()).await;
        let answer = Answer::read(&page, &request);
        let tokens = client.redeem(&answer).await;
        assert_eq!(client.userinfo(&tokens.access_token).await.status, 200);
    }
}
