//! Redirect URIs: what may be registered, and what matches what was registered.
//!
//! A [`RedirectUri`] exists only for a URI that passed the rules of registration. At the authorization endpoint the whole
//! string is compared (RFC 9700 section 2.1); the one leeway is the port of a literal loopback address (RFC 8252 section 7.3).
//! No part of a URI is decoded or normalised for the comparison, so the tricks that live on such steps find none.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::is_this_machine;

/// Parameters of authorization responses. A registered URI that carries one already would let its value pass for ours.
const RESPONSE_PARAMETERS: [&str; 12] = [
    "access_token",
    "code",
    "error",
    "error_description",
    "error_uri",
    "expires_in",
    "id_token",
    "iss",
    "response",
    "session_state",
    "state",
    "token_type",
];

/// A URI that an application may be answered at, exactly as it was registered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Why a URI cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// It does not parse as an absolute URI, or holds characters that a URI must have encoded.
    #[error("it is not an absolute URI in plain ASCII")]
    Malformed,
    /// It has a fragment (RFC 6749 section 3.1.2 forbids it).
    #[error("it has a fragment; leave out the part from # on")]
    Fragment,
    /// It names a user or password before the host.
    #[error("it names a user before the host; leave out the part up to @")]
    UserInfo,
    /// Its scheme is none that an application can be answered at safely.
    #[error(
        "its scheme is not allowed: use https, http on a loopback address, or a private scheme with a dot in it such as com.example.app"
    )]
    Scheme,
    /// It is plain HTTP to another machine.
    #[error("plain http is allowed on a loopback address only (localhost, 127.0.0.1, [::1]); use https")]
    PlainHttp,
    /// Its path climbs or hides (`..`, `%2e`, `;`).
    #[error("its path has a dot segment")]
    DotSegment,
    /// Its query already carries a parameter of our answers.
    #[error("its query carries the parameter {0}, which belongs to our answers")]
    ResponseParameter(String),
}

impl RedirectUri {
    /// Checks a URI by the rules of registration.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn parse(text: &str) -> Result<Self, RedirectUriError> {
        let plain = |byte: u8| {
            byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}')
        };
        if text.is_empty() || !text.bytes().all(plain) {
            return Err(RedirectUriError::Malformed);
        }
        if text.contains('#') {
            return Err(RedirectUriError::Fragment);
        }
        let url = Url::parse(text).map_err(|_| RedirectUriError::Malformed)?;
        check_scheme(text, &url)?;
        if !url.username().is_empty() || url.password().is_some() || authority(text).is_some_and(|a| a.contains('@')) {
            return Err(RedirectUriError::UserInfo);
        }
        check_path(text)?;
        if let Some((name, _)) = url.query_pairs().find(|(name, _)| RESPONSE_PARAMETERS.contains(&name.as_ref())) {
            return Err(RedirectUriError::ResponseParameter(name.into_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// As registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URI to answer at when an application that registered this one presents `presented`; `None` where they differ.
    ///
    /// They must be the same string, or differ in nothing but the port of a literal loopback address.
    #[must_use]
    pub fn matching(&self, presented: &str) -> Option<Self> {
        if self.0 == presented {
            return Some(self.clone());
        }
        let same_but_for_port = match (split_loopback_port(&self.0), split_loopback_port(presented)) {
            (Some(registered), Some(presented)) => registered == presented,
            _ => false,
        };
        same_but_for_port.then(|| Self(presented.to_owned()))
    }

    /// This URI with the parameters of an answer appended to its query.
    #[must_use]
    pub fn with_query(&self, parameters: &[(&str, &str)]) -> String {
        // A further question mark is a part of what stands before the answer.
        let separator = match self.0.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{}{separator}{}", self.0, encoded(parameters))
    }

    /// This URI with the parameters of an answer as its fragment. It has none of its own.
    #[must_use]
    pub fn with_fragment(&self, parameters: &[(&str, &str)]) -> String {
        format!("{}#{}", self.0, encoded(parameters))
    }
}

fn encoded(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// Allows `https`, `http` on loopback, and private-use schemes in reverse domain order (RFC 8252 section 7.1).
fn check_scheme(text: &str, url: &Url) -> Result<(), RedirectUriError> {
    match url.scheme() {
        "https" | "http" if authority(text).is_none_or(str::is_empty) => Err(RedirectUriError::Malformed),
        "https" => Ok(()),
        "http" if is_this_machine(url) => Ok(()),
        "http" => Err(RedirectUriError::PlainHttp),
        private if private.contains('.') => Ok(()),
        _ => Err(RedirectUriError::Scheme),
    }
}

/// Refuses paths that a lenient reader would take for another path.
fn check_path(text: &str) -> Result<(), RedirectUriError> {
    let path = text.split('?').next().unwrap_or_default();
    let lower = path.to_ascii_lowercase().replace("%2e", ".");
    let climbs = lower.split(['/', ';']).any(|segment| segment == "." || segment == "..");
    if climbs || lower.contains("%2f") || lower.contains("%5c") { Err(RedirectUriError::DotSegment) } else { Ok(()) }
}

/// What stands between `//` and the path, untouched.
fn authority(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("://")?;
    rest.split(['/', '?']).next()
}

/// Splits `http://127.0.0.1:1234/cb` into what stands before and after the port. Only for the two literal loopback addresses.
fn split_loopback_port(text: &str) -> Option<(&str, &str)> {
    for host in ["http://127.0.0.1", "http://[::1]"] {
        let Some(rest) = text.strip_prefix(host) else { continue };
        let Some(after_colon) = rest.strip_prefix(':') else {
            return rest
                .starts_with(['/', '?'])
                .then_some((host, rest))
                .or_else(|| rest.is_empty().then_some((host, rest)));
        };
        let digits = after_colon.bytes().take_while(u8::is_ascii_digit).count();
        let (port, tail) = after_colon.split_at(digits);
        let real = !port.starts_with('0') && port.parse::<u16>().is_ok();
        let ends = tail.is_empty() || tail.starts_with(['/', '?']);
        return (real && ends).then_some((host, tail));
    }
    None
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectUriError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).expect("may be registered")
    }

    #[test]
    fn what_may_be_registered() {
        for good in [
            "https://rp.example/cb",
            "https://rp.example",
            "https://rp.example:8443/cb?x=1",
            "http://localhost:3000/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:9/cb",
            "com.example.app:/oauth/cb",
        ] {
            assert!(RedirectUri::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a03_a05_a06_what_may_not() {
        use RedirectUriError as E;
        for (bad, why) in [
            ("", E::Malformed),
            ("/cb", E::Malformed),
            ("https:rp.example/cb", E::Malformed),
            ("https:///cb", E::Malformed),
            ("https://rp.example/c b", E::Malformed),
            ("https://rp.example/\tcb", E::Malformed),
            ("https://rp.example\\@evil.example/", E::Malformed),
            ("https://rp。example/cb", E::Malformed),
            ("https://rp.example/cb#x", E::Fragment),
            ("https://good.example@evil.example/cb", E::UserInfo),
            ("https://@evil.example/cb", E::UserInfo),
            ("javascript:alert(1)", E::Scheme),
            ("JaVaScRiPt:alert(1)", E::Scheme),
            ("data:text/html,x", E::Scheme),
            ("vbscript:x", E::Scheme),
            ("file:///etc/passwd", E::Scheme),
            ("myapp:/cb", E::Scheme),
            ("http://rp.example/cb", E::PlainHttp),
            ("http://localhost.evil.example/cb", E::PlainHttp),
            ("http://127.0.0.1.nip.io/cb", E::PlainHttp),
            ("https://rp.example/a/../cb", E::DotSegment),
            ("https://rp.example/a/%2e%2E/cb", E::DotSegment),
            ("https://rp.example/a/..;/cb", E::DotSegment),
            ("https://rp.example/a%2fcb", E::DotSegment),
            ("https://rp.example/cb?code=x", E::ResponseParameter("code".into())),
            ("https://rp.example/cb?a=1&state=x", E::ResponseParameter("state".into())),
        ] {
            assert_eq!(RedirectUri::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a01_a02_the_whole_string_is_compared() {
        let registered = uri("https://rp.example/cb");
        assert_eq!(registered.matching("https://rp.example/cb"), Some(registered.clone()));
        for other in [
            "https://rp.example/cb/",
            "https://rp.example/CB",
            "https://RP.example/cb",
            "https://rp.example:443/cb",
            "https://rp.example/cb?x=1",
            "https://rp.example/c%62",
            "https://rpaexample/cb",
            "https://rp.example.evil.tld/cb",
            "https://rp.example/cb#",
            "https://rp.example@evil.tld/cb",
            "http://rp.example/cb",
            " https://rp.example/cb",
        ] {
            assert_eq!(registered.matching(other), None, "{other}");
        }
    }

    #[test]
    fn a04_the_port_of_a_literal_loopback_address_may_vary_and_nothing_else() {
        let registered = uri("http://127.0.0.1:1234/cb?x=1");
        let answered = registered.matching("http://127.0.0.1:51004/cb?x=1").expect("another port");
        assert_eq!(answered.as_str(), "http://127.0.0.1:51004/cb?x=1");
        assert!(registered.matching("http://127.0.0.1/cb?x=1").is_some());
        for other in [
            "http://127.0.0.1:51004/cb",
            "http://127.0.0.1:51004/cb?x=2",
            "http://127.0.0.1:0/cb?x=1",
            "http://127.0.0.1:99999/cb?x=1",
            "http://127.0.0.1:+80/cb?x=1",
            "http://127.0.0.1:80@evil.tld/cb?x=1",
            "http://127.0.0.1:/cb?x=1",
            "http://127.0.0.1.evil.tld:80/cb?x=1",
            "http://[::1]:1234/cb?x=1",
            "http://localhost:1234/cb?x=1",
            "https://127.0.0.1:1234/cb?x=1",
        ] {
            assert_eq!(registered.matching(other), None, "{other}");
        }
        assert!(uri("http://[::1]/cb").matching("http://[::1]:8080/cb").is_some());
        assert_eq!(uri("http://localhost:3000/cb").matching("http://localhost:3001/cb"), None);
        assert_eq!(uri("https://127.0.0.1:3000/cb").matching("https://127.0.0.1:3001/cb"), None);
    }

    #[test]
    fn an_answer_is_appended_and_encoded() {
        assert_eq!(
            uri("https://rp.example/cb").with_query(&[("state", "a b&\r\n")]),
            "https://rp.example/cb?state=a+b%26%0D%0A"
        );
        assert_eq!(uri("https://rp.example/cb?x=1").with_query(&[("code", "y")]), "https://rp.example/cb?x=1&code=y");
        assert_eq!(uri("https://rp.example/cb?").with_query(&[("code", "y")]), "https://rp.example/cb?code=y");
        // The second question mark belongs to the value, and the answer is no part of that.
        assert_eq!(uri("https://rp.example/cb?x=?").with_query(&[("code", "y")]), "https://rp.example/cb?x=?&code=y");
        assert_eq!(
            uri("https://rp.example/cb?x=1").with_fragment(&[("id_token", "y"), ("state", "a b&#")]),
            "https://rp.example/cb?x=1#id_token=y&state=a+b%26%23"
        );
    }
}
