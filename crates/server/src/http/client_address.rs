//! Whose request it is: the address at the other end, or the one that a proxy of ours names.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use http::HeaderMap;
use ipnet::IpNet;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of a client, as well as it can be known: in the data of each request that came through a
/// [`Stack`](super::Stack) from a socket. An IPv4 address in IPv6's clothes (`::ffff:…`) is the IPv4 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(IpAddr);

impl ClientAddress {
    /// The address of the client of `request`, where it came through a socket.
    pub(crate) fn of(request: &poem::Request) -> Option<IpAddr> {
        request.data::<Self>().map(|address| address.0)
    }
}

impl ClientAddress {
    /// The address itself.
    #[must_use]
    pub(crate) fn ip(self) -> IpAddr {
        self.0
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Addresses that something is allowed to.
#[derive(Clone, Debug, Default)]
pub struct Networks(Vec<IpNet>);

impl FromIterator<IpNet> for Networks {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl Networks {
    /// Whether `address` is one of them.
    #[must_use]
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// The proxies in front of us: the only peers whose forwarding headers count.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Networks);

impl FromIterator<IpNet> for TrustedProxies {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

impl TrustedProxies {
    /// Whether `address` is a proxy of ours.
    #[must_use]
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(address)
    }

    /// The client of a request that came from `peer` with `headers`.
    ///
    /// Each proxy appends whom it got the request from to `X-Forwarded-For`, so its end can be believed as far as our own
    /// proxies reach: the client is the last one that is none of ours. Where something there is no address, nothing in the
    /// header is believed, and the client is the peer: a header that is garbled on purpose must not free anybody from limits
    /// that go by address.
    #[must_use]
    pub(crate) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> ClientAddress {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return ClientAddress(peer);
        }
        let mut client = peer;
        for line in headers.get_all(FORWARDED_FOR).iter().rev() {
            let Ok(line) = line.to_str() else { return ClientAddress(peer) };
            for hop in line.rsplit(',') {
                let Some(address) = parse_hop(hop.trim()) else { return ClientAddress(peer) };
                client = address;
                if !self.contains(address) {
                    return ClientAddress(client);
                }
            }
        }
        ClientAddress(client)
    }
}

/// An address, with or without brackets, with or without a port: proxies differ.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(IpAddr::to_canonical(&address))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies: TrustedProxies =
            ["10.0.0.0/8", "fd00::/8"].iter().map(|text| text.parse::<IpNet>().expect(text)).collect();
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).expect("a header value"));
        }
        proxies.client(peer.parse().expect("an address"), &headers).to_string()
    }

    #[test]
    fn a_stranger_cannot_say_who_it_is_a63() {
        assert_eq!(client("203.0.113.9", &["1.2.3.4"]), "203.0.113.9");
    }

    #[test]
    fn the_client_is_the_last_hop_that_is_no_proxy_of_ours_a63() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["1.2.3.4, 203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["1.2.3.4", "203.0.113.9, 10.0.0.2"]), "203.0.113.9");
        assert_eq!(client("fd00::1", &["2001:db8::7"]), "2001:db8::7");
    }

    #[test]
    fn unparsable_x_forwarded_for_leaves_the_peer_a63() {
        for garbled in
            ["a", "", "203.0.113.9,", "unknown", "203.0.113.9:x", "1.2.3.4, a, 10.0.0.2", "[203.0.113.9", "ü"]
        {
            assert_eq!(client("10.0.0.1", &[garbled]), "10.0.0.1", "{garbled:?}");
        }
    }

    #[test]
    fn what_the_client_made_up_to_the_left_is_not_even_read_a63() {
        assert_eq!(client("10.0.0.1", &["a, 203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn ports_brackets_and_mapped_addresses_are_understood() {
        assert_eq!(client("10.0.0.1", &["203.0.113.9:4711"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client("10.0.0.1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client("::ffff:10.0.0.1", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }

    #[test]
    fn with_none_but_proxies_the_farthest_one_is_the_client() {
        assert_eq!(client("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }
}
