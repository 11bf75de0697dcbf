//! The one way by which we fetch what an address of somebody else's choosing names: an application's keys, later its requests,
//! its sign-out address, another provider.
//!
//! ```text
//! Fetch ──▶ rules of the address (scheme, no credentials, literal addresses) ──▶ Guard: resolves the name, and lets through
//!           only addresses that may be reached ──▶ connect to one of exactly those ──▶ no redirect ──▶ read, up to a limit
//! ```
//! Whoever registers an address can name one of our own network (attack A51), so each address is judged where it is connected
//! to: the name is resolved once, what it resolves to is judged, and nothing else is connected to. A name that points elsewhere
//! a moment later gains nothing by it. No redirect is followed, and no proxy from the environment stands between, since it
//! would resolve the name itself.
//!
//! Whatever goes wrong, [`FetchError`] says the same words to others. The [`Reason`] is logged here.

mod error;
mod guard;
mod network;
mod request;
mod tls;

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use reqwest::{Client, header, redirect::Policy};
use tokio::sync::Semaphore;
use url::{Host, Url};

pub use error::{FetchError, FetcherError, Reason};
pub use guard::System;
pub use network::Reach;
pub use request::{Fetch, Fetched};
/// How names become addresses: [`System`], or a table of a test.
pub use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use guard::Guard;
use network::reach;

/// What may be reached, and what it may cost.
#[derive(Clone, Debug)]
pub struct FetchRules {
    /// Whether addresses of private networks may be reached too, and loopback addresses also over plain HTTP
    /// (`fetch.allow_private_networks`).
    pub allow_private_networks: bool,
    /// Certificates, in PEM, that are trusted beside those of the well-known authorities (`fetch.extra_trust_roots`).
    pub extra_roots: Option<Vec<u8>>,
    /// How long it may take to find a name's address and connect to it, TLS included.
    pub connect_timeout: Duration,
    /// How long a fetch may take in all.
    pub timeout: Duration,
    /// The longest body, in bytes, where a [`Fetch`] does not say less.
    pub longest_body: usize,
    /// How many fetches may be under way at once; the next wait, and their time runs.
    pub at_once: usize,
}

impl Default for FetchRules {
    fn default() -> Self {
        Self {
            allow_private_networks: false,
            extra_roots: None,
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(6),
            longest_body: 256 * 1024,
            at_once: 64,
        }
    }
}

/// Fetches. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

struct Inner {
    rules: FetchRules,
    /// For https, and for http to loopback addresses: what each may connect to is settled in its resolver.
    secure: Client,
    plain: Client,
    places: Semaphore,
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Fetcher").field(&self.0.rules).finish()
    }
}

impl Fetcher {
    /// One that resolves names as the system does.
    ///
    /// # Errors
    /// Certificates that cannot be used.
    pub fn new(rules: FetchRules) -> Result<Self, FetcherError> {
        Self::with_resolver(rules, Arc::new(System))
    }

    /// One that resolves names by `resolver`.
    ///
    /// # Errors
    /// Certificates that cannot be used.
    pub fn with_resolver(rules: FetchRules, resolver: Arc<dyn Resolve>) -> Result<Self, FetcherError> {
        let tls = tls::config(rules.extra_roots.as_deref())?;
        let client = |farthest: fn(&FetchRules, Reach) -> bool| {
            let judge = {
                let rules = rules.clone();
                Arc::new(move |address: IpAddr| farthest(&rules, reach(address)))
            };
            Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .dns_resolver(Guard::new(resolver.clone(), judge))
                .redirect(Policy::none())
                .no_proxy()
                .referer(false)
                .user_agent(concat!("Vestibule/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(rules.connect_timeout)
                .timeout(rules.timeout)
                .pool_idle_timeout(Duration::from_secs(30))
                .build()
                .map_err(|error| FetcherError::Client(error::in_words(&error)))
        };
        let (secure, plain) = (client(FetchRules::lets_through)?, client(FetchRules::lets_through_plain)?);
        let places = Semaphore::new(rules.at_once);
        Ok(Self(Arc::new(Inner { rules, secure, plain, places })))
    }

    /// Fetches: the answer, where it is a success.
    ///
    /// # Errors
    /// One for all that can go wrong; its [`Reason`] is in the log.
    pub async fn fetch(&self, fetch: Fetch<'_>) -> Result<Fetched, FetchError> {
        let rules = &self.0.rules;
        let within = fetch.timeout.map_or(rules.timeout, |timeout| timeout.min(rules.timeout));
        let place = where_to(fetch.url);
        let fetched = tokio::time::timeout(within, self.try_to(fetch)).await.unwrap_or(Err(Reason::TooSlow));
        fetched.map_err(|reason| {
            // As text, which the log quotes: names and numbers in it are others'.
            tracing::warn!(address = place, reason = reason.to_string(), "an address could not be fetched");
            FetchError(reason)
        })
    }

    async fn try_to(&self, fetch: Fetch<'_>) -> Result<Fetched, Reason> {
        let url = Url::parse(fetch.url).map_err(|_| Reason::NoUrl)?;
        let client = self.client_for(&url)?;
        let _place = self.0.places.acquire().await.map_err(|_| Reason::TooSlow)?;
        let mut request = client.request(fetch.method, url).headers(fetch.headers);
        if !fetch.types.is_empty() {
            request = request.header(header::ACCEPT, fetch.types.join(", "));
        }
        if let Some((content_type, body)) = fetch.body {
            request = request.header(header::CONTENT_TYPE, content_type).body(body);
        }
        let answer = request.send().await.map_err(Reason::from)?;
        let longest =
            fetch.longest_body.map_or(self.0.rules.longest_body, |longest| longest.min(self.0.rules.longest_body));
        request::read(answer, fetch.types, longest).await
    }

    /// The client that may reach `url`, which is looked at for all but what its name will resolve to.
    fn client_for(&self, url: &Url) -> Result<&Client, Reason> {
        let rules = &self.0.rules;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Reason::Credentials);
        }
        let (client, lets_through): (_, fn(&FetchRules, Reach) -> bool) = match url.scheme() {
            "https" => (&self.0.secure, FetchRules::lets_through),
            "http" if rules.allow_private_networks => (&self.0.plain, FetchRules::lets_through_plain),
            _ => return Err(Reason::Scheme),
        };
        // Nothing resolves these, so the guard does not see them. The parser has made of every spelling one: of 0x7f.1,
        // 2130706433 and 0177.0.0.1 the same as of 127.0.0.1.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(Reason::NoUrl),
        };
        match literal {
            Some(address) if !lets_through(rules, reach(address)) => Err(Reason::Address),
            _ => Ok(client),
        }
    }
}

impl FetchRules {
    fn lets_through(&self, reach: Reach) -> bool {
        match reach {
            Reach::Public => true,
            Reach::Private | Reach::Loopback => self.allow_private_networks,
            Reach::Never => false,
        }
    }

    fn lets_through_plain(&self, reach: Reach) -> bool {
        self.allow_private_networks && reach == Reach::Loopback
    }
}

/// The address without what may be secret in it: credentials, query, fragment.
fn where_to(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) => format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path()),
        Err(_) => "not a URL".to_owned(),
    }
}
