//! The API.

use std::{net::SocketAddr, time::Duration};

use poem::{
    Body, Endpoint, EndpointExt, Request, Response, Route,
    endpoint::BoxEndpoint,
    get, handler,
    http::{HeaderMap, StatusCode, uri::Scheme},
    web::{LocalAddr, RemoteAddr},
};
use serde_json::Value;
use vestibule_guard::{
    Claims, ClientCertificate, Guard, Permissions, Scopes, StepUp, Subject, require_authentication, require_permission,
    require_scope,
};

/// An API with a guard around most of it.
pub(crate) struct Api {
    pub(crate) guard: Guard,
    routes: BoxEndpoint<'static, Response>,
}

/// What it was asked with, and from where.
pub(crate) struct Call {
    method: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, String)>,
    peer: SocketAddr,
    certificate: Option<Vec<u8>>,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

#[handler]
fn who(subject: Subject) -> String {
    subject.to_string()
}

#[handler]
fn all(claims: Claims, Scopes(scopes): Scopes) -> String {
    format!("{} for {}: {scopes}", claims.subject(), claims.client_id())
}

#[handler]
fn rights(permissions: Permissions) -> String {
    permissions.iter().collect::<Vec<_>>().join(" ")
}

impl Api {
    pub(crate) fn new(guard: Guard) -> Self {
        let step_up = StepUp::by(["strong", "stronger"]).and_within(Duration::from_secs(60));
        let guarded = Route::new()
            .at("/who", get(who).post(who))
            .at("/all", get(all))
            .at("/rights", get(rights))
            .at("/notes", get(who).with(require_scope("notes:read")))
            .at("/write", get(who).with(require_scope("notes:read notes:write")))
            .at("/nothing", get(who).with(require_scope(" ")))
            .at("/invoice", get(who).with(require_permission("billing.view_invoice")))
            .at("/transfer", get(who).with(require_authentication(step_up)));
        let routes = Route::new()
            .at(guard.metadata().path(), guard.metadata())
            .at("/unguarded", get(who).with(require_scope("notes:read")))
            .nest("/", guarded.with(guard.clone()))
            .map_to_response()
            .boxed();
        Self { guard, routes }
    }

    pub(crate) async fn call(&self, call: Call) -> Answer {
        let mut request = poem::http::Request::builder().method(call.method).uri(call.path);
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let parts = (parts, LocalAddr::default(), RemoteAddr(call.peer.into()), Scheme::HTTP).into();
        let mut request = Request::from_parts(parts, Body::empty());
        if let Some(der) = call.certificate {
            request.set_data(ClientCertificate(der));
        }
        let mut answer = self.routes.get_response(request).await;
        let body = answer.take_body().into_string().await.unwrap();
        Answer { status: answer.status(), headers: answer.headers().clone(), body }
    }

    /// What `GET path` is answered with a bearer token.
    pub(crate) async fn get(&self, path: &'static str, token: &str) -> Answer {
        self.call(Call::get(path).bearer(token)).await
    }

    /// Asserts that a bearer token is good.
    pub(crate) async fn takes(&self, token: &str) {
        let answer = self.get("/who", token).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "alice"));
    }

    /// Asserts that a bearer token is not.
    pub(crate) async fn refuses(&self, token: &str) {
        let answer = self.get("/who", token).await;
        assert_eq!((answer.status.as_u16(), answer.error().as_str()), (401, "invalid_token"), "{token}");
        assert!(answer.challenge("Bearer").contains("error=\"invalid_token\""), "{answer:?}");
    }
}

impl Call {
    pub(crate) fn get(path: &'static str) -> Self {
        let peer = "127.0.0.1:1".parse().unwrap();
        Self { method: "GET", path, headers: Vec::new(), peer, certificate: None }
    }

    pub(crate) fn method(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn dpop(self, token: &str, proof: &str) -> Self {
        self.header("authorization", &format!("DPoP {token}")).header("dpop", proof)
    }

    pub(crate) fn from(self, peer: &str) -> Self {
        Self { peer: SocketAddr::new(peer.parse().unwrap(), 1), ..self }
    }

    pub(crate) fn certificate(self, der: &[u8]) -> Self {
        Self { certificate: Some(der.to_vec()), ..self }
    }
}

impl Answer {
    /// The code in the body.
    pub(crate) fn error(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["error"].as_str().unwrap_or_default().to_owned()
    }

    /// The challenge of a scheme.
    pub(crate) fn challenge(&self, scheme: &str) -> String {
        let challenges = self.headers.get_all("www-authenticate").iter().map(|value| value.to_str().unwrap());
        challenges.filter(|challenge| challenge.starts_with(scheme)).collect()
    }
}
