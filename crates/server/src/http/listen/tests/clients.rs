//! What a client can do to a connection, and how long it gets away with it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{Limits, SLOW, Server, limits};

#[tokio::test]
async fn an_honest_client_is_answered_twice_on_one_connection() {
    let server = Server::start(limits()).await;
    let mut client = server.client().await;
    for _ in 0..2 {
        client.get("/who").await;
        let answer = client.read_until("127.0.0.1 false HTTP/1.1").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("127.0.0.1 false HTTP/1.1"), "{answer}");
    }
}

#[tokio::test]
async fn dripping_headers_are_cut_off_within_the_time_for_a_head() {
    let server = Server::start(limits()).await;
    let mut client = server.client().await;
    client.send("GET / HTTP/1.1\r\n").await;
    let (answer, kept) = client.drip("X: y\r\n").await;
    assert!(answer.is_empty() && kept < Duration::from_secs(6), "{answer:?} after {kept:?}");
}

#[tokio::test]
async fn a_connection_without_a_request_and_one_between_requests_are_closed() {
    let server = Server::start(limits()).await;
    let mut silent = server.client().await;
    let mut idle = server.client().await;
    idle.get("/").await;
    let (greeting, kept) = idle.read_to_end().await;
    assert!(greeting.ends_with("hello"), "{greeting}");
    assert!(kept >= Duration::from_millis(900) && kept < Duration::from_secs(6), "{kept:?}");
    assert_eq!(silent.read_to_end().await.0, "");
}

#[tokio::test]
async fn a_dripping_body_is_cut_off_within_the_time_for_a_request() {
    let server = Server::start(Limits { request_timeout: Duration::from_millis(300), ..limits() }).await;
    let mut client = server.client().await;
    client.send("POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n").await;
    let (answer, kept) = client.drip("a=b&").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("connection: close"), "{answer}");
    assert!(kept < Duration::from_secs(8), "{kept:?}");
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up() {
    let server = Server::start(Limits { request_timeout: Duration::from_millis(100), ..limits() }).await;
    let mut client = server.client().await;
    client.get("/never").await;
    assert!(client.read_to_end().await.0.starts_with("HTTP/1.1 503 "));
}

#[tokio::test]
async fn oversized_and_overmany_headers_are_refused() {
    let server = Server::start(limits()).await;
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(40_000));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "X: y\r\n".repeat(101));
    let path = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(40_000));
    for head in [long, many, path] {
        let mut client = server.client().await;
        client.send(&head).await;
        let (answer, _) = client.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 431 ") || answer.starts_with("HTTP/1.1 414 "), "{answer:?}");
    }
    let mut client = server.client().await;
    client.send(&format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(20_000))).await;
    assert!(client.read_until("hello").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn http2_without_tls_is_not_spoken() {
    let server = Server::start(limits()).await;
    let mut client = server.client().await;
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    let (answer, _) = client.read_to_end().await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{answer:?}");
}

#[tokio::test]
async fn past_the_cap_a_connection_waits_for_its_turn() {
    let server = Server::start(Limits { max_connections: 1, ..limits() }).await;
    let mut first = server.client().await;
    let mut second = server.client().await;
    first.send("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    sleep(Duration::from_millis(50)).await;
    second.get("/").await;
    let begun = Instant::now();
    assert!(second.read_until("hello").await.contains("hello"));
    assert!(begun.elapsed() >= SLOW / 2, "{:?}", begun.elapsed());
    assert!(first.read_to_end().await.0.contains("slow"));
}
