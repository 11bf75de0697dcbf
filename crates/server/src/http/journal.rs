//! What the log says of each request, the id by which it can be found there, and how long it took.

use std::{
    sync::{Arc, LazyLock},
    time::Instant,
};

use http::{Method, StatusCode, Uri};
use poem::{PathPattern, Request, Response};
use tracing::{Span, field::display};
use vestibule_metrics::DurationsBy;

use super::{ClientAddress, RequestId, TrustedProxies, request_id, request_id::RequestIds};

/// How much of an unknown path is logged.
const LONGEST_PATH: usize = 100;

/// Gives each request its id and its client's address, and writes one line when it is answered.
pub(super) struct Journal {
    proxies: TrustedProxies,
    ids: RequestIds,
    /// The paths that machines ask for again and again. What went well there is told at level debug: nobody learns anything from
    /// thousands of such lines, and they would cost more than the answers.
    polled: &'static [&'static str],
    /// By route and class of status.
    requests: DurationsBy<2>,
}

impl Journal {
    pub(super) fn new(proxies: TrustedProxies, polled: &'static [&'static str], requests: DurationsBy<2>) -> Self {
        Self { proxies, ids: RequestIds::default(), polled, requests }
    }

    /// Begins the line of a request.
    pub(super) fn begin(&self, request: &mut Request) -> Entry {
        let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
        let trusted = peer.is_some_and(|peer| self.proxies.contains(peer));
        let given = if trusted { RequestId::given(request.headers()) } else { None };
        let id = given.unwrap_or_else(|| self.ids.next());
        let client = peer.map(|peer| self.proxies.client(peer, request.headers()));
        if let Some(client) = client {
            request.set_data(client);
        }
        request.set_data(id.clone());
        Entry::new(request, id, client, self.polled.contains(&request.uri().path()))
    }

    /// Writes the line, tells the answer its id, and counts how long it took.
    pub(super) fn end(&self, entry: Entry, response: &mut Response) {
        if let Some(value) = entry.id.to_header() {
            response.headers_mut().insert(request_id::HEADER, value);
        }
        self.requests.note([endpoint(response), class(response.status())], entry.begun.elapsed());
        entry.answered(response);
    }
}

/// One line of the log in the making.
pub(super) struct Entry {
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

    /// The span around everything that is logged of the request.
    pub(super) fn span(&self) -> Span {
        match self.polled {
            true => tracing::debug_span!("request", request_id = %self.id),
            false => tracing::info_span!("request", request_id = %self.id),
        }
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
    static NONE: LazyLock<Arc<str>> = LazyLock::new(|| "none".into());
    response.data::<PathPattern>().map_or_else(|| NONE.clone(), |pattern| pattern.0.clone())
}

/// The class of a status.
fn class(status: StatusCode) -> Arc<str> {
    static CLASSES: LazyLock<[Arc<str>; 5]> = LazyLock::new(|| ["1xx", "2xx", "3xx", "4xx", "5xx"].map(Into::into));
    let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len());
    CLASSES[class - 1].clone()
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
