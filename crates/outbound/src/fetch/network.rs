//! Which addresses lead out, and which into a network of ours.
//!
//! By the registries of special-purpose addresses (RFC 6890; IANA's lists of IPv4 and IPv6 special-purpose addresses). IPv6 is
//! judged by what may be reached, since most of it is assigned to nobody: only 2000::/3 is, less the parts of it that are not
//! for the open internet. Addresses that wrap an IPv4 address are judged by what is inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How near an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On the open internet.
    Public,
    /// In a private network.
    Private,
    /// On this machine.
    Loopback,
    /// Nothing of ours or of anybody's to fetch from: link-local addresses, with the metadata services of clouds among them,
    /// multicast, documentation, benchmarks, what is unspecified, reserved, or a tunnel to elsewhere.
    Never,
}

/// RFC 1918, and RFC 6598 (between a provider and its customers).
const PRIVATE_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
];

const NEVER_V4: &[(Ipv4Addr, u32)] = &[
    // A cloud's metadata service, within RFC 6598.
    (Ipv4Addr::new(100, 100, 100, 200), 32),
    // "This network": on many systems the machine itself.
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    // Link-local, and most clouds' metadata services.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    // IETF protocol assignments, with another cloud's metadata service among them.
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    // Documentation.
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    // Relays of 6to4.
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    // Benchmarks.
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    // Multicast.
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    // Reserved, and the broadcast address.
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Unique local addresses.
const PRIVATE_V6: &[(Ipv6Addr, u32)] = &[(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7)];

const NEVER_V6: &[(Ipv6Addr, u32)] = &[
    // Two clouds' metadata services, within the unique local addresses.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128),
    // IETF protocol assignments: Teredo, benchmarks, ORCHID.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    // 6to4: a tunnel to the IPv4 address inside.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    // Documentation.
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// What is assigned to the open internet.
const GLOBAL_UNICAST: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// NAT64 (RFC 6052): where there is no IPv4, public names resolve to this with their IPv4 address inside.
const NAT64: (Ipv6Addr, u32) = (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

/// How near `address` is.
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let among = |nets: &[(Ipv4Addr, u32)]| nets.iter().any(|net| in_v4(address, *net));
    match address {
        _ if among(NEVER_V4) => Reach::Never,
        _ if address.is_loopback() => Reach::Loopback,
        _ if among(PRIVATE_V4) => Reach::Private,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(inside) = address.to_ipv4_mapped() {
        return reach_v4(inside);
    }
    if in_v6(address, NAT64) {
        let [.., a, b, c, d] = address.octets();
        // A translator's own network is nothing that it should be asked for.
        return match reach_v4(Ipv4Addr::new(a, b, c, d)) {
            Reach::Public => Reach::Public,
            _ => Reach::Never,
        };
    }
    let among = |nets: &[(Ipv6Addr, u32)]| nets.iter().any(|net| in_v6(address, *net));
    match address {
        _ if among(NEVER_V6) => Reach::Never,
        _ if address.is_loopback() => Reach::Loopback,
        _ if among(PRIVATE_V6) => Reach::Private,
        _ if in_v6(address, GLOBAL_UNICAST) => Reach::Public,
        _ => Reach::Never,
    }
}

fn in_v4(address: Ipv4Addr, (net, length): (Ipv4Addr, u32)) -> bool {
    (u32::from(address) ^ u32::from(net)) >> (32 - length) == 0
}

fn in_v6(address: Ipv6Addr, (net, length): (Ipv6Addr, u32)) -> bool {
    (u128::from(address) ^ u128::from(net)) >> (128 - length) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(expected: Reach, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a51_what_leads_into_a_network_of_ours_is_told_from_what_leads_out() {
        all(
            Reach::Public,
            &["1.1.1.1", "9.255.255.255", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "223.0.0.1"],
        );
        all(Reach::Public, &["2606:4700::1111", "2a00::1", "2001:4860::1", "2001:200::1"]);
        all(
            Reach::Private,
            &["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd12::1", "fc00::1"],
        );
        all(Reach::Loopback, &["127.0.0.1", "127.255.255.254", "::1"]);
    }

    #[test]
    fn a51_link_local_reserved_and_documentation_addresses_are_never_fetched_from() {
        all(Reach::Never, &["0.0.0.0", "0.1.2.3", "169.254.169.254", "192.0.0.192", "192.0.2.1", "198.51.100.1"]);
        all(Reach::Never, &["203.0.113.9", "192.88.99.1", "198.18.0.1", "198.19.255.255", "224.0.0.1", "239.1.1.1"]);
        all(Reach::Never, &["240.0.0.1", "255.255.255.255", "100.100.100.200"]);
        all(Reach::Never, &["::", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1", "3fff::1", "100::1", "5f00::1"]);
        all(Reach::Never, &["2001::1", "2001:2::1", "2001:20::1", "fd00:ec2::254", "fd20:ce::254", "4000::1"]);
    }

    #[test]
    fn a51_an_address_inside_an_address_is_judged_by_the_one_inside() {
        all(Reach::Loopback, &["::ffff:127.0.0.1", "::ffff:7f00:1"]);
        all(Reach::Private, &["::ffff:10.0.0.1"]);
        all(Reach::Public, &["::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]);
        all(
            Reach::Never,
            &["64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1.1.1.1"],
        );
        all(Reach::Never, &["::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::", "2002:101:101::1"]);
    }
}
