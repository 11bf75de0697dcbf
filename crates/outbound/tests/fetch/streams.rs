//! Answers that go on.

use std::time::Duration;

use vestibule_outbound::{Fetch, Fetcher, fetch::Reason};

use super::{
    closed, open,
    site::{Behaviour, Site, answer},
};

const EVENTS: &[&str] = &["text/event-stream"];

fn events() -> Behaviour {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n";
    Behaviour::Drips(head.as_bytes().to_vec())
}

async fn refused(fetcher: &Fetcher, url: &str) -> Reason {
    let opened = fetcher.open(Fetch::get(url).of_type(EVENTS)).await;
    opened.expect_err("it was opened").reason().clone()
}

#[tokio::test]
async fn what_goes_on_is_read_as_it_comes_and_for_longer_than_a_fetch_may_take() {
    let site = Site::start(events()).await;
    let mut stream = open().open(Fetch::get(&site.url("/")).of_type(EVENTS)).await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert!(first.starts_with(b": hello"), "{first:?}");
    let (mut pieces, begun) = (0, tokio::time::Instant::now());
    while begun.elapsed() < Duration::from_secs(2) {
        assert!(stream.next().await.unwrap().is_some());
        pieces += 1;
    }
    assert!(pieces > 1);
}

#[tokio::test]
async fn it_is_opened_by_the_rules_of_every_fetch() {
    let site = Site::start(events()).await;
    assert_eq!(refused(&closed(), &site.url("/")).await, Reason::Scheme);
    for (behaviour, reason) in [
        (answer("302 Found", "Location: https://example.com/\r\n"), Reason::Redirect),
        (answer("401 Unauthorized", ""), Reason::Status(401)),
        (answer("200 OK", "Content-Type: text/html\r\n"), Reason::ContentType),
        (Behaviour::Waits, Reason::TooSlow),
    ] {
        let site = Site::start(behaviour).await;
        assert_eq!(refused(&open(), &site.url("/")).await, reason);
    }
}
