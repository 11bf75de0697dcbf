//! The URL that the provider is reached by from outside.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use url::{Host, Url};

use super::{
    Given,
    value::{Value, expected},
};

/// The provider's URL as clients know it: its issuer. Scheme, host and port, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    text: String,
    url: Url,
}

impl PublicUrl {
    /// The issuer, exactly as it was configured. It ends without a slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As a URL, to build others from. Its path is `/`.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The origin in its normal form, as browsers send it in `Origin` (RFC 6454 section 6.1).
    #[must_use]
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether it is reached over HTTPS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether it names this machine alone: `localhost`, a name below it (RFC 6761 section 6.3), 127.0.0.0/8 or `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => Ipv4Addr::is_loopback(&address),
            Some(Host::Ipv6(address)) => Ipv6Addr::is_loopback(&address),
            None => false,
        }
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| expected::<Self>())?;
        let rest = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let (Some(rest), Some(_)) = (rest, url.host()) else { return Err(expected::<Self>()) };
        let only = "scheme, host and port only";
        if rest.contains('@') {
            return Err(format!("{only}: leave out the user and password before the @"));
        }
        if let Some(at) = rest.find(['/', '?', '#', '\\']) {
            let surplus = &rest[at..];
            return Err(match surplus.chars().next() {
                Some('/') if surplus.len() == 1 => format!("{only}: leave out the slash at its end"),
                Some('?') => format!("{only}: leave out the query {surplus:?}"),
                Some('#') => format!("{only}: leave out the fragment {surplus:?}"),
                _ => format!("{only}: leave out the path {surplus:?}"),
            });
        }
        if !rest.is_ascii() || rest.contains(|c: char| c.is_ascii_whitespace() || c.is_ascii_control()) {
            return Err(format!("{only}, in ASCII: {:?}", url.origin().ascii_serialization()));
        }
        Ok(Self { text: text.to_owned(), url })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Value for PublicUrl {
    const EXPECTED: &'static str = "scheme, host and port, such as \"https://id.example.com\"";

    fn read(given: &Given) -> Result<Self, String> {
        given.text().ok_or_else(expected::<Self>)?.parse()
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.text.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_scheme_host_and_port_exactly_as_written() {
        for good in ["https://id.example.com", "http://localhost:8080", "https://id.example.com:443", "http://[::1]:80"]
        {
            let url: PublicUrl = good.parse().expect(good);
            assert_eq!(url.as_str(), good);
        }
        let url: PublicUrl = "https://ID.example.com:443".parse().expect("a URL");
        assert_eq!(url.origin(), "https://id.example.com");
    }

    #[test]
    fn a_public_url_with_anything_more_is_told_what_to_leave_out() {
        for (wrong, cure) in [
            ("https://id.example.com/", "the slash at its end"),
            ("https://id.example.com/auth", "the path \"/auth\""),
            ("https://id.example.com?x=1", "the query"),
            ("https://id.example.com#x", "the fragment"),
            ("https://bob:secret@id.example.com", "the user and password"),
            ("https://id.example.com\\auth", "the path"),
            ("ftp://id.example.com", "such as"),
            ("id.example.com", "such as"),
            ("https:id.example.com", "such as"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            let error = wrong.parse::<PublicUrl>().expect_err(wrong);
            assert!(error.contains(cure), "{wrong}: {error}");
        }
    }

    #[test]
    fn loopback_is_this_machine_and_nothing_that_looks_like_it() {
        let loopback = |text: &str| text.parse::<PublicUrl>().expect(text).is_loopback();
        for here in
            ["http://localhost:1", "http://id.localhost", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]"]
        {
            assert!(loopback(here), "{here}");
        }
        for elsewhere in
            ["http://localhost.example", "http://127.0.0.1.nip.io", "http://10.0.0.1", "http://notlocalhost"]
        {
            assert!(!loopback(elsewhere), "{elsewhere}");
        }
    }
}
