//! A body has so many bytes and no more.

use std::io;

use http::{StatusCode, header::CONTENT_LENGTH};
use http_body_util::{BodyExt as _, Limited, combinators::BoxBody};
use hyper::body::{Body as _, Bytes};
use poem::{Request, Result};

use super::Failure;

/// Refuses a body of more than so many bytes: at once where the client says its length, else when it is read.
pub(super) struct BodyLimit(pub(super) usize);

impl BodyLimit {
    pub(super) fn hold(&self, request: &mut Request) -> Result<()> {
        // hyper has refused a length that is no number, or that stands twice.
        let stated = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if stated.is_some_and(|length| length > self.0 as u64) {
            return Err(too_large().into());
        }
        let body: BoxBody<Bytes, io::Error> = request.take_body().into();
        // What has come to its end without a byte has no more to come.
        let limited = match body.is_end_stream() {
            true => body,
            false => BoxBody::new(Limited::new(body, self.0).map_err(io::Error::other)),
        };
        request.set_body(poem::Body::from(limited));
        Ok(())
    }
}

/// 413, with a page that says so.
pub(super) fn too_large() -> Failure {
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large")
}
