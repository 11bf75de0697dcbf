//! Errors become answers: a page for a person, JSON for a program, problem details for one that calls the API.

use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use poem::{Error, PathPattern, Request, Response};
use serde::Serialize;

use super::{Failure, RequestId};
use crate::{
    api::Problem,
    pages::{ErrorPage, Label},
};

/// Where programs call, and not people: what begins so is answered with JSON, with the exceptions of [`PAGES`].
const PROTOCOL: [&str; 6] = ["/oauth2/", "/.well-known/", "/api/", "/scim/", "/health/", "/metrics"];

/// Protocol endpoints that browsers are sent to.
const PAGES: [&str; 2] = ["/oauth2/authorize", "/oauth2/end_session"];

/// Turns whatever error comes out of the router into an answer.
pub(super) struct ErrorAnswers {
    /// The name of this identity provider.
    pub(super) site: Label,
}

/// The body of an error on a protocol endpoint (RFC 6749 section 5.2).
#[derive(Serialize)]
struct Document<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_description: Option<String>,
    request_id: &'a str,
}

/// Who reads an answer.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    Person,
    /// A program that speaks a protocol.
    Program,
    /// A program that calls the administration API.
    Caller,
}

impl Reader {
    /// Who sent a request.
    pub(super) fn of(request: &Request) -> Self {
        let path = request.uri().path();
        if path.starts_with("/api/") {
            Self::Caller
        } else if is_for_programs(path) {
            Self::Program
        } else {
            Self::Person
        }
    }
}

impl ErrorAnswers {
    /// The answer to the request with this id.
    pub(super) fn answer(&self, error: Error, reader: Reader, id: &RequestId) -> Response {
        // The handler has made the answer itself.
        if error.is_from_response() {
            return error.into_response();
        }
        let pattern = error.data::<PathPattern>().cloned();
        let failure = failure(error);
        let mut response = match reader {
            Reader::Caller => Self::problem(failure, id),
            Reader::Program => self.told(&failure, id, true),
            Reader::Person => self.told(&failure, id, false),
        };
        if let Some(pattern) = pattern {
            response.set_data(pattern);
        }
        response
    }

    fn problem(failure: Failure, id: &RequestId) -> Response {
        let detail = failure.detail.unwrap_or_else(|| failure.status.canonical_reason().unwrap_or("").to_lowercase());
        let mut problem = Problem::new(failure.status, failure.code, detail);
        problem.headers = failure.headers;
        problem.into_response(id.as_str())
    }

    fn told(&self, failure: &Failure, id: &RequestId, for_program: bool) -> Response {
        let (content_type, body) = if for_program {
            let description = failure.detail.as_deref().map(description);
            let document = Document { error: failure.code, error_description: description, request_id: id.as_str() };
            ("application/json", serde_json::to_string(&document).unwrap_or_default())
        } else {
            let page = ErrorPage::new(self.site.clone(), failure.code, id.as_str());
            let page = page.with_detail(failure.detail.as_deref().unwrap_or_default());
            ("text/html; charset=utf-8", page.render())
        };
        let mut response = Response::builder().status(failure.status).body(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        for (name, value) in &failure.headers {
            headers.append(name, value.clone());
        }
        response
    }
}

/// Whether a program calls there.
fn is_for_programs(path: &str) -> bool {
    let begins = |prefix: &&str| path.starts_with(*prefix);
    PROTOCOL.iter().any(begins) && !PAGES.iter().any(begins)
}

/// What an error means to the outside. One that is not a [`Failure`] says no more than its status there; ours go to the log.
fn failure(error: Error) -> Failure {
    match error.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(error) => {
            let status = error.status();
            let code = match status {
                StatusCode::NOT_FOUND => "not_found",
                StatusCode::METHOD_NOT_ALLOWED => "method_not_allowed",
                StatusCode::PAYLOAD_TOO_LARGE => "payload_too_large",
                StatusCode::TOO_MANY_REQUESTS => "too_many_requests",
                StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
                status if status.is_server_error() => "server_error",
                _ => "invalid_request",
            };
            if status.is_server_error() {
                tracing::error!(%error, "a request failed");
            }
            Failure::new(status, code)
        }
    }
}

/// The characters that RFC 6749 section 5.2 allows in `error_description`; others become spaces or single quotes.
pub(crate) fn description(detail: &str) -> String {
    let allowed = |c: char| match c {
        '"' => '\'',
        '\\' => '/',
        ' '..='~' => c,
        _ => ' ',
    };
    detail.chars().map(allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_answer_people_and_protocol_endpoints_answer_programs() {
        for page in ["/", "/login", "/consent", "/oauth2/authorize", "/oauth2/end_session", "/nothing", "/apiary"] {
            assert!(!is_for_programs(page), "{page}");
        }
        for protocol in ["/oauth2/token", "/oauth2/userinfo", "/.well-known/openid-configuration", "/health/live"] {
            assert!(is_for_programs(protocol), "{protocol}");
        }
    }

    #[test]
    fn a_description_keeps_to_its_characters() {
        assert_eq!(description("the \"scope\" is ü\\\n"), "the 'scope' is  / ");
    }
}
