//! Parameters from query strings and forms.

use std::error::Error;

use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited, combinators::BoxBody};
use hyper::body::Bytes;
use poem::{Body, Request};
use vestibule_core::{Malformed, Parameters};

use super::{Failure, body_limit::too_large};

const FORM: &str = "application/x-www-form-urlencoded";

/// Why a body is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormError {
    /// Its `Content-Type` says that it is something else.
    #[error("the body must be application/x-www-form-urlencoded, in UTF-8")]
    WrongType,
    /// It is compressed.
    #[error("the body must have no Content-Encoding")]
    Encoded,
    /// It has too many bytes.
    #[error("the body is too long")]
    TooLarge,
    /// It is not what its `Content-Type` says.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It stopped half-way.
    #[error("the body stopped half-way")]
    Broken,
}

impl From<FormError> for Failure {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLarge => too_large(),
            FormError::Encoded => {
                Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request").with_detail(error.to_string())
            }
            FormError::WrongType | FormError::Malformed(_) | FormError::Broken => {
                Self::invalid_request(error.to_string())
            }
        }
    }
}

/// The parameters of the query string.
///
/// # Errors
/// A query that is not form-urlencoded UTF-8.
pub(crate) fn read_query(request: &Request) -> Result<Parameters, Malformed> {
    Parameters::parse(request.uri().query().unwrap_or_default().as_bytes())
}

/// The parameters of the body, of at most `limit` bytes. No body at all is a form without fields.
///
/// # Errors
/// A body that is no form, or too long.
pub(crate) async fn read_form(request: &mut Request, limit: usize) -> Result<Parameters, FormError> {
    let body = request.take_body();
    if body.is_empty() && !request.headers().contains_key(CONTENT_TYPE) {
        return Ok(Parameters::default());
    }
    if request.headers().contains_key(CONTENT_ENCODING) {
        return Err(FormError::Encoded);
    }
    if !is_of_type(request.headers(), &[FORM]) {
        return Err(FormError::WrongType);
    }
    Ok(Parameters::parse(&read_whole(body, limit).await?)?)
}

/// The whole body, of at most `limit` bytes.
///
/// # Errors
/// A body that is too long, or that stops half-way.
pub(crate) async fn read_whole(body: Body, limit: usize) -> Result<Bytes, FormError> {
    let body: BoxBody<Bytes, _> = body.into();
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if is_too_long(&*error) => Err(FormError::TooLarge),
        Err(_) => Err(FormError::Broken),
    }
}

/// Whether there is one `Content-Type`, one of `kinds`, and with no character set but UTF-8.
pub(crate) fn is_of_type(headers: &HeaderMap, kinds: &[&str]) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(text) = value.to_str() else { return false };
    let mut parts = text.split(';').map(str::trim);
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            ["utf-8", "utf8", "us-ascii"].iter().any(|charset| value.eq_ignore_ascii_case(charset))
        }
        _ => true,
    };
    parts.next().is_some_and(|kind| kinds.iter().any(|known| kind.eq_ignore_ascii_case(known))) && parts.all(is_utf8)
}

/// Whether the limit of this read, or the one around all handlers, was passed.
fn is_too_long(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<LengthLimitError>() {
            return true;
        }
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source());
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(content_type: &str, body: &'static str) -> Result<Parameters, FormError> {
        let mut request = Request::builder().content_type(content_type).body(body);
        read_form(&mut request, 16).await
    }

    #[tokio::test]
    async fn a_form_is_read_whatever_the_case_and_the_charset_of_its_type() {
        for kind in [FORM, "Application/X-WWW-Form-URLEncoded", "application/x-www-form-urlencoded; charset=\"UTF-8\""]
        {
            assert_eq!(read(kind, "a=1&b=2").await.expect(kind).get("b"), Some("2"));
        }
    }

    #[tokio::test]
    async fn another_type_is_no_form() {
        for kind in [
            "application/json",
            "text/plain",
            "",
            "multipart/form-data",
            "application/x-www-form-urlencoded;charset=utf-16",
        ] {
            assert_eq!(read(kind, "a=1").await, Err(FormError::WrongType), "{kind}");
        }
        let mut twice = Request::builder().content_type(FORM).finish();
        twice.headers_mut().append(CONTENT_TYPE, http::HeaderValue::from_static("text/plain"));
        twice.set_body("a=1");
        assert_eq!(read_form(&mut twice, 16).await, Err(FormError::WrongType));
    }

    #[tokio::test]
    async fn a_compressed_body_is_refused() {
        let mut request = Request::builder().content_type(FORM).header("content-encoding", "gzip").body("a=1");
        assert_eq!(read_form(&mut request, 16).await, Err(FormError::Encoded));
    }

    #[tokio::test]
    async fn a_body_past_the_limit_is_refused() {
        assert!(read(FORM, "a=34567890123456").await.is_ok());
        assert_eq!(read(FORM, "a=345678901234567").await, Err(FormError::TooLarge));
    }

    #[tokio::test]
    async fn bytes_that_are_no_text_are_refused_and_no_body_is_an_empty_form() {
        assert_eq!(read(FORM, "a=%ff").await, Err(FormError::Malformed(Malformed)));
        assert_eq!(read_form(&mut Request::default(), 16).await, Ok(Parameters::default()));
    }
}
