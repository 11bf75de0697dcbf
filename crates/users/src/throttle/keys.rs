//! What tries are counted by. Each is a keyed hash, so that the store tells nobody who tried what.

use std::net::{IpAddr, Ipv6Addr};

use vestibule_core::{HashKey, NormalisedIdentifier, UserId};

#[derive(Clone, Debug)]
pub(crate) struct Keys(HashKey);

impl Keys {
    pub(crate) fn new(hash_key: &HashKey) -> Self {
        Self(hash_key.for_purpose("sign-in tries"))
    }

    /// Look-alikes are the same account. What can be nobody's name is one account, too.
    pub(super) fn account(&self, typed: &str) -> String {
        match NormalisedIdentifier::new(typed) {
            Ok(name) => self.key(&format!("account {name}")),
            Err(_) => self.key("account of nobody"),
        }
    }

    /// An IPv4 address counts as a whole. Of an IPv6 address, whoever has one has its /64.
    pub(crate) fn address(&self, address: Option<IpAddr>) -> String {
        match address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(address)) => self.key(&format!("address {address}")),
            Some(IpAddr::V6(address)) => self.key(&format!("network {}", network(address))),
            None => self.key("address unknown"),
        }
    }

    pub(super) fn browser(&self, user: UserId, browser: &str) -> String {
        self.key(&format!("browser {user} {browser}"))
    }

    /// A key under which nothing is ever found.
    pub(super) fn nobodys_browser(&self, browser: &str) -> String {
        self.key(&format!("browser of nobody {browser}"))
    }

    pub(crate) fn key(&self, what: &str) -> String {
        self.0.digest(what).to_key()
    }
}

fn network(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys::new(&HashKey::new(&[1; 32]))
    }

    fn address(text: &str) -> String {
        keys().address(text.parse().ok())
    }

    #[test]
    fn a63_an_ipv6_address_counts_by_its_64_and_an_ipv4_address_as_a_whole() {
        assert_eq!(address("2001:db8:1:2::1"), address("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_ne!(address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"), "the same address, written for IPv6");
    }

    #[test]
    fn a63_what_is_no_address_shares_one_count() {
        assert_eq!(address("a"), address("192.0.2.1, 192.0.2.2"));
        assert_ne!(address("a"), address("192.0.2.1"));
    }

    #[test]
    fn a61_look_alikes_are_one_account() {
        assert_eq!(keys().account(" ＢＯＢ "), keys().account("bob"));
        assert_ne!(keys().account("bob"), keys().account("eve"));
        assert_eq!(keys().account(""), keys().account(&"x".repeat(1000)));
    }

    #[test]
    fn a_key_shows_no_name() {
        assert_eq!(keys().account("bob").len(), 43);
        assert_ne!(keys().account("bob"), Keys::new(&HashKey::new(&[2; 32])).account("bob"));
    }
}
