//! What the log says of each request, the id by which it can be found there, and how long it took.

use std::{sync::Arc, time::Instant};

use http::{Method, StatusCode, Uri};
use poem::{Endpoint, PathPattern, Request, Response, Result};
use tracing::{Instrument as _, field::display};
use vestibule_core::Random;
use vestibule_metrics::DurationsBy;

use super::{ClientAddress, RequestId, TrustedProxies, layer::Layer, request_id};

/// How much of an unknown path is logged.
const LONGEST_PATH: usize = 100;

/// Gives each request its id and its client's address, and writes one line when it is answered.
pub(super) struct Journal {
    pub(super) proxies: TrustedProxies,
    pub(super) random: Random,
    /// The paths that machines ask for again and again. What went well there is told at level debug: nobody learns anything from
    /// thousands of such lines, and they would cost more than the answers.
    pub(super) polled: &'static [&'static str],
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

        let polled = self.polled.contains(&request.uri().path());
        let entry = Entry::new(&request, id.clone(), client, polled);
        let span = match polled {
            true => tracing::debug_span!("request", request_id = %id),
            false => tracing::info_span!("request", request_id = %id),
        };
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
    method: &'static str,
    uri: Uri,
    id: RequestId,
    client: Option<ClientAddress>,
    polled: bool,
    begun: Instant,
    answered: bool,
}

impl Entry {
    fn new(request: &Request, id: RequestId, client: Option<ClientAddress>, polled: bool) -> Self {
        let (method, uri) = (method(request.method()), request.uri().clone());
        Self { method, uri, id, client, polled, begun: Instant::now(), answered: false }
    }

    /// Writes the line. Of the path it says the route's pattern where there is one, since a path can hold a one-time link's
    /// secret; of the query, which can hold codes and hints, nothing.
    fn answered(mut self, response: &Response) {
        self.answered = true;
        let status = response.status();
        if self.polled && !status.is_client_error() && !status.is_server_error() {
            let Self { method, id, .. } = &self;
            tracing::debug!(%method, path = self.uri.path(), status = status.as_u16(), request_id = %id, "request answered");
            return;
        }
        let unknown;
        let path = match response.data::<PathPattern>() {
            Some(pattern) => &*pattern.0,
            None => {
                unknown = path(self.uri.path());
                &unknown
            }
        };
        let Self { method, id, .. } = &self;
        let (status, duration_ms, client) = (status.as_u16(), self.duration_ms(), self.client.map(display));
        tracing::info!(%method, path, status, duration_ms, request_id = %id, client, "request answered");
    }

    fn duration_ms(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if !self.answered {
            let (duration_ms, client) = (self.duration_ms(), self.client.map(display));
            let Self { method, id, .. } = self;
            tracing::info!(%method, duration_ms, request_id = %id, client, "the client left before the answer");
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
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A path that no route has, so far as a line can hold it.
fn path(path: &str) -> String {
    let start: String = path.chars().take(LONGEST_PATH).collect();
    let escaped = start.escape_debug().to_string();
    if start.len() < path.len() { format!("{escaped}…") } else { escaped }
}
