//! Addresses: what is listened on, what the provider is called from outside, and which peers are proxies of ours.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use ipnet::IpNet;
use url::{Host, Url};

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

/// Networks, each of one address or more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<IpNet>);

impl Networks {
    /// Whether `address` is in one of them. An IPv4 address in IPv6's clothes (`::ffff:…`) is the IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The networks.
    pub fn iter(&self) -> impl Iterator<Item = &IpNet> {
        self.0.iter()
    }
}

impl Value for Networks {
    const EXPECTED: &'static str = "a list of addresses or networks, such as [\"10.0.0.1\", \"192.168.0.0/16\"]";

    fn read(given: &Given) -> Result<Self, String> {
        let network = |text: &str| {
            let address = text.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| text.parse()).map(|network| network.trunc()).map_err(|_| {
                format!("addresses or networks, such as \"10.0.0.1\" or \"192.168.0.0/16\", and {text:?} is neither")
            })
        };
        given.texts().ok_or_else(expected::<Self>)?.into_iter().map(network).collect::<Result<_, _>>().map(Self)
    }

    fn written(&self) -> Option<Given> {
        let text = |network: &IpNet| {
            let single = network.prefix_len() == network.max_prefix_len();
            Given::Text(if single { network.addr().to_string() } else { network.to_string() })
        };
        Some(Given::List(self.0.iter().map(text).collect()))
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

    #[test]
    fn proxies_are_single_addresses_or_networks() {
        let given = Given::Bare("10.0.0.1, 192.168.7.9/16, fd00::/8".to_owned());
        let networks = Networks::read(&given).expect("networks");
        let inside = |text: &str| networks.contains(text.parse().expect("an address"));
        assert!(inside("10.0.0.1") && inside("192.168.255.1") && inside("fd12::1") && inside("::ffff:10.0.0.1"));
        assert!(!inside("10.0.0.2") && !inside("::1"));
        assert_eq!(networks.written().expect("a list").to_string(), r#"["10.0.0.1", "192.168.0.0/16", "fd00::/8"]"#);
        assert!(Networks::read(&Given::Text("proxy.example".to_owned())).is_err());
    }
}
