//! The peers that are proxies of ours.

use std::{net::IpAddr, str::FromStr};

use ipnet::IpNet;

use super::{
    Given,
    value::{Value, expected},
};

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

impl From<IpAddr> for Networks {
    fn from(address: IpAddr) -> Self {
        Self(vec![address.into()])
    }
}

impl FromStr for Networks {
    type Err = String;

    /// As the environment has them, divided by commas.
    fn from_str(text: &str) -> Result<Self, String> {
        Self::read(&Given::Bare(text.to_owned()))
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
