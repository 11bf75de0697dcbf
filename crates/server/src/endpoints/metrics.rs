//! `/metrics`, for operators: nobody else learns that it is there (docs/metrics.md).

use poem::{
    Request, Response,
    http::{HeaderMap, StatusCode, header},
};

use crate::{
    http::{ClientAddress, Failure},
    state::State,
};

/// What proxies add. From a peer that is no proxy of ours it says that somebody else is behind it.
const FORWARDING: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// GET, from a network of `http.metrics.allow`.
pub(crate) async fn metrics(state: State, request: Request) -> poem::Result<Response> {
    if !is_allowed(&state, &request) {
        return Err(Failure::new(StatusCode::NOT_FOUND, "not_found").into());
    }
    let wants_open_metrics = accepts_open_metrics(request.headers());
    let board = state.board();
    let (content_type, text) = if wants_open_metrics { board.open_metrics() } else { board.prometheus() };
    Ok(Response::builder().content_type(content_type).body(text))
}

fn is_allowed(state: &State, request: &Request) -> bool {
    let peer = request.remote_addr().as_socket_addr().map(|address| address.ip());
    let by_our_proxy = peer.is_some_and(|peer| state.vouching().proxies.contains(peer));
    let forwarded = FORWARDING.iter().any(|name| request.headers().contains_key(*name));
    let client = ClientAddress::of(request);
    (by_our_proxy || !forwarded) && client.is_some_and(|client| state.metrics_allowed().contains(client))
}

fn accepts_open_metrics(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|range| range.trim().starts_with("application/openmetrics-text"))
}
