//! Which addresses can be a `client_id` (draft section 3), and which of them an operator lets in.
//!
//! No part of an address is decoded or normalised to be compared: one that the URL parser would write in another way is refused, so
//! that two spellings of one place are never two applications, nor one application two places.

use std::{fmt, str::FromStr};

use url::Url;
use vestibule_core::{ClientId, is_this_machine};

/// The longest address: as long as any `client_id` may be where it is kept, told and looked for.
const LONGEST: usize = 200;

/// Whether a `client_id` is meant as the address of a document. Those that are given out here never look so.
#[must_use]
pub fn is_address(id: &ClientId) -> bool {
    ["https://", "http://"].into_iter().any(|scheme| id.as_str().starts_with(scheme))
}

/// The address of a document, in the one way in which it can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DocumentAddress {
    url: Url,
}

/// Why something cannot be the address of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Too long.
    #[error("it is longer than {LONGEST} characters")]
    TooLong,
    /// Another scheme.
    #[error("it must be an https URL (http only on this machine, while developing)")]
    Scheme,
    /// A user or a password.
    #[error("it names a user before the host")]
    UserInfo,
    /// A fragment.
    #[error("it has a fragment")]
    Fragment,
    /// A query.
    #[error("it has a query")]
    Query,
    /// Nothing after the host.
    #[error("it has no path")]
    NoPath,
    /// A path that climbs or hides.
    #[error("its path has a dot segment")]
    DotSegment,
    /// Another spelling of an address, or none.
    #[error("it is no URL, or is not written in its normal form")]
    NotNormal,
}

impl DocumentAddress {
    /// Checks an address by the rules of the draft, and a query, which that only advises against.
    pub(crate) fn parse(text: &str) -> Result<Self, AddressError> {
        if text.len() > LONGEST {
            return Err(AddressError::TooLong);
        }
        let (_, after) = text.split_once("://").ok_or(AddressError::NotNormal)?;
        if after.contains('#') {
            return Err(AddressError::Fragment);
        }
        if after.contains('?') {
            return Err(AddressError::Query);
        }
        let (authority, path) = after.split_once('/').ok_or(AddressError::NoPath)?;
        if authority.contains('@') {
            return Err(AddressError::UserInfo);
        }
        if path.split('/').any(is_dot_segment) {
            return Err(AddressError::DotSegment);
        }
        let url = Url::parse(text).map_err(|_| AddressError::NotNormal)?;
        if url.as_str() != text {
            return Err(AddressError::NotNormal);
        }
        match url.scheme() {
            "https" => Ok(Self { url }),
            "http" if is_this_machine(&url) => Ok(Self { url }),
            _ => Err(AddressError::Scheme),
        }
    }

    /// The host, as the fetches there are counted.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        self.url.as_str()
    }

    fn authority(&self) -> &str {
        self.url.authority()
    }
}

/// `.` and `..`, also where a dot is percent-encoded.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// Addresses that an operator lets in (`client_documents.allow`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedAddress {
    /// `*`: any over https.
    Any,
    /// `app.example`, or `app.example:8443`: those of a host, over https.
    Host(String),
    /// `*.app.example`: those of the hosts below a name, over https.
    Below(String),
    /// `https://app.example/apps`: this one, and those below it.
    Prefix(String),
}

impl AllowedAddress {
    /// Whether it lets `address` in.
    pub(super) fn lets_in(&self, address: &DocumentAddress) -> bool {
        let over_tls = address.url.scheme() == "https";
        match self {
            Self::Any => over_tls,
            Self::Host(host) => over_tls && address.authority() == host,
            Self::Below(name) => {
                over_tls && address.authority().strip_suffix(name.as_str()).is_some_and(|left| left.ends_with('.'))
            }
            Self::Prefix(prefix) => match address.as_str().strip_prefix(prefix.as_str()) {
                Some(rest) => rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'),
                None => false,
            },
        }
    }
}

impl FromStr for AllowedAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if is_address(&text.into()) {
            let whole = text.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
            let prefix = if whole { text.to_owned() } else { format!("{text}/") };
            DocumentAddress::parse(&prefix)?;
            return Ok(Self::Prefix(prefix));
        }
        let (below, host) = text.strip_prefix("*.").map_or((false, text), |host| (true, host));
        let address = DocumentAddress::parse(&format!("https://{host}/"))?;
        if address.authority() != host || host.contains('*') {
            return Err(AddressError::NotNormal);
        }
        Ok(if below { Self::Below(host.to_owned()) } else { Self::Host(host.to_owned()) })
    }
}

impl fmt::Display for AllowedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Below(name) => write!(f, "*.{name}"),
            Self::Host(text) | Self::Prefix(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<(), AddressError> {
        DocumentAddress::parse(text).map(drop)
    }

    #[test]
    fn an_address_has_https_a_host_and_a_path() {
        for good in ["https://app.example/client.json", "https://app.example:8443/a/b", "https://app.example/"] {
            assert_eq!(parsed(good), Ok(()), "{good}");
        }
        assert_eq!(parsed("http://127.0.0.1:8000/client.json"), Ok(()), "the fetcher decides of it");
        assert_eq!(parsed("https://app.example"), Err(AddressError::NoPath));
        assert_eq!(parsed(&format!("https://app.example/{}", "a".repeat(200))), Err(AddressError::TooLong));
    }

    #[test]
    fn a51_what_the_draft_forbids_is_refused_and_named() {
        for (bad, why) in [
            ("http://app.example/client.json", AddressError::Scheme),
            ("ftp://app.example/client.json", AddressError::Scheme),
            ("https://user@app.example/client.json", AddressError::UserInfo),
            ("https://user:secret@app.example/client.json", AddressError::UserInfo),
            ("https://app.example/client.json#one", AddressError::Fragment),
            ("https://app.example/client.json#", AddressError::Fragment),
            ("https://app.example/client.json?a=b", AddressError::Query),
            ("https://app.example/a/../client.json", AddressError::DotSegment),
            ("https://app.example/./client.json", AddressError::DotSegment),
            ("https://app.example/a/%2E%2e/client.json", AddressError::DotSegment),
            ("https://app.example/a/..", AddressError::DotSegment),
        ] {
            assert_eq!(parsed(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a51_another_spelling_of_an_address_is_none() {
        for bad in [
            "https://App.example/client.json",
            "https://app.example:443/client.json",
            "https://app.example\\client.json",
            "https://app.example/client.json ",
            "https://app.example/cli\tent.json",
            "https://app.example/clïent.json",
            "https://exämple.example/client.json",
            "https://2130706433/client.json",
            "https://0x7f.1/client.json",
            "https:///app.example/client.json",
            "https:app.example/client.json",
        ] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }

    fn lets_in(allowed: &str, address: &str) -> bool {
        let address = DocumentAddress::parse(address).unwrap();
        allowed.parse::<AllowedAddress>().unwrap().lets_in(&address)
    }

    #[test]
    fn a_host_lets_in_its_addresses_and_no_others() {
        assert!(lets_in("app.example", "https://app.example/client.json"));
        for other in ["https://app.example:8443/c", "https://an.app.example/c", "https://app.example.evil.example/c"] {
            assert!(!lets_in("app.example", other), "{other}");
        }
        assert!(lets_in("app.example:8443", "https://app.example:8443/c"));
        assert!(lets_in("*.app.example", "https://one.app.example/c"));
        for other in ["https://app.example/c", "https://evilapp.example/c", "https://one.app.example:8443/c"] {
            assert!(!lets_in("*.app.example", other), "{other}");
        }
        assert!(lets_in("*", "https://anywhere.example/c") && !lets_in("*", "http://localhost:8000/c"));
    }

    #[test]
    fn a_prefix_ends_where_a_segment_does() {
        for prefix in ["https://app.example/apps", "https://app.example/apps/"] {
            assert!(lets_in(prefix, "https://app.example/apps/one.json"), "{prefix}");
            assert!(!lets_in(prefix, "https://app.example/apps-of-others/one.json"), "{prefix}");
        }
        assert!(lets_in("https://app.example", "https://app.example/one.json"));
        assert!(!lets_in("https://app.example", "https://app.example.evil.example/one.json"));
        assert!(lets_in("http://127.0.0.1:8000", "http://127.0.0.1:8000/one.json"));
    }

    #[test]
    fn what_lets_nothing_in_is_no_entry() {
        for bad in ["", "app.example/", "user@app.example", "https://App.example", "*.*", "http://app.example", "a b"] {
            assert!(bad.parse::<AllowedAddress>().is_err(), "{bad}");
        }
        for good in ["*", "app.example", "*.app.example", "https://app.example/apps"] {
            assert_eq!(good.parse::<AllowedAddress>().unwrap().to_string(), good);
        }
    }
}
