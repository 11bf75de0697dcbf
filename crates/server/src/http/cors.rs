//! Which answers pages of other origins may read (the Fetch standard's CORS protocol).

use http::{
    HeaderValue, Method, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW,
    },
};
use poem::{Request, Response};

/// An endpoint that apps in browsers use: discovery, JWKS, token, revocation, userinfo.
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

impl Cors {
    /// The open endpoint that a request is for, if it is one.
    pub(super) fn find(&self, request: &Request) -> Option<&OpenPath> {
        self.0.iter().find(|open| open.path == request.uri().path())
    }
}

impl OpenPath {
    /// Whether a browser asks what a page may do here, before it does.
    pub(super) fn is_asked_about(request: &Request) -> bool {
        request.method() == Method::OPTIONS
    }

    /// The answer to that.
    pub(super) fn preflight(&self) -> Response {
        let mut response = Response::from(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static(self.methods));
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(self.methods));
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type, DPoP"));
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        response
    }

    /// Lets any page read an answer of it.
    pub(super) fn open_up(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate, DPoP-Nonce"));
    }
}
