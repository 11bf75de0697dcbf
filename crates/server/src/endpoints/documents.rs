//! What anybody may read: the metadata, the keys, the stylesheet.

use hyper::body::Bytes;
use poem::{
    Request, Response,
    http::{StatusCode, header},
};

use super::reply::error_page;
use crate::{
    http::RequestId,
    pages::{self, Asset},
    state::State,
};

/// How long the metadata may be kept.
const METADATA_CACHE: &str = "public, max-age=300";
/// How long the keys may be kept: a new key is published longer than that before it signs.
const JWKS_CACHE: &str = "public, max-age=300";

/// `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
pub(crate) async fn metadata(state: State, request: Request) -> Response {
    match state.provider().discovery().await {
        Ok(document) => Response::builder()
            .content_type("application/json")
            .header(header::CACHE_CONTROL, METADATA_CACHE)
            .body(document),
        Err(error) => {
            let request_id = RequestId::of(&request);
            tracing::error!(%error, %request_id, "the metadata could not be made");
            error_page(&state, &request, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None)
        }
    }
}

/// `/oauth2/jwks` (RFC 7517).
pub(crate) async fn jwks(state: State, _: Request) -> Response {
    Response::builder()
        .content_type("application/json")
        .header(header::CACHE_CONTROL, JWKS_CACHE)
        .body(Bytes::from_owner(state.provider().tokens().keys().jwks()))
}

/// The stylesheet, under a name that changes with its content.
pub(crate) async fn stylesheet(_: State, _: Request) -> Response {
    asset(pages::stylesheet())
}

/// The mark in a browser's tab, likewise.
pub(crate) async fn mark(_: State, _: Request) -> Response {
    asset(pages::mark())
}

fn asset(asset: &'static Asset) -> Response {
    Response::builder()
        .content_type(asset.content_type)
        .header(header::CACHE_CONTROL, "public, max-age=31536000, immutable")
        .body(asset.bytes)
}
