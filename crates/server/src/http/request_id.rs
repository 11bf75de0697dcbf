//! The name under which the log knows a request.

use std::{
    fmt,
    hash::{BuildHasher as _, RandomState},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderMap, HeaderName, HeaderValue};
use poem::Request;

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

/// Where new ids come from: a counter, through a keyed hash, so that nobody sees by them how much is asked for here. They are no
/// secrets, and randomness of the system's, which is what secrets are made of, costs a microsecond each.
#[derive(Debug, Default)]
pub(super) struct RequestIds {
    count: AtomicU64,
    halves: [RandomState; 2],
}

impl RequestIds {
    /// One that there was not before: 128 bits, in hexadecimal.
    pub(super) fn next(&self) -> RequestId {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let mut text = [0; 32];
        for (half, place) in self.halves.iter().zip(text.chunks_exact_mut(16)) {
            for (pair, byte) in place.chunks_exact_mut(2).zip(half.hash_one(count).to_be_bytes()) {
                pair.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
            }
        }
        RequestId(str::from_utf8(&text).unwrap_or_default().into())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

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
        let (ids, others) = (RequestIds::default(), RequestIds::default());
        let mut seen = HashSet::new();
        for _ in 0..1000 {
            let (a, b) = (ids.next().to_string(), others.next().to_string());
            assert!(a.len() == 32 && a.bytes().all(|byte| DIGITS.contains(&byte)), "{a}");
            assert!(seen.insert(a) && seen.insert(b), "of the same count, two providers make two");
        }
    }
}
