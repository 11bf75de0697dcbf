//! What is asked for, and reading what comes: no more of it than was allowed, and only what it should be.

use std::time::Duration;

use reqwest::{
    Method, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};
use url::form_urlencoded;

use super::Reason;

/// Something to fetch.
#[derive(Clone, Debug)]
pub struct Fetch<'a> {
    pub(super) method: Method,
    pub(super) url: &'a str,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<(&'static str, Vec<u8>)>,
    pub(super) types: &'a [&'a str],
    pub(super) longest_body: Option<usize>,
    pub(super) timeout: Option<Duration>,
}

/// What came, with a status of success.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl<'a> Fetch<'a> {
    /// A GET of `url`.
    #[must_use]
    pub fn get(url: &'a str) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: None,
            types: &[],
            longest_body: None,
            timeout: None,
        }
    }

    /// A POST of a form to `url`.
    #[must_use]
    pub fn post_form(url: &'a str, fields: &[(&str, &str)]) -> Self {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let body = Some(("application/x-www-form-urlencoded", form.into_bytes()));
        Self { method: Method::POST, body, ..Self::get(url) }
    }

    /// With these headers too.
    #[must_use]
    pub fn headers(self, headers: HeaderMap) -> Self {
        Self { headers, ..self }
    }

    /// The answer must be of one of these types, without parameters, such as `application/json`.
    #[must_use]
    pub fn of_type(self, types: &'a [&'a str]) -> Self {
        Self { types, ..self }
    }

    /// The answer's body has so many bytes at most, and never more than the rules allow.
    #[must_use]
    pub fn at_most(self, bytes: usize) -> Self {
        Self { longest_body: Some(bytes), ..self }
    }

    /// It takes so long at most, and never longer than the rules allow.
    #[must_use]
    pub fn within(self, timeout: Duration) -> Self {
        Self { timeout: Some(timeout), ..self }
    }
}

/// Reads an answer.
pub(super) async fn read(mut answer: Response, types: &[&str], longest: usize) -> Result<Fetched, Reason> {
    let status = answer.status();
    if status.is_redirection() {
        return Err(Reason::Redirect);
    }
    if !status.is_success() {
        return Err(Reason::Status(status.as_u16()));
    }
    if !types.is_empty() && !is_one_of(answer.headers(), types) {
        return Err(Reason::ContentType);
    }
    // What a sender says of its length is believed only against it.
    if answer.content_length().is_some_and(|length| length > longest as u64) {
        return Err(Reason::TooLong);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if chunk.len() > longest - body.len() {
            return Err(Reason::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { status, headers: std::mem::take(answer.headers_mut()), body })
}

fn is_one_of(headers: &HeaderMap, types: &[&str]) -> bool {
    let mut given = headers.get_all(CONTENT_TYPE).iter();
    let (Some(Ok(value)), None) = (given.next().map(|value| value.to_str()), given.next()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    types.iter().any(|wanted| wanted.eq_ignore_ascii_case(essence))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_content_type_is_compared_without_its_parameters_and_stands_once() {
        let with = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(CONTENT_TYPE, HeaderValue::from_static(value));
            }
            is_one_of(&headers, &["application/json", "application/jwk-set+json"])
        };
        assert!(with(&["application/json"]) && with(&["Application/JWK-Set+JSON ; charset=utf-8"]));
        assert!(!with(&[]) && !with(&["text/html"]) && !with(&["application/jsonp"]));
        assert!(!with(&["application/json", "text/html"]));
    }
}
