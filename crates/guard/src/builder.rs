//! What a guard is told: by whom tokens are made, for whom, and how strictly they are taken.

use std::time::Duration;

use http::HeaderName;
use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;
use vestibule_core::{Clock, HashKey, Random};
use vestibule_jose::Algorithm;
use vestibule_outbound::fetch::{FetchRules, Fetcher, FetcherError};

use crate::{
    Guard, ResourceMetadata,
    admission::{Admission, Rules},
    certificate::Forwarded,
    challenge::Terms,
    dpop::Dpop,
    introspection::Client,
    provider::Provider,
    revocations::Revocations,
    verdicts::Verdicts,
};

/// How far clocks may be apart.
pub(crate) const LEEWAY: Duration = Duration::from_secs(5);

/// Makes a [`Guard`].
#[derive(Debug)]
pub struct Builder {
    issuer: String,
    audience: String,
    public_url: Option<String>,
    name: Option<String>,
    scopes: Vec<String>,
    client: Option<Client>,
    algorithms: Vec<Algorithm>,
    introspect_always: bool,
    dpop_only: bool,
    nonces: bool,
    nonce_key: Option<[u8; 32]>,
    forwarded: Option<Forwarded>,
    memory: u64,
    blind: Duration,
    fetcher: Option<Fetcher>,
    clock: Clock,
    random: Random,
}

/// A guard cannot be made as it is told.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The issuer is no address.
    #[error("the issuer must be an https address, or http on this machine, without query and fragment: {0}")]
    Issuer(String),
    /// Where the API is reached cannot be told from its identifier.
    #[error(
        "the API's identifier {0} is no https address without query and fragment: say by public_url where it is reached"
    )]
    PublicUrl(String),
    /// An algorithm by a secret, or none.
    #[error("tokens are verified by public keys: name at least one algorithm, and none that goes by a shared secret")]
    Algorithms,
    /// There is nobody to ask.
    #[error("to introspect, the guard needs a client")]
    Client,
    /// Nothing can be fetched.
    #[error(transparent)]
    Fetcher(#[from] FetcherError),
}

impl Builder {
    pub(crate) fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            public_url: None,
            name: None,
            scopes: Vec::new(),
            client: None,
            // What a Vestibule may sign with.
            algorithms: Algorithm::ASYMMETRIC.to_vec(),
            introspect_always: false,
            dpop_only: false,
            nonces: false,
            nonce_key: None,
            forwarded: None,
            memory: 32 * 1024 * 1024,
            blind: Duration::from_secs(30),
            fetcher: None,
            clock: Clock::system(),
            random: Random::system(),
        }
    }

    /// Where clients reach the API: needed where its identifier is no address, or another one. DPoP proofs name it, and the
    /// metadata lies there. A path is what a proxy takes away before it hands requests on.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Self {
        self.public_url = Some(url.to_owned());
        self
    }

    /// What the API is called, for the metadata.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The scopes that the API knows, for the metadata.
    #[must_use]
    pub fn scopes<'a>(mut self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        self.scopes = scopes.into_iter().map(str::to_owned).collect();
        self
    }

    /// The client that this API is registered with (`vestibule apis create … --client ID`). With it, opaque tokens are asked about
    /// by introspection, permissions are known, and the stream of revocations is followed.
    #[must_use]
    pub fn client(mut self, id: &str, secret: impl Into<SecretString>) -> Self {
        self.client = Some(Client::new(id, &secret.into()));
        self
    }

    /// Asks the provider about every token, also those that could be verified here.
    #[must_use]
    pub fn introspect_always(mut self) -> Self {
        self.introspect_always = true;
        self
    }

    /// The algorithms of JWTs that are taken: any of a key pair unless this says otherwise. The key that a token names must be for
    /// its algorithm besides, and those that a Vestibule publishes are for one each.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Takes only tokens that are bound to a key, with a DPoP proof.
    #[must_use]
    pub fn require_dpop(mut self) -> Self {
        self.dpop_only = true;
        self
    }

    /// Takes DPoP proofs only with a nonce that this API gave out in the last two minutes (RFC 9449 section 9).
    #[must_use]
    pub fn require_nonces(mut self) -> Self {
        self.nonces = true;
        self
    }

    /// The key of the nonces, from 32 random bytes: replicas that share it take each other's. By default each process has its own.
    #[must_use]
    pub fn nonce_key(mut self, key: [u8; 32]) -> Self {
        self.nonce_key = Some(key);
        self
    }

    /// The header in which a proxy that ends TLS names the client's certificate, and the networks of such proxies. From other
    /// peers it counts nothing; your proxy must replace it in what it forwards.
    #[must_use]
    pub fn certificate_header(mut self, header: HeaderName, proxies: impl IntoIterator<Item = IpNet>) -> Self {
        self.forwarded = Some(Forwarded { header, proxies: proxies.into_iter().collect() });
        self
    }

    /// How many bytes of memory may be used for what was found out about tokens: 32 MiB unless this says otherwise.
    #[must_use]
    pub fn memory(mut self, bytes: u64) -> Self {
        self.memory = bytes;
        self
    }

    /// How long JWTs that were verified here are believed where neither the stream of revocations is there nor the provider
    /// answers a question: 30 seconds unless this says otherwise. Afterwards requests are answered with 503.
    #[must_use]
    pub fn believe_blindly(mut self, time: Duration) -> Self {
        self.blind = time;
        self
    }

    /// What fetches from the provider, for other limits, or further certificates to trust. By default private networks may be
    /// reached, since the issuer is named by you; plain HTTP on this machine only.
    #[must_use]
    pub fn fetcher(mut self, fetcher: Fetcher) -> Self {
        self.fetcher = Some(fetcher);
        self
    }

    /// The clock: for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Makes the guard. Nothing is fetched before its first request, or [`Guard::ready`].
    ///
    /// # Errors
    /// Where what it was told cannot be.
    pub fn build(self) -> Result<Guard, BuildError> {
        if !is_address(&self.issuer) {
            return Err(BuildError::Issuer(self.issuer));
        }
        if self.algorithms.is_empty() || self.algorithms.iter().any(|algorithm| algorithm.is_symmetric()) {
            return Err(BuildError::Algorithms);
        }
        if self.introspect_always && self.client.is_none() {
            return Err(BuildError::Client);
        }
        let reached = self.public_url.as_deref().unwrap_or(&self.audience);
        let (origin, path) = origin(reached).ok_or_else(|| BuildError::PublicUrl(reached.to_owned()))?;
        // The path of an identifier is one that the API's own routes have.
        let base = if self.public_url.is_some() { format!("{origin}{path}") } else { origin.clone() };
        let fetcher = match self.fetcher {
            Some(fetcher) => fetcher,
            None => Fetcher::new(FetchRules { allow_private_networks: true, ..FetchRules::default() })?,
        };
        let metadata = ResourceMetadata::new(&origin, &self.audience, &self.issuer)
            .named(self.name)
            .with_scopes(self.scopes)
            .with_dpop(self.dpop_only)
            .with_certificates(self.forwarded.is_some());
        let terms = Terms { resource_metadata: metadata.url().to_owned(), dpop_only: self.dpop_only };
        let nonce_key = HashKey::new(&self.nonce_key.unwrap_or_else(|| self.random.bytes()));
        let admission = Admission::new(
            Rules {
                audience: self.audience,
                base,
                algorithms: self.algorithms,
                introspect_always: self.introspect_always,
                dpop_only: self.dpop_only,
                forwarded: self.forwarded,
                blind: self.blind,
            },
            Provider::new(self.issuer, fetcher, &self.clock),
            self.client,
            Dpop::new(&nonce_key, self.nonces, self.clock.clone()),
            Revocations::new(self.clock.clone()),
            Verdicts::within(self.memory),
            terms,
            self.clock,
            self.random,
        );
        Ok(Guard::new(admission, metadata))
    }
}

/// Whether it is an address that may be an issuer (RFC 8414 section 2), or on this machine for trying things out.
fn is_address(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let host = url.host_str().unwrap_or_default();
    let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    is_plain(&url) && !host.is_empty() && (url.scheme() == "https" || (url.scheme() == "http" && here))
}

/// Scheme, host and port of an address, and its path without a slash at the end.
fn origin(text: &str) -> Option<(String, String)> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    is_plain(&url).then(|| (url.origin().ascii_serialization(), url.path().trim_end_matches('/').to_owned()))
}

/// Whether there is nothing in it but scheme, host, port and path.
fn is_plain(url: &Url) -> bool {
    url.query().is_none() && url.fragment().is_none() && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://id.example";
    const API: &str = "https://api.example/v1";

    #[test]
    fn a_guard_is_told_who_makes_tokens_and_for_whom() {
        assert!(Guard::builder(ISSUER, API).build().is_ok());
        assert!(
            Guard::builder("http://localhost:8080", "urn:example:api")
                .public_url("http://localhost:3000")
                .build()
                .is_ok()
        );
        for odd in [
            "id.example",
            "http://id.example",
            "https://id.example?a",
            "https://id.example#a",
            "https://a@id.example",
            "",
        ] {
            assert!(matches!(Guard::builder(odd, API).build(), Err(BuildError::Issuer(_))), "{odd}");
        }
        assert!(matches!(Guard::builder(ISSUER, "urn:example:api").build(), Err(BuildError::PublicUrl(_))));
    }

    #[test]
    fn a41_no_secret_verifies_a_token() {
        for odd in [&[][..], &[Algorithm::Hs256], &[Algorithm::Es256, Algorithm::Hs512]] {
            let built = Guard::builder(ISSUER, API).algorithms(odd.iter().copied()).build();
            assert!(matches!(built, Err(BuildError::Algorithms)), "{odd:?}");
        }
    }

    #[test]
    fn asking_always_needs_somebody_who_asks() {
        assert!(matches!(Guard::builder(ISSUER, API).introspect_always().build(), Err(BuildError::Client)));
        assert!(Guard::builder(ISSUER, API).client("api", "secret".to_owned()).introspect_always().build().is_ok());
    }
}
