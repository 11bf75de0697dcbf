//! Request objects by reference (RFC 9101 section 5.2, OpenID Connect Core section 6.2): fetched from an address that the
//! application registered, and from no other (attack A51).

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use vestibule_core::{Clock, Timestamp};
use vestibule_jose::sha256;
use vestibule_outbound::{Fetch, Fetcher};

use super::{ErrorCode, resolve::Unresolved};
use crate::client::Client;

/// The longest object.
const LONGEST: usize = 32 * 1024;
/// How long an address may take; a person waits.
const PATIENCE: Duration = Duration::from_secs(4);
/// How long an object is kept of which the address says the hash.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// The memory for those that are kept.
const CAPACITY: u64 = 4 * 1024 * 1024;

/// An object, as it was fetched at a moment.
type Kept = Arc<(Timestamp, String)>;

/// What applications publish as their requests. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct References {
    fetcher: Fetcher,
    clock: Clock,
    kept: Cache<String, Kept>,
}

impl References {
    pub(crate) fn new(fetcher: Fetcher, clock: Clock) -> Self {
        let weigh = |uri: &String, kept: &Kept| u32::try_from(uri.len() + kept.1.len() + 200).unwrap_or(u32::MAX);
        Self { fetcher, clock, kept: Cache::builder().weigher(weigh).max_capacity(CAPACITY).build() }
    }

    /// The object at `uri`. Where its fragment is the hash of what is there (Core section 6.2), it need not be fetched each time.
    ///
    /// Another fragment refuses nothing: the specification has it say which version is meant, for those who keep objects, and an
    /// application may have registered it before it knew what would be there.
    pub(super) async fn get(&self, client: &Client, uri: &str) -> Result<String, Unresolved> {
        if client.metadata.request_uris.is_empty() {
            let words = "this application registered no request_uris";
            return Err(Unresolved::new(ErrorCode::RequestUriNotSupported, words));
        }
        let wrong = |words: &str| Unresolved::new(ErrorCode::InvalidRequestUri, words);
        if !is_registered(&client.metadata.request_uris, uri) {
            return Err(wrong("request_uri is not one that this application registered"));
        }
        let (address, hash) = uri.split_once('#').map_or((uri, None), |(address, hash)| (address, Some(hash)));
        if let Some(kept) = hash.and_then(|_| self.kept.get(uri)).filter(|kept| self.clock.now() < kept.0 + FRESH) {
            return Ok(kept.1.clone());
        }
        // Why it fails, the fetcher logs; the words are the same for each reason.
        let fetched = self.fetcher.fetch(Fetch::get(address).at_most(LONGEST).within(PATIENCE)).await;
        let body = fetched.map_err(|error| wrong(&format!("request_uri: {error}")))?.body;
        let is_meant = hash.is_some_and(|hash| hash == sha256(&body));
        let object = String::from_utf8(body).map_err(|_| wrong("what is at request_uri is no request object"))?;
        let object = object.trim().to_owned();
        if is_meant {
            self.kept.insert(uri.to_owned(), Arc::new((self.clock.now(), object.clone())));
        }
        Ok(object)
    }
}

/// Whether an address is registered. One that is registered without a fragment may come with any: it says which version of the
/// same document is meant.
fn is_registered(registered: &[String], uri: &str) -> bool {
    let without_fragment = uri.split_once('#').map_or(uri, |(address, _)| address);
    registered.iter().any(|known| known == uri || known == without_fragment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a51_only_an_address_that_was_registered_is_fetched() {
        let registered = ["https://rp.example/request".to_owned(), "https://rp.example/fixed#hash".to_owned()];
        for known in ["https://rp.example/request", "https://rp.example/request#any", "https://rp.example/fixed#hash"] {
            assert!(is_registered(&registered, known), "{known}");
        }
        for other in [
            "https://rp.example/request/",
            "https://rp.example/request?a=b",
            "https://rp.example/",
            "https://rp.example/fixed",
            "https://rp.example/fixed#other",
            "http://rp.example/request",
            "https://rp.example.evil.example/request",
        ] {
            assert!(!is_registered(&registered, other), "{other}");
        }
    }
}
