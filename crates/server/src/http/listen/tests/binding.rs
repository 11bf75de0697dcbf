//! What is listened on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::net::TcpListener;

use super::{super::BindError, bind};

async fn bound(addresses: &[&str]) -> Result<Vec<(IpAddr, u16)>, BindError> {
    let addresses: Vec<_> = addresses.iter().map(|text| (*text).to_owned()).collect();
    let listeners = bind(&addresses).await?;
    Ok(listeners.iter().filter_map(|listener| listener.local_addr().ok()).map(|it| (it.ip(), it.port())).collect())
}

#[tokio::test]
async fn localhost_is_both_families_on_one_port() {
    let bound = bound(&["localhost:0"]).await.expect("a free port");
    let has_ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.is_ok();
    let families: Vec<_> = bound.iter().map(|(ip, _)| *ip).collect();
    let mut expected: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into()];
    expected.extend(has_ipv6.then_some(IpAddr::from(Ipv6Addr::LOCALHOST)));
    assert_eq!(families, expected);
    assert!(bound.iter().all(|(_, port)| *port == bound[0].1 && *port != 0), "{bound:?}");
}

#[tokio::test]
async fn an_address_given_twice_is_bound_once() {
    let port = bound(&["127.0.0.1:0"]).await.expect("a free port")[0].1;
    let again = bound(&[&format!("127.0.0.1:{port}"), &format!("localhost:{port}")]).await.expect("free again");
    assert_eq!(again.iter().filter(|(ip, _)| ip.is_ipv4()).count(), 1, "{again:?}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
    let holder = TcpListener::bind(taken).await.expect("free again");
    let error = bound(&[&taken.to_string()]).await.expect_err("it is taken").to_string();
    assert!(error.contains(&taken.to_string()) && error.contains("choose another port"), "{error}");
    drop(holder);
}

#[tokio::test]
async fn what_is_no_address_is_refused_in_words() {
    for (wrong, words) in [
        ("localhost", "host:port"),
        ("127.0.0.1:99999", "host:port"),
        (":80", "host:port"),
        ("::1:80", "host:port"),
        ("192.0.2.1:0", "no address of this machine"),
        ("nobody.invalid:0", "has no address"),
    ] {
        let error = bound(&[wrong]).await.expect_err(wrong).to_string();
        assert!(error.contains(words), "{wrong}: {error}");
    }
    assert!(matches!(bound(&[]).await, Err(BindError::Nothing)));
}
