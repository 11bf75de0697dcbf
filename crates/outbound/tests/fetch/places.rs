//! Where may be fetched from, and where not.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use vestibule_outbound::{
    Fetch, FetchRules, Fetcher,
    fetch::{Addrs, Name, Reason, Resolve, Resolving},
};

use crate::{
    closed, open, refused, rules,
    site::{Site, answer, json},
};

#[tokio::test]
async fn a51_this_machine_is_not_reached_however_it_is_spelt() {
    let (site, fetcher) = (Site::start(json("{}")).await, closed());
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7F000001",
        "2130706433",
        "0177.0.0.1",
        "017700000001",
        "１２７.０.０.１",
        "127.0.0.1.",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "localhost",
        "LOCALHOST",
    ] {
        assert_eq!(refused(&fetcher, &format!("https://{host}:{}/keys", site.port)).await, Reason::Address, "{host}");
    }
    assert!(site.seen().is_empty());
}

#[tokio::test]
async fn a51_networks_of_ours_are_not_reached() {
    let fetcher = closed();
    let inside = ["10.0.0.1", "172.16.5.4", "192.168.0.1", "169.254.169.254", "100.64.1.1", "0xA9FEA9FE", "3232235521"];
    let six = ["[fe80::1]", "[fd00::1]", "[ff02::1]", "[64:ff9b::a00:1]", "[2002:a00:1::]", "[2001:db8::1]"];
    for host in inside.iter().chain(&six) {
        assert_eq!(refused(&fetcher, &format!("https://{host}/")).await, Reason::Address, "{host}");
    }
}

#[tokio::test]
async fn a51_metadata_services_are_not_reached_even_where_private_networks_are() {
    let fetcher = open();
    for host in ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200", "0.0.0.0", "224.0.0.1"] {
        assert_eq!(refused(&fetcher, &format!("https://{host}/")).await, Reason::Address, "{host}");
    }
}

#[tokio::test]
async fn a51_only_https_is_fetched_and_plain_http_from_this_machine_where_an_operator_allows_it() {
    let site = Site::start(json("{}")).await;
    for url in ["http://example.com/", "file:///etc/passwd", "ftp://example.com/", "gopher://example.com/", "data:,x"] {
        assert_eq!(refused(&closed(), url).await, Reason::Scheme, "{url}");
    }
    assert_eq!(refused(&closed(), &site.url("/")).await, Reason::Scheme);
    for url in ["file:///etc/passwd", "ftp://127.0.0.1/", "ws://127.0.0.1/"] {
        assert_eq!(refused(&open(), url).await, Reason::Scheme, "{url}");
    }
    for url in ["http://10.0.0.1/", "http://93.184.216.34/", "http://[fd00::1]/"] {
        assert_eq!(refused(&open(), url).await, Reason::Address, "{url}");
    }
    assert!(open().fetch(Fetch::get(&site.url("/"))).await.is_ok());
    assert!(open().fetch(Fetch::get(&format!("http://localhost:{}/", site.port))).await.is_ok());
}

#[tokio::test]
async fn a_url_with_credentials_or_without_a_host_is_refused() {
    let site = Site::start(json("{}")).await;
    for userinfo in ["user@", "user:secret@", ":secret@"] {
        let url = format!("http://{userinfo}127.0.0.1:{}/", site.port);
        assert_eq!(refused(&open(), &url).await, Reason::Credentials, "{url}");
    }
    for url in ["", "/keys", "keys.example.com", "https://", "https://exa mple.com/"] {
        assert_eq!(refused(&open(), url).await, Reason::NoUrl, "{url:?}");
    }
    assert!(site.seen().is_empty());
}

#[tokio::test]
async fn a51_a_redirect_to_a_network_of_ours_or_anywhere_is_not_followed() {
    let inside = Site::start(json("{}")).await;
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let site = Site::start(answer(status, &format!("Location: {}\r\n", inside.url("/metadata")))).await;
        assert_eq!(refused(&open(), &site.url("/")).await, Reason::Redirect, "{status}");
        assert_eq!(site.seen().len(), 1, "{status}");
    }
    assert!(inside.seen().is_empty());
}

/// Answers one address after the other, the last for ever, and counts how often it was asked.
#[derive(Clone)]
struct Rebinding(Arc<Mutex<(Vec<&'static str>, usize)>>);

impl Rebinding {
    fn to(addresses: &[&'static str]) -> Self {
        Self(Arc::new(Mutex::new((addresses.to_vec(), 0))))
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().1
    }
}

impl Resolve for Rebinding {
    fn resolve(&self, _: Name) -> Resolving {
        let mut state = self.0.lock().unwrap();
        let address = SocketAddr::new(state.0[state.1.min(state.0.len() - 1)].parse().unwrap(), 0);
        state.1 += 1;
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) })
    }
}

#[tokio::test]
async fn a51_a_name_that_leads_inside_is_refused_when_it_is_connected_to() {
    let site = Site::start(json("{}")).await;
    for address in ["127.0.0.1", "::1", "10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1"] {
        let fetcher = Fetcher::with_resolver(FetchRules::default(), Arc::new(Rebinding::to(&[address]))).unwrap();
        let url = format!("https://keys.example.com:{}/", site.port);
        assert_eq!(refused(&fetcher, &url).await, Reason::Address, "{address}");
    }
    assert!(site.seen().is_empty());
}

#[tokio::test]
async fn a51_a_name_is_looked_up_once_for_each_connection_and_what_was_judged_is_connected_to() {
    // Whoever judged first and looked up again to connect would be led to the second address.
    let site = Site::start(answer("200 OK", "Connection: close\r\n")).await;
    let resolver = Rebinding::to(&["127.0.0.1", "169.254.169.254", "10.0.0.1"]);
    let fetcher = Fetcher::with_resolver(rules(), Arc::new(resolver.clone())).unwrap();
    let url = format!("http://keys.example.com:{}/", site.port);
    assert!(fetcher.fetch(Fetch::get(&url)).await.is_ok());
    assert_eq!((resolver.asked(), site.seen().len()), (1, 1));
    for _ in 0..2 {
        assert_eq!(refused(&fetcher, &url).await, Reason::Address, "the next time it leads elsewhere");
    }
    assert_eq!(site.seen().len(), 1);
}

/// Run once more in a process of its own, under an environment that names a proxy.
#[tokio::test]
async fn a51_no_proxy_of_the_environment_stands_between() {
    const ADDRESS: &str = "VESTIBULE_TEST_FETCH_ADDRESS";
    if let Ok(address) = std::env::var(ADDRESS) {
        assert!(open().fetch(Fetch::get(&address)).await.is_ok());
        return;
    }
    let (site, proxy) = (Site::start(json("{}")).await, Site::start(json("{}")).await);
    let mut again = tokio::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "places::a51_no_proxy_of_the_environment_stands_between"]).env(ADDRESS, site.url("/"));
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        again.env(name, proxy.url(""));
    }
    let output = again.env_remove("NO_PROXY").env_remove("no_proxy").output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((site.seen().len(), proxy.seen().len()), (1, 0));
}
