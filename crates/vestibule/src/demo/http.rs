//! The little HTTP that the demo's programs have in common: a client that follows nothing by itself, and answers with the
//! headers that every page should have.

use std::{pin::Pin, time::Duration};

use ::http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
};
use http_body_util::Full;
use hyper::body::Bytes;
use openidconnect::{HttpRequest, HttpResponse};
use serde_json::Value;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// What the demo's servers answer.
pub(super) type Answer = Response<Full<Bytes>>;

/// A client for what the demo itself started: no proxy stands between, no redirect is followed unseen.
///
/// A machine without any certificate authorities has no client that could speak HTTPS, and needs none for plain HTTP.
pub(super) fn client(patience: Duration) -> Result<reqwest::Client, reqwest::Error> {
    let builder = || {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(5))
            .timeout(patience)
    };
    builder().build().or_else(|_| builder().tls_certs_only([]).build())
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// The request could not be sent, or its answer not be read.
    #[error("the request failed")]
    Request(#[from] reqwest::Error),
    /// The answer is longer than anybody has use for.
    #[error("the answer is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
}

/// Sends `request` and reads the whole answer.
pub(super) async fn send(request: reqwest::RequestBuilder) -> Result<HttpResponse, FetchError> {
    let mut answer = request.send().await?;
    let mut whole = Response::new(Vec::new());
    *whole.status_mut() = answer.status();
    *whole.headers_mut() = std::mem::take(answer.headers_mut());
    while let Some(chunk) = answer.chunk().await? {
        if whole.body().len() + chunk.len() > LONGEST_ANSWER {
            return Err(FetchError::TooLong);
        }
        whole.body_mut().extend_from_slice(&chunk);
    }
    Ok(whole)
}

type Fetching = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send>>;

/// `client` in the form that the `openidconnect` crate takes.
pub(super) fn fetcher(client: &reqwest::Client) -> impl Fn(HttpRequest) -> Fetching + Send + Sync + use<> {
    let client = client.clone();
    move |request| {
        let (parts, body) = request.into_parts();
        let request = client.request(parts.method, parts.uri.to_string()).headers(parts.headers).body(body);
        Box::pin(send(request))
    }
}

/// An error and all that led to it, on one line.
pub(super) fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}

/// An answer of any type.
pub(super) fn answer(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers: [(HeaderName, &'static str); 4] = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in headers {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// A page that runs no script and loads its stylesheet only. Its forms may be posted to itself and, in the redirects that
/// follow, to the origins of `form_targets`: Chromium holds those to `form-action` too.
pub(super) fn page(status: StatusCode, html: String, form_targets: &str) -> Answer {
    let mut answer = answer(status, "text/html; charset=utf-8", html);
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {form_targets}; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy)
        .unwrap_or(HeaderValue::from_static("default-src 'none'; style-src 'self'; form-action 'self'"));
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    answer
}

/// A redirect to `location`, to be fetched by GET.
pub(super) fn see_other(location: &str) -> Answer {
    let mut answer = answer(StatusCode::SEE_OTHER, "text/plain; charset=utf-8", "");
    match HeaderValue::try_from(location) {
        Ok(location) => _ = answer.headers_mut().insert(LOCATION, location),
        // URLs are percent-encoded by the time they come here.
        Err(_) => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    answer
}

/// A JSON document.
pub(super) fn json(status: StatusCode, value: &Value) -> Answer {
    answer(status, "application/json", value.to_string())
}

/// A line of text.
pub(super) fn text(status: StatusCode, words: &'static str) -> Answer {
    answer(status, "text/plain; charset=utf-8", words)
}
