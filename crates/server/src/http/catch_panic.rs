//! A handler that panics answers 500, and the connection and all others live on.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use poem::{Response, Result};

use super::Failure;

/// What `answer` answers, or an error where it panics. What was said in that goes to the panic hook, never into the answer.
pub(super) async fn caught(answer: impl Future<Output = Result<Response>>) -> Result<Response> {
    let mut answer = pin!(answer);
    poll_fn(|context| {
        // The future is not polled again after a panic, so nobody sees what it may have left half done.
        catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))).unwrap_or_else(|_| {
            tracing::error!("a handler panicked");
            Poll::Ready(Err(Failure::server_error().into()))
        })
    })
    .await
}
