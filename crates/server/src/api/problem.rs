//! Errors as the API tells them: problem details (RFC 9457).

use std::time::Duration;

use poem::{
    Response,
    http::{HeaderName, HeaderValue, StatusCode, header},
};
use serde_json::{Value, json};

use super::{
    check::Flaw,
    schema::{Form, Schema, optional, required},
};

/// What every error answer of the API is sent as.
pub(crate) const CONTENT_TYPE: &str = "application/problem+json";

/// Why a request is not answered as it was meant.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// A stable name for programs; the part of `type` after `problem-`.
    pub(crate) code: &'static str,
    /// What is wrong with this request, in words. Never a secret.
    pub(crate) detail: String,
    /// Where exactly.
    pub(crate) flaws: Vec<Flaw>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

/// The kinds of problem that the API tells, with what each means.
pub(crate) const KINDS: [(&str, &str); 17] = [
    ("invalid_request", "The request cannot be read: a header, a parameter or the body is malformed."),
    ("invalid_parameter", "A parameter is not what the document describes, or not known."),
    ("invalid_body", "The body is not JSON, or not what the document describes; `errors` says where."),
    ("unauthorized", "There is no access token, or it does not hold for this API."),
    ("forbidden", "The token, or whoever it belongs to, may not do this."),
    ("not_found", "There is nothing of that name, or nothing that the token may see."),
    ("method_not_allowed", "The path does not answer to this method; `Allow` names those it does."),
    ("conflict", "Something else stands in the way: a name that is taken, or a thing that is in use."),
    ("in_progress", "A request with the same Idempotency-Key is being answered."),
    ("precondition_failed", "It is not what If-Match names any more: read it again."),
    ("payload_too_large", "The body is larger than http.max_body."),
    ("unsupported_media_type", "The body is not of a type that is understood here."),
    ("unprocessable", "The request is well formed, and breaks a rule of what it changes."),
    ("key_reused", "The Idempotency-Key was used for another request."),
    ("too_many_requests", "Too many tries in a short time; `Retry-After` says when to come back."),
    ("server_error", "Something failed on our side. The log has it under the request id."),
    ("temporarily_unavailable", "A part that is needed does not answer right now."),
];

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), flaws: Vec::new(), headers: Vec::new() }
    }

    /// 400, for what cannot be read.
    pub(crate) fn invalid_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", detail)
    }

    /// 400, for a parameter.
    pub(crate) fn invalid_parameter(place: &str, what: impl Into<String>) -> Self {
        let what = what.into();
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid_parameter", format!("{place} {what}"));
        problem.flaws.push(Flaw::new(place, what));
        problem
    }

    /// 400, for a body.
    pub(crate) fn invalid_body(flaws: Vec<Flaw>) -> Self {
        let first = flaws.first().map(|flaw| match flaw.place.as_str() {
            "" => format!("the body {}", flaw.what),
            place => format!("{place} {}", flaw.what),
        });
        let mut problem = Self::new(StatusCode::BAD_REQUEST, "invalid_body", first.unwrap_or_default());
        problem.flaws = flaws;
        problem
    }

    /// 403, for what the actor may not do although the token opens the operation.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", format!("there is no such {what}"))
    }

    /// 409.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", detail)
    }

    /// 412.
    pub(crate) fn precondition_failed() -> Self {
        let detail = "it has been changed since; read it again, and decide again";
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail)
    }

    /// 422.
    pub(crate) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", detail)
    }

    /// 503, for something of ours that does not answer. What it said goes to the log.
    pub(crate) fn unavailable(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "the administration API could not answer");
        let detail = "a part that is needed does not answer right now; try again in a moment";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from_static("5"))
    }

    /// 503, where too much is asked at once.
    pub(crate) fn busy(retry_after: Duration) -> Self {
        let seconds = retry_after.as_secs().max(1);
        let detail = format!("too many passwords wait to be hashed; try again in {seconds} s");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", detail)
            .with_header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The same with one more header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// As an answer.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let mut document = json!({
            "type": format!("/api/v1/#problem-{}", self.code),
            "title": self.status.canonical_reason().unwrap_or("Error"),
            "status": self.status.as_u16(),
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id,
        });
        if !self.flaws.is_empty() {
            let errors = self.flaws.iter().map(|flaw| {
                let mut error = json!({ "pointer": flaw.place, "detail": flaw.what });
                if let Some(code) = flaw.code {
                    error["code"] = json!(code);
                }
                error
            });
            document["errors"] = errors.collect::<Value>();
        }
        let mut response =
            Response::builder().status(self.status).content_type(CONTENT_TYPE).body(document.to_string());
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}

/// What the document says of problems.
pub(super) fn schema() -> Schema {
    let errors = Schema::object([
        required("pointer", Schema::text(Form::Lines, 0, 10_000)),
        required("detail", Schema::text(Form::Lines, 0, 10_000)),
        optional("code", Schema::text(Form::Word, 1, 100).about("What exactly, for programs.")),
    ]);
    Schema::object([
        required("type", Schema::line(1, 200).about("The kind of problem, as a link to what it means.")),
        required("title", Schema::line(1, 200).about("The kind in words: what the status means.")),
        required("status", Schema::integer(400, 599)),
        required("code", Schema::choice(KINDS.map(|(code, _)| code)).about("The kind by its stable name.")),
        required("detail", Schema::text(Form::Lines, 0, 10_000).about("What is wrong with this request.")),
        required("request_id", Schema::line(0, 64).about("The id under which the log knows the request.")),
        optional("errors", Schema::list(errors, 20).about("Where it is wrong: JSON pointers into the body.")),
    ])
    .named("Problem")
}
