//! What the log says of each request, the id by which it can be found there, and how long it took.

use std::{sync::Arc, time::Instant};

use http::{Method, StatusCode};
use poem::{Endpoint, PathPattern, Request, Response, Result};
use tracing::Instrument as _;
use vestibule_core::Random;
use vestibule_metrics::DurationsBy;

use super::{ClientAddress, RequestId, TrustedProxies, layer::Layer, request_id};

/// How much of an unknown path is logged.
const LONGEST_PATH: usize = 100;

/// Gives each request its id and its client's address, and writes one line when it is answered.
pub(super) struct Journal {
    pub(super) proxies: TrustedProxies,
    pub(super) random: Random,
    /// By route and class of status.
    pub(super) requests: DurationsBy<2>,
}

impl Layer for Journal {
    async fn call<E: Endpoint<Output = Response>>(&self, next: &E, mut request: Request) -> Result<Response> {
        let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
        let trusted = peer.is_some_and(|peer| self.proxies.contains(peer));
        let given = if trusted { RequestId::given(request.headers()) } else { None };
        let id = given.unwrap_or_else(|| RequestId::random(&self.random));
        let client = peer.map(|peer| self.proxies.client(peer, request.headers()));
        if let Some(client) = client {
            request.set_data(client);
        }
        request.set_data(id.clone());

        let entry = Entry::new(&request, id.clone(), client);
        let span = tracing::info_span!("request", request_id = %id);
        let mut response = next.call(request).instrument(span).await.unwrap_or_else(|error| error.into_response());
        if let Some(value) = id.to_header() {
            response.headers_mut().insert(request_id::HEADER, value);
        }
        self.requests.note([endpoint(&response), class(response.status()).into()], entry.begun.elapsed());
        entry.answered(&response);
        Ok(response)
    }
}

/// One line of the log in the making.
struct Entry {
    method: String,
    path: String,
    id: RequestId,
    client: String,
    begun: Instant,
    answered: bool,
}

impl Entry {
    fn new(request: &Request, id: RequestId, client: Option<ClientAddress>) -> Self {
        Self {
            method: method(request.method()).to_owned(),
            path: path(request.uri().path()),
            id,
            client: client.map(|client| client.to_string()).unwrap_or_default(),
            begun: Instant::now(),
            answered: false,
        }
    }

    /// Writes the line. Of the path it says the route's pattern where there is one, since a path can hold a one-time link's
    /// secret; of the query, which can hold codes and hints, nothing.
    fn answered(mut self, response: &Response) {
        self.answered = true;
        let path = response.data::<PathPattern>().map_or(self.path.as_str(), |pattern| &pattern.0);
        let Self { method, id, client, .. } = &self;
        let (status, duration_ms) = (response.status().as_u16(), self.duration_ms());
        tracing::info!(%method, path, status, duration_ms, request_id = %id, %client, "request answered");
    }

    fn duration_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.answered {
            let duration_ms = self.duration_ms();
            let Self { method, id, client, .. } = self;
            tracing::info!(%method, duration_ms, request_id = %id, %client, "the client left before the answer");
        }
    }
}

/// The route that answered. Paths that no route has are one: strangers make up as many as they like.
fn endpoint(response: &Response) -> Arc<str> {
    response.data::<PathPattern>().map_or_else(|| "none".into(), |pattern| pattern.0.clone())
}

/// The class of a status.
fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// The method, if it is one: any word can stand in its place.
fn method(method: &Method) -> &str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    if known.contains(method) { method.as_str() } else { "other" }
}

/// A path that no route has, so far as a line can hold it.
fn path(path: &str) -> String {
    let start: String = path.chars().take(LONGEST_PATH).collect();
    let escaped = start.escape_debug().to_string();
    if start.len() < path.len() { format!("{escaped}…") } else { escaped }
}
