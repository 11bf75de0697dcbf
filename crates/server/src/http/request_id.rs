//! The name under which the log knows a request.

use std::{fmt, sync::Arc};

use http::{HeaderMap, HeaderName, HeaderValue};
use poem::Request;
use vestibule_core::Random;

/// The header that carries it, in both directions.
pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// How long one given by a proxy may be.
const LONGEST: usize = 64;

/// The id of a request: on its answer, on the page that tells of an error, and in each line that the log has of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The id of `request`. Empty for one that did not come through a [`Stack`](super::Stack).
    #[must_use]
    pub(crate) fn of(request: &Request) -> Self {
        request.data::<Self>().cloned().unwrap_or_else(|| Self("".into()))
    }

    /// As text.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// A new one: 128 random bits.
    pub(super) fn random(random: &Random) -> Self {
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(random.bytes::<16>()) {
            pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        Self(String::from_utf8_lossy(&text).into())
    }

    /// The one that a proxy gave, if it is something that a log can hold: letters, digits, `-`, `_` and `.`.
    pub(super) fn given(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return None };
        let text = value.to_str().ok()?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let well_formed = !text.is_empty() && text.len() <= LONGEST && text.bytes().all(fits);
        well_formed.then(|| Self(text.into()))
    }

    pub(super) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).expect("a header value"));
        }
        RequestId::given(&headers).map(|id| id.to_string())
    }

    #[test]
    fn a_given_id_is_taken_only_where_a_log_can_hold_it_a80() {
        assert_eq!(given(&["7f3a-09_b.c"]), Some("7f3a-09_b.c".to_owned()));
        let long = "a".repeat(LONGEST + 1);
        for bad in [&[][..], &[""], &["a b"], &["a\tb"], &["a=b"], &["\"x\""], &[&long], &["one", "two"]] {
            assert_eq!(given(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn no_two_requests_are_called_the_same() {
        let random = Random::system();
        let (a, b) = (RequestId::random(&random), RequestId::random(&random));
        assert!(a.as_str().len() == 32 && a.as_str().bytes().all(|byte| DIGITS.contains(&byte)), "{a}");
        assert_ne!(a, b);
    }
}
