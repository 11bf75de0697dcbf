//! Addresses that lead to the machine of whoever follows them.

use url::{Host, Url};

/// Whether a URL names the machine itself as its host: `localhost`, or a loopback address (RFC 8252 section 7.3).
#[must_use]
pub fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_localhost_and_loopback_addresses_are_this_machine() {
        let is = |text: &str| is_this_machine(&text.parse().unwrap());
        for here in ["http://localhost/", "http://LOCALHOST:8080/cb", "https://127.8.0.1/", "http://[::1]:9/"] {
            assert!(is(here), "{here}");
        }
        for elsewhere in [
            "http://localhost.example/",
            "http://app.localhost/",
            "http://10.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "com.example.app:/cb",
        ] {
            assert!(!is(elsewhere), "{elsewhere}");
        }
    }
}
