//! Which answers pages of other origins may read (the Fetch standard's CORS protocol).

use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    },
};
use poem::{Endpoint, Request, Response, Result};

use super::layer::Layer;

/// An endpoint that apps in browsers use: discovery, JWKS, token, userinfo.
///
/// Any origin may read its answers, but never with the person's cookies: `*` excludes them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenPath {
    /// The whole path.
    pub path: &'static str,
    /// The methods, as `Access-Control-Allow-Methods` lists them.
    pub methods: &'static str,
}

/// Opens a few paths; all others stay closed.
pub(super) struct Cors(pub(super) Vec<OpenPath>);

impl Layer for Cors {
    async fn call<E: Endpoint<Output = Response>>(&self, next: &E, request: Request) -> Result<Response> {
        let Some(open) = self.0.iter().find(|open| open.path == request.uri().path()) else {
            return next.call(request).await;
        };
        if request.method() == Method::OPTIONS {
            return Ok(preflight(open));
        }
        let mut response = next.call(request).await.unwrap_or_else(|error| error.into_response());
        open_up(response.headers_mut());
        Ok(response)
    }
}

fn preflight(open: &OpenPath) -> Response {
    let mut response = Response::from(StatusCode::NO_CONTENT);
    let headers = response.headers_mut();
    open_up(headers);
    headers.insert(ALLOW, HeaderValue::from_static(open.methods));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(open.methods));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type, DPoP"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    response
}

fn open_up(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, DPoP-Nonce"));
}
