//! What stands around an endpoint.

use std::future::Future;

use poem::{Endpoint, Request, Response, Result};

/// Something that sees each request on its way in and its answer on the way out.
pub(super) trait Layer: Send + Sync {
    /// Answers `request`, as a rule by passing it to `next`.
    fn call<E: Endpoint<Output = Response>>(
        &self,
        next: &E,
        request: Request,
    ) -> impl Future<Output = Result<Response>> + Send;

    /// The endpoint with this around it.
    fn around<E: Endpoint<Output = Response>>(self, next: E) -> Layered<Self, E>
    where
        Self: Sized,
    {
        Layered { layer: self, next }
    }
}

/// An endpoint and what stands around it.
pub(super) struct Layered<L, E> {
    layer: L,
    next: E,
}

impl<L: Layer, E: Endpoint<Output = Response>> Endpoint for Layered<L, E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        self.layer.call(&self.next, request).await
    }
}
