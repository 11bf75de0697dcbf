//! Which methods a path answers to.

use std::io;

use http::{
    HeaderValue, Method, StatusCode,
    header::{ALLOW, CONTENT_LENGTH},
};
use http_body_util::combinators::BoxBody;
use hyper::body::{Body as _, Bytes};
use poem::{Endpoint, EndpointExt as _, IntoEndpoint, Request, Response, Result, endpoint::BoxEndpoint};

use super::Failure;

/// The endpoints of one path by method. HEAD is answered as GET is, without the body; a method that is not there with 405 and the
/// `Allow` that RFC 9110 section 15.5.6 asks for, which poem leaves out.
#[derive(Default)]
pub(crate) struct Methods(Vec<(Method, BoxEndpoint<'static, Response>)>);

impl Methods {
    /// None yet.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// With an endpoint for GET and HEAD.
    #[must_use]
    pub(crate) fn get<E: IntoEndpoint<Endpoint: 'static>>(self, endpoint: E) -> Self {
        self.method(Method::GET, endpoint)
    }

    /// With an endpoint for POST.
    #[must_use]
    pub(crate) fn post<E: IntoEndpoint<Endpoint: 'static>>(self, endpoint: E) -> Self {
        self.method(Method::POST, endpoint)
    }

    /// With an endpoint for another method.
    #[must_use]
    pub(crate) fn method<E: IntoEndpoint<Endpoint: 'static>>(mut self, method: Method, endpoint: E) -> Self {
        self.0.push((method, endpoint.into_endpoint().map_to_response().boxed()));
        self
    }

    fn find(&self, method: &Method) -> Option<&BoxEndpoint<'static, Response>> {
        self.0.iter().find(|(other, _)| other == method).map(|(_, endpoint)| endpoint)
    }

    fn not_allowed(&self) -> Failure {
        let mut names: Vec<_> = self.0.iter().map(|(method, _)| method.as_str()).collect();
        if names.contains(&"GET") && !names.contains(&"HEAD") {
            names.push("HEAD");
        }
        let failure = Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed");
        match HeaderValue::try_from(names.join(", ")) {
            Ok(allow) => failure.with_header(ALLOW, allow),
            Err(_) => failure,
        }
    }
}

/// The answer to HEAD for an answer to GET: the same length, and nothing of it (RFC 9110 section 9.3.2).
fn without_body(mut response: Response) -> Response {
    let body: BoxBody<Bytes, io::Error> = response.take_body().into();
    if let Some(length) = body.size_hint().exact() {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
    response
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if let Some(endpoint) = self.find(request.method()) {
            return endpoint.call(request).await;
        }
        match self.find(&Method::GET) {
            Some(endpoint) if request.method() == Method::HEAD => {
                request.set_method(Method::GET);
                Ok(without_body(endpoint.call(request).await?))
            }
            _ => Err(self.not_allowed().into()),
        }
    }
}
