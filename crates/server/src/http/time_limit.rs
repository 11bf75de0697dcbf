//! A request has so much time and no more.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::{
    HeaderValue, StatusCode, Version,
    header::{CONNECTION, RETRY_AFTER},
};
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use poem::{Request, Response, Result};

use super::Failure;

/// Bounds reading the body and the work on the answer together.
///
/// Past the time: 408 where the client was slow with its body, 503 where we were slow with the answer.
pub(super) struct TimeLimit(pub(super) Duration);

/// A request whose time is bound.
pub(super) struct Watching {
    /// Whether its body has come in whole.
    complete: Arc<AtomicBool>,
    version: Version,
}

impl TimeLimit {
    /// Watches how the body of a request comes in.
    pub(super) fn watch(&self, request: &mut Request) -> Watching {
        let body: BoxBody<Bytes, io::Error> = request.take_body().into();
        // Most requests have no body: there is nothing to watch then.
        let is_there = body.is_end_stream();
        let complete = Arc::new(AtomicBool::new(is_there));
        let body = if is_there { body } else { BoxBody::new(Watched { body, complete: complete.clone() }) };
        request.set_body(poem::Body::from(body));
        Watching { complete, version: request.version() }
    }

    /// What `answer` answers within the time.
    pub(super) async fn hold(
        &self,
        watching: Watching,
        answer: impl Future<Output = Result<Response>>,
    ) -> Result<Response> {
        match tokio::time::timeout(self.0, answer).await {
            Ok(result) => result,
            Err(_) if watching.complete.load(Ordering::Relaxed) => Err(too_slow_we().into()),
            Err(_) => Err(too_slow_you(watching.version).into()),
        }
    }
}

fn too_slow_we() -> Failure {
    tracing::warn!("a request took too long and was given up");
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
        .with_header(RETRY_AFTER, HeaderValue::from_static("5"))
}

fn too_slow_you(version: Version) -> Failure {
    let failure =
        Failure::new(StatusCode::REQUEST_TIMEOUT, "invalid_request").with_detail("the body took too long to come");
    if version <= Version::HTTP_11 {
        // The rest may still be on its way: nothing sensible can follow on this connection.
        failure.with_header(CONNECTION, HeaderValue::from_static("close"))
    } else {
        failure
    }
}

/// A body that tells when it has come in whole.
struct Watched {
    body: BoxBody<Bytes, io::Error>,
    complete: Arc<AtomicBool>,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.complete.store(true, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
