//! A client's address in words, for the list of sessions.

use std::net::{IpAddr, Ipv6Addr};

/// Where a browser is, as far as its address tells: “this computer”, “your network (192.168.1.4)”, or the address itself.
#[must_use]
pub fn place_in_words(address: IpAddr) -> String {
    // A listener for IPv6 and IPv4 alike sees IPv4 clients as `::ffff:192.0.2.1`.
    let address = address.to_canonical();
    if address.is_loopback() {
        "this computer".to_owned()
    } else if is_near(address) {
        format!("your network ({address})")
    } else {
        address.to_string()
    }
}

/// Whether the address means something within one network only: RFC 1918, RFC 3927, RFC 4193, RFC 4291 section 2.5.6.
fn is_near(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_private() || address.is_link_local(),
        IpAddr::V6(address) => within(address, 0xfc00, 7) || within(address, 0xfe80, 10),
    }
}

fn within(address: Ipv6Addr, prefix: u16, bits: u32) -> bool {
    (address.segments()[0] ^ prefix) >> (16 - bits) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_places_are_told_in_words_and_far_ones_by_their_address() {
        for (address, words) in [
            ("127.0.0.1", "this computer"),
            ("::1", "this computer"),
            ("::ffff:127.0.0.1", "this computer"),
            ("192.168.1.4", "your network (192.168.1.4)"),
            ("::ffff:10.0.0.7", "your network (10.0.0.7)"),
            ("172.31.255.1", "your network (172.31.255.1)"),
            ("172.32.0.1", "172.32.0.1"),
            ("169.254.9.9", "your network (169.254.9.9)"),
            ("fd12:3456::1", "your network (fd12:3456::1)"),
            ("fe80::1", "your network (fe80::1)"),
            ("fec0::1", "fec0::1"),
            ("203.0.113.9", "203.0.113.9"),
            ("2001:db8::9", "2001:db8::9"),
        ] {
            assert_eq!(place_in_words(address.parse().unwrap()), words, "{address}");
        }
    }
}
