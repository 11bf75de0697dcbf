//! Whoever administers the provider through its API.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use vestibule_core::UserId;
use vestibule_tokens::{AccessTokenClaims, SigningAlgorithm};

use crate::{ClientSpec, Contract, JsonAnswer, TestApp, Wire};

/// Somebody with a token for the administration API. Every answer is held against the document.
#[derive(Clone, Debug)]
pub struct Administrator {
    /// Who.
    pub id: UserId,
    /// Their token.
    pub token: String,
    contract: Contract,
    wire: Wire,
}

impl TestApp {
    /// A superuser with a token that names every permission.
    pub async fn superuser(&self) -> Administrator {
        let user = self.user_with("root", |new| (new.staff, new.superuser) = (true, true)).await;
        let scopes = every_scope(self).await;
        self.administrator(user.id, &scopes).await
    }

    /// Somebody, with a token that names these permissions.
    pub async fn administrator(&self, id: UserId, scopes: &str) -> Administrator {
        let audience = format!("{}/api/v1", self.issuer());
        let token = self.access_token(id, &audience, scopes).await;
        Administrator { id, token, contract: self.contract().await, wire: self.wire().clone() }
    }

    /// An access token of somebody for an API, as an application of the organisation's would get it.
    pub async fn access_token(&self, user: UserId, audience: &str, scopes: &str) -> String {
        let client = self.client(ClientSpec::first_party()).await;
        let claims = AccessTokenClaims {
            user: Some(user),
            client: client.id(),
            sector: None,
            audience: audience.to_owned(),
            scope: scopes.parse().expect("scopes"),
            authentication: None,
            session: None,
            grant: None,
            confirmation: None,
            actor: None,
            userinfo_claims: Vec::new(),
            lifetime: Duration::from_secs(600),
        };
        let minted = self.provider().tokens().mint_access_token(claims, SigningAlgorithm::Es256);
        minted.expect("an access token").token
    }
}

/// Every scope of the administration API.
async fn every_scope(app: &TestApp) -> String {
    let own = format!("{}/api/v1", app.issuer());
    let api = app.provider().apis().find(&own).await.expect("a database").expect("the administration API");
    api.scopes.iter().map(|scope| scope.scope.as_str()).collect::<Vec<_>>().join(" ")
}

impl Administrator {
    /// The same with another token: another's, or an API token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    /// PUT, without a body.
    pub async fn put(&self, path: &str) -> JsonAnswer {
        self.send(Method::PUT, path, |request| request).await
    }

    /// PUT, with one.
    pub async fn put_body(&self, path: &str, body: &Value) -> JsonAnswer {
        self.send(Method::PUT, path, |request| request.json(body)).await
    }

    /// Makes a group, and answers its path.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn group(&self, name: &str) -> String {
        let made = self.post("/api/v1/groups", &serde_json::json!({ "name": name })).await;
        made.header("location").unwrap_or_else(|| panic!("no group: {}", made.body)).to_owned()
    }

    /// Makes an API token for a user, limited to `scopes` or to nothing.
    ///
    /// # Panics
    /// Where that is refused.
    pub async fn api_token(&self, user: UserId, scopes: Option<&[&str]>) -> String {
        let body = serde_json::json!({ "name": "test", "scopes": scopes });
        let made = self.post(&format!("/api/v1/users/{user}/api-tokens"), &body).await;
        made.body["token"].as_str().unwrap_or_else(|| panic!("no token: {}", made.body)).to_owned()
    }

    /// A request with the token, to be completed.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.wire.request(method, path).bearer_auth(&self.token)
    }

    /// Sends a request, and holds the answer against the document.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> JsonAnswer {
        let answer = JsonAnswer::of(complete(self.request(method.clone(), path))).await;
        self.contract.check(&method, path, &answer);
        answer
    }

    /// GET.
    pub async fn get(&self, path: &str) -> JsonAnswer {
        self.send(Method::GET, path, |request| request).await
    }

    /// POST.
    pub async fn post(&self, path: &str, body: &Value) -> JsonAnswer {
        self.send(Method::POST, path, |request| request.json(body)).await
    }

    /// PATCH.
    pub async fn patch(&self, path: &str, body: &Value) -> JsonAnswer {
        self.send(Method::PATCH, path, |request| request.json(body)).await
    }

    /// PATCH, where it still is what `etag` names.
    pub async fn patch_if(&self, path: &str, body: &Value, etag: &str) -> JsonAnswer {
        self.send(Method::PATCH, path, |request| request.header("if-match", etag).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> JsonAnswer {
        self.send(Method::DELETE, path, |request| request).await
    }

    /// Every item of a list, page by page.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let next = match &cursor {
                None => path.to_owned(),
                Some(cursor) if path.contains('?') => format!("{path}&cursor={cursor}"),
                Some(cursor) => format!("{path}?cursor={cursor}"),
            };
            let page = self.get(&next).await;
            assert_eq!(page.status, 200, "{}", page.body);
            items.extend(page.body["items"].as_array().cloned().unwrap_or_default());
            match page.body["next"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return items,
            }
        }
    }
}
