//! What an answer may cost.

use std::time::{Duration, Instant};

use vestibule_outbound::{Fetch, FetchRules, Fetcher, fetch::Reason};

use crate::{
    open, refused, rules,
    site::{Behaviour, Site, json},
};

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a51_a_slow_site_is_given_up_whatever_it_is_slow_with() {
    let slow = [
        Behaviour::Waits,
        Behaviour::Drips(b"HTTP/1.1 200 OK\r\nX: ".to_vec()),
        Behaviour::Drips(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n".to_vec()),
    ];
    for behaviour in slow {
        let (site, begun) = (Site::start(behaviour).await, Instant::now());
        assert_eq!(refused(&open(), &site.url("/")).await, Reason::TooSlow);
        let took = begun.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_secs(5), "{took:?}");
    }
}

#[tokio::test]
async fn a51_a_site_that_never_finishes_its_handshake_is_given_up() {
    let site = Site::start(Behaviour::Waits).await;
    let url = site.url("/").replace("http:", "https:");
    assert_eq!(refused(&open(), &url).await, Reason::TooSlow);
}

#[tokio::test]
async fn a51_a_huge_answer_is_not_read_to_its_end() {
    let endless = Site::start(Behaviour::Pours(CHUNKED.to_vec())).await;
    assert_eq!(refused(&open(), &endless.url("/")).await, Reason::TooLong);
    let honest =
        Site::start(Behaviour::Pours(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".to_vec())).await;
    assert_eq!(refused(&open(), &honest.url("/")).await, Reason::TooLong);
    for site in [endless, honest] {
        for _ in 0..100 {
            if site.seen() == ["hung up"] {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(site.seen(), ["hung up"], "we no longer listen");
    }
}

#[tokio::test]
async fn an_answer_as_long_as_allowed_is_read_and_one_byte_more_is_not() {
    for (length, fits) in [(0, true), (999, true), (1000, true), (1001, false)] {
        let site = Site::start(json(&"x".repeat(length))).await;
        let fetched = open().fetch(Fetch::get(&site.url("/"))).await;
        assert_eq!(fetched.is_ok_and(|fetched| fetched.body.len() == length), fits, "{length}");
    }
    let site = Site::start(json(&"x".repeat(100))).await;
    let fetched = open().fetch(Fetch::get(&site.url("/")).at_most(99)).await;
    assert_eq!(fetched.unwrap_err().reason(), &Reason::TooLong);
}

#[tokio::test]
async fn a_fetch_can_be_more_impatient_than_the_rules() {
    let (site, begun) = (Site::start(Behaviour::Waits).await, Instant::now());
    let fetched = open().fetch(Fetch::get(&site.url("/")).within(Duration::from_millis(100))).await;
    assert_eq!(fetched.unwrap_err().reason(), &Reason::TooSlow);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn only_so_many_are_under_way_at_once_and_waiting_counts() {
    let fetcher = Fetcher::new(FetchRules { at_once: 2, ..rules() }).unwrap();
    let (silent, quick) = (Site::start(Behaviour::Waits).await, Site::start(json("{}")).await);
    let held: Vec<_> = (0..2)
        .map(|_| {
            let (fetcher, url) = (fetcher.clone(), silent.url("/"));
            tokio::spawn(async move { refused(&fetcher, &url).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let waits = fetcher.fetch(Fetch::get(&quick.url("/")).within(Duration::from_millis(300))).await;
    assert_eq!((waits.unwrap_err().reason(), quick.seen().len()), (&Reason::TooSlow, 0));
    for held in held {
        assert_eq!(held.await.unwrap(), Reason::TooSlow);
    }
    assert!(fetcher.fetch(Fetch::get(&quick.url("/"))).await.is_ok(), "their places are free again");
}
