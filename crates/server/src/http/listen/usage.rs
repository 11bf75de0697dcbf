//! What happens on one connection: how many requests are under way, and since when nothing moved.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use hyper::body::{Body, Frame, SizeHint};

use super::Limits;

/// The requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Usage {
    begun: AtomicU64,
    ended: AtomicU64,
    /// Pieces of answers that were fetched: an answer may go on for as long as it does.
    fetched: AtomicU64,
}

impl Usage {
    /// Notes that a request began. It lasts until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.begun.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    /// Whether no request ever began.
    pub(super) fn is_unused(&self) -> bool {
        self.begun.load(Ordering::Relaxed) == 0
    }

    /// Whatever changes where something moves.
    fn moved(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.begun), read(&self.ended), read(&self.fetched))
    }

    /// Returns once nothing has begun, ended or been fetched for longer than an honest client needs.
    ///
    /// hyper has a deadline for an HTTP/1 head and none for what else a client can leave open: an HTTP/2 connection without
    /// a request, a head in pieces, an answer that is never fetched.
    pub(super) async fn quiet(&self, limits: &Limits) {
        loop {
            let before = self.moved();
            let is_idle = before.0 == before.1;
            // A request under way is bounded by itself; then its answer may take as long again to be fetched.
            let patience = if is_idle { limits.header_timeout } else { limits.longest_request() * 2 };
            tokio::time::sleep(patience).await;
            if before == self.moved() {
                return;
            }
        }
    }
}

/// A request that is being read, worked on or answered.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Usage>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The body of an answer, or none, which keeps its request under way until it is written.
pub(super) struct Answer<B> {
    pub(super) body: Option<B>,
    pub(super) request: UnderWay,
}

impl<B: Body + Unpin> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        match &mut self.body {
            Some(body) => {
                let polled = Pin::new(body).poll_frame(context);
                if let Poll::Ready(Some(Ok(_))) = &polled {
                    self.request.0.fetched.fetch_add(1, Ordering::Relaxed);
                }
                polled
            }
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}
