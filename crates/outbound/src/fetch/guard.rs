//! Where names become addresses, and only those come out that may be connected to.
//!
//! The client connects to exactly what its resolver gives it, so this is the moment of the connection: there is no second
//! look-up by which the name could lead elsewhere (DNS rebinding, attack A51).

use std::{io, net::IpAddr, sync::Arc};

use super::{Addrs, Name, Resolve, Resolving};

/// Whether an address may be connected to.
type Judge = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// A resolver whose answers are judged.
pub(super) struct Guard {
    resolver: Arc<dyn Resolve>,
    judge: Judge,
}

/// The name leads only to where nothing may be fetched from. It travels through the client's error as its cause.
#[derive(Debug, thiserror::Error)]
#[error("its name leads to no address that may be fetched from")]
pub(super) struct LeadsNowhere;

impl Guard {
    pub(super) fn new(resolver: Arc<dyn Resolve>, judge: Judge) -> Self {
        Self { resolver, judge }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (resolving, judge) = (self.resolver.resolve(name), self.judge.clone());
        Box::pin(async move {
            let allowed: Vec<_> = resolving.await?.filter(|address| judge(address.ip())).collect();
            if allowed.is_empty() {
                return Err(LeadsNowhere.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Resolves as the system does: its hosts file, its name servers.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Resolve for System {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The client puts the URL's port in place of this one.
            let found: io::Result<Vec<_>> = tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect);
            Ok(Box::new(found?.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::fetch::{FetchRules, network::reach};

    struct Answers(&'static [&'static str]);

    impl Resolve for Answers {
        fn resolve(&self, _: Name) -> Resolving {
            let addresses: Vec<_> = self.0.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
            Box::pin(async move { Ok(Box::new(addresses.into_iter()) as Addrs) })
        }
    }

    async fn through(answers: &'static [&'static str], rules: FetchRules) -> Option<Vec<String>> {
        let judge = Arc::new(move |address| rules.lets_through(reach(address)));
        let guard = Guard::new(Arc::new(Answers(answers)), judge);
        let addresses = guard.resolve("keys.example.com".parse().unwrap()).await.ok()?;
        Some(addresses.map(|address| address.ip().to_string()).collect())
    }

    #[tokio::test]
    async fn a51_of_a_names_addresses_only_those_that_lead_out_are_connected_to() {
        let mixed = &["127.0.0.1", "1.1.1.1", "10.0.0.7", "::1", "2606:4700::1111", "fe80::1"];
        assert_eq!(through(mixed, FetchRules::default()).await.unwrap(), ["1.1.1.1", "2606:4700::1111"]);
        let private = FetchRules { allow_private_networks: true, ..FetchRules::default() };
        let expected = ["127.0.0.1", "1.1.1.1", "10.0.0.7", "::1", "2606:4700::1111"];
        assert_eq!(through(mixed, private).await.unwrap(), expected);
    }

    #[tokio::test]
    async fn a51_a_name_that_leads_only_inside_leads_nowhere() {
        let inside = &["127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1"];
        assert_eq!(through(inside, FetchRules::default()).await, None);
        assert_eq!(through(&[], FetchRules::default()).await, None);
    }
}
