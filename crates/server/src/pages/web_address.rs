//! Links that others registered.

use std::fmt;

use url::Url;

/// An address on the web that a page may link to: absolute, `http` or `https`, with a host and no user name.
///
/// An app registers its own policy and terms; `javascript:` or `https://bank.example@evil.example` there must never become a
/// link on our page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress(Url);

impl WebAddress {
    /// The address, or `None` for a text that is not one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        (web && url.username().is_empty() && url.password().is_none()).then_some(Self(url))
    }
}

impl WebAddress {
    /// Whether what lies there comes over TLS, so that a page may show it.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_of_the_web_become_links() {
        assert!(WebAddress::parse("https://app.example/terms?v=2").is_some());
        for bad in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\nscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "/relative",
            "//evil.example",
            "https://bank.example@evil.example/",
            "",
        ] {
            assert_eq!(WebAddress::parse(bad), None, "{bad:?}");
        }
    }
}
