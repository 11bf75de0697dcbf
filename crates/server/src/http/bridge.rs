//! A poem endpoint as a hyper service.

use std::{convert::Infallible, future::Future, io, pin::Pin, sync::Arc};

use http::uri::Scheme;
use http_body_util::combinators::BoxBody;
use hyper::{
    body::{Bytes, Incoming},
    service::Service,
};
use poem::{
    Endpoint,
    web::{LocalAddr, RemoteAddr},
};

use super::listen::Connection;

/// Gives the requests of a [`serve`](super::serve) to a poem endpoint.
pub struct Bridge<E>(Arc<E>);

impl<E: Endpoint + 'static> Bridge<E> {
    /// To `endpoint`.
    pub fn new(endpoint: E) -> Self {
        Self(Arc::new(endpoint))
    }
}

impl<E> Clone for Bridge<E> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: Endpoint + 'static> Service<http::Request<Incoming>> for Bridge<E> {
    type Response = http::Response<BoxBody<Bytes, io::Error>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: http::Request<Incoming>) -> Self::Future {
        let endpoint = self.0.clone();
        Box::pin(async move { Ok(endpoint.get_response(translate(request)).await.into()) })
    }
}

fn translate(request: http::Request<Incoming>) -> poem::Request {
    match request.extensions().get::<Connection>().copied() {
        Some(connection) => {
            let scheme = if connection.tls { Scheme::HTTPS } else { Scheme::HTTP };
            (request, LocalAddr(connection.local.into()), RemoteAddr(connection.peer.into()), scheme).into()
        }
        None => (request, LocalAddr::default(), RemoteAddr::default(), Scheme::HTTP).into(),
    }
}
