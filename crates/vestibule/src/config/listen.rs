//! The addresses that are listened on.

use std::{fmt, net::Ipv6Addr, str::FromStr};

use super::{
    Given,
    value::{Value, expected},
};

/// A host, by name or literal address, and a port to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    host: String,
    port: u16,
}

impl ListenAddress {
    /// The name or literal address, an IPv6 one without its brackets. A name stands for each address that it has.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 0 lets the operating system choose.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || expected::<ListenAddresses>();
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        if host.is_empty() {
            return Err(format!(
                "an address before the port; for all of them write \"0.0.0.0:{port}\" or \"[::]:{port}\""
            ));
        }
        if let Some(literal) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            literal.parse::<Ipv6Addr>().map_err(|_| wrong())?;
            return Ok(Self { host: literal.to_owned(), port });
        }
        let is_name = |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if host.parse::<Ipv6Addr>().is_ok() {
            return Err(format!("an IPv6 address in brackets, such as \"[::1]:{port}\""));
        }
        if is_name(host) { Ok(Self { host: host.to_owned(), port }) } else { Err(wrong()) }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// What to listen on: at least one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddresses(Vec<ListenAddress>);

impl ListenAddresses {
    /// The addresses in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &ListenAddress> {
        self.0.iter()
    }
}

impl From<ListenAddress> for ListenAddresses {
    fn from(address: ListenAddress) -> Self {
        Self(vec![address])
    }
}

impl Value for ListenAddresses {
    const EXPECTED: &'static str = "\"host:port\" or a list of them, such as \"localhost:8080\" or \"0.0.0.0:8080\"";

    fn read(given: &Given) -> Result<Self, String> {
        let texts = given.texts().filter(|texts| !texts.is_empty()).ok_or_else(expected::<Self>)?;
        texts.into_iter().map(str::parse).collect::<Result<_, _>>().map(Self)
    }

    fn written(&self) -> Option<Given> {
        let mut items: Vec<_> = self.0.iter().map(|address| Given::Text(address.to_string())).collect();
        if items.len() == 1 { items.pop() } else { Some(Given::List(items)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listen_address_is_a_host_and_a_port() {
        for good in ["localhost:8080", "0.0.0.0:80", "[::]:8443", "127.0.0.1:0"] {
            assert_eq!(good.parse::<ListenAddress>().expect(good).to_string(), good);
        }
        for (wrong, cure) in [
            ("localhost", "host:port"),
            (":8080", "\"0.0.0.0:8080\""),
            ("::1:8080", "brackets"),
            ("localhost:99999", "host:port"),
            ("http://localhost:8080", "host:port"),
            ("local host:8080", "host:port"),
        ] {
            let error = wrong.parse::<ListenAddress>().expect_err(wrong);
            assert!(error.contains(cure), "{wrong}: {error}");
        }
    }
}
