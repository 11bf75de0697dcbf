//! Reading the token off a request: one `Authorization` header of one scheme (RFC 6750 section 2.1, RFC 9449 section 7.1).
//!
//! The other ways of RFC 6750, in the form and in the query, are not taken: they end in logs and histories (RFC 9700 section
//! 4.3.2).

use http::{HeaderMap, header};

use crate::Denied;

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 16 * 1024;

/// A scheme by which a token comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Bearer,
    Dpop,
}

impl Scheme {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop].into_iter().find(|scheme| scheme.name().eq_ignore_ascii_case(name))
    }
}

/// What a request brings. The token is a secret.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    pub(crate) scheme: Scheme,
    pub(crate) token: &'a str,
}

impl<'a> Credentials<'a> {
    /// Reads them. A header of another scheme brings none.
    pub(crate) fn read(headers: &'a HeaderMap) -> Result<Self, Denied> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let value = match (values.next(), values.next()) {
            (None, _) => return Err(Denied::NoToken),
            (Some(value), None) => value.to_str().map_err(|_| Denied::Malformed)?,
            (Some(_), Some(_)) => return Err(Denied::Malformed),
        };
        let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
        let scheme = Scheme::named(scheme).ok_or(Denied::NoToken)?;
        let token = token.trim_matches(' ');
        if is_token(token) { Ok(Self { scheme, token }) } else { Err(Denied::Malformed) }
    }
}

/// The grammar `b64token` (RFC 6750 section 2.1).
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !body.is_empty() && text.len() <= LONGEST && body.bytes().all(allowed)
}

/// The DPoP proof of a request, where there is exactly one.
pub(crate) fn proof(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all("dpop").iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(values: &[&str]) -> Result<(Scheme, String), Denied> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        Credentials::read(&headers).map(|credentials| (credentials.scheme, credentials.token.to_owned()))
    }

    #[test]
    fn a_token_comes_by_one_of_two_schemes() {
        assert_eq!(read(&["Bearer abc.def"]), Ok((Scheme::Bearer, "abc.def".to_owned())));
        assert_eq!(read(&["bearer abc="]), Ok((Scheme::Bearer, "abc=".to_owned())));
        assert_eq!(read(&["dpop  abc"]), Ok((Scheme::Dpop, "abc".to_owned())));
    }

    #[test]
    fn no_header_and_another_scheme_bring_no_token() {
        for none in [&[][..], &["Basic YTpi"], &["Negotiate"], &[""]] {
            assert_eq!(read(none), Err(Denied::NoToken), "{none:?}");
        }
    }

    #[test]
    fn two_headers_and_odd_tokens_are_malformed() {
        for odd in [&["Bearer a", "Bearer a"][..], &["Bearer a", "Basic b"], &["Bearer"], &["Bearer "], &["Bearer a b"]]
        {
            assert_eq!(read(odd), Err(Denied::Malformed), "{odd:?}");
        }
        for odd in ["Bearer a,b", "Bearer =", "Bearer a=b", "Bearer \u{e9}", "Bearer \"a\""] {
            assert_eq!(read(&[odd]), Err(Denied::Malformed), "{odd:?}");
        }
        assert_eq!(read(&[&format!("Bearer {}", "a".repeat(LONGEST + 1))]), Err(Denied::Malformed));
    }

    #[test]
    fn two_proofs_are_none() {
        let mut headers = HeaderMap::new();
        assert_eq!(proof(&headers), None);
        headers.append("dpop", HeaderValue::from_static("a"));
        assert_eq!(proof(&headers), Some("a"));
        headers.append("dpop", HeaderValue::from_static("b"));
        assert_eq!(proof(&headers), None);
    }
}
