//! Fetching from real sockets on this machine, which behave as no site should. What answers A51 is all of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod limits;
mod places;
mod site;
mod tls;
mod words;

use std::time::Duration;

use vestibule_outbound::{Fetch, FetchRules, Fetcher, fetch::Reason};

/// What an operator gets who sets nothing.
fn closed() -> Fetcher {
    Fetcher::new(FetchRules::default()).unwrap()
}

/// With `fetch.allow_private_networks`, and little patience.
fn open() -> Fetcher {
    Fetcher::new(rules()).unwrap()
}

fn rules() -> FetchRules {
    FetchRules {
        allow_private_networks: true,
        connect_timeout: Duration::from_millis(500),
        timeout: Duration::from_millis(1500),
        longest_body: 1000,
        ..FetchRules::default()
    }
}

/// Why `url` is not fetched.
async fn refused(fetcher: &Fetcher, url: &str) -> Reason {
    match fetcher.fetch(Fetch::get(url)).await {
        Ok(fetched) => panic!("{url} was fetched: {fetched:?}"),
        Err(error) => error.reason().clone(),
    }
}
