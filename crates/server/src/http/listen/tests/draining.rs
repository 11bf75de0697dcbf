//! How a server stops.

use std::{io::ErrorKind, time::Duration};

use tokio::{net::TcpStream, time::sleep};

use super::{Limits, SLOW, Server, limits};

#[tokio::test]
async fn a_drain_finishes_what_is_under_way_and_refuses_what_is_new() {
    let server = Server::start(limits()).await;
    let mut client = server.client().await;
    client.get("/slow").await;
    sleep(Duration::from_millis(100)).await;
    let address = server.address;
    let stopping = tokio::spawn(server.stopped());
    sleep(Duration::from_millis(100)).await;
    let refused = TcpStream::connect(address).await.expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let (answer, _) = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("slow"), "{answer}");
    let took = stopping.await.expect("it stopped");
    assert!(took >= SLOW / 2 && took < limits().drain_timeout, "{took:?}");
}

#[tokio::test]
async fn a_drain_does_not_wait_for_connections_without_a_request() {
    let server = Server::start(Limits { header_timeout: Duration::from_secs(15), ..limits() }).await;
    let _unused = server.client().await;
    let mut idle = server.client().await;
    idle.get("/").await;
    idle.read_until("hello").await;
    assert!(server.stopped().await < Duration::from_secs(2));
}

#[tokio::test]
async fn past_the_drain_time_requests_are_cut_off() {
    let server = Server::start(Limits { drain_timeout: Duration::from_millis(200), ..limits() }).await;
    let mut client = server.client().await;
    client.get("/never").await;
    sleep(Duration::from_millis(100)).await;
    assert!(server.stopped().await < Duration::from_secs(6));
    assert_eq!(client.read_to_end().await.0, "");
}
