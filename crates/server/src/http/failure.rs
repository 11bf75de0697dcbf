//! The error that a handler returns.

use http::{HeaderName, HeaderValue, StatusCode};
use poem::{Response, error::ResponseError};

/// Why a request is not answered as it was meant: a status, a stable code, and words for whoever wrote the app.
///
/// [`ErrorAnswers`](super::error_answers::ErrorAnswers) makes a page or JSON of it.
#[derive(Debug, thiserror::Error)]
#[error("{code}{}", self.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default())]
pub(crate) struct Failure {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) detail: Option<String>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// With a status, and one of the codes that [`ErrorPage`](crate::pages::ErrorPage) has words for.
    #[must_use]
    pub(crate) const fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, detail: None, headers: Vec::new() }
    }

    /// 400 `invalid_request`, with what is wrong about it. The words are shown: never a secret.
    #[must_use]
    pub(crate) fn invalid_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request").with_detail(detail)
    }

    /// 500 `server_error`. What happened belongs into the log, not into the answer.
    #[must_use]
    pub(crate) const fn server_error() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error")
    }

    /// The same with words for whoever wrote the app. They are shown: never a secret.
    #[must_use]
    pub(crate) fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same with one more header on the answer, such as `Retry-After`.
    #[must_use]
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        let mut response =
            Response::builder().status(self.status).content_type("text/plain; charset=utf-8").body(self.code);
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        response
    }
}
