//! A handler that panics answers 500, and the connection and all others live on.

use std::{
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
};

use poem::{Endpoint, Request, Response, Result};

use super::{Failure, layer::Layer};

/// Catches panics. What was said in one goes to the panic hook, never into the answer.
pub(super) struct CatchPanic;

impl Layer for CatchPanic {
    async fn call<E: Endpoint<Output = Response>>(&self, next: &E, request: Request) -> Result<Response> {
        let mut answer = pin!(next.call(request));
        poll_fn(|context| {
            // The future is not polled again after a panic, so nobody sees what it may have left half done.
            catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(context))).unwrap_or_else(|_| {
                tracing::error!("a handler panicked");
                Poll::Ready(Err(Failure::server_error().into()))
            })
        })
        .await
    }
}
