//! The provider, as its metadata tells (RFC 8414): where its keys lie, and where it is asked about tokens.

use std::sync::Arc;

use serde::Deserialize;
use url::Url;
use vestibule_core::Clock;
use vestibule_jose::JwkSet;
use vestibule_outbound::fetch::{Fetch, Fetcher};

use crate::keeper::Keeper;

/// Where the metadata lies below the issuer (OpenID Connect Discovery section 4).
const METADATA: &str = "/.well-known/openid-configuration";
/// Where a Vestibule tells of revocations. It is in no metadata, having no name there.
const REVOCATIONS: &str = "/oauth2/revocations";
const JSON: &[&str] = &["application/json"];
const JWK_SETS: &[&str] = &["application/json", "application/jwk-set+json"];
/// The longest metadata, in bytes.
const LONGEST: usize = 256 * 1024;

/// One provider.
#[derive(Debug)]
pub(crate) struct Provider {
    issuer: String,
    fetcher: Fetcher,
    metadata: Keeper<Metadata>,
    keys: Keeper<JwkSet>,
}

/// What is read of the metadata.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    jwks_uri: String,
    introspection_endpoint: Option<String>,
}

/// It could not be had. Why is in the log.
#[derive(Debug)]
pub(crate) struct NotHad;

impl Provider {
    pub(crate) fn new(issuer: String, fetcher: Fetcher, clock: &Clock) -> Self {
        let (metadata, keys) = (Keeper::new(clock.clone()), Keeper::new(clock.clone()));
        Self { issuer, fetcher, metadata, keys }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    pub(crate) fn fetcher(&self) -> &Fetcher {
        &self.fetcher
    }

    /// The published keys.
    pub(crate) async fn keys(&self) -> Option<Arc<JwkSet>> {
        self.keys.get(self.fetch_keys()).await
    }

    /// Keys that are newer than `seen`, among which one that was asked for is not.
    pub(crate) async fn newer_keys(&self, seen: &Arc<JwkSet>) -> Option<Arc<JwkSet>> {
        self.keys.newer(seen, self.fetch_keys()).await
    }

    /// Where it is asked about tokens.
    pub(crate) async fn introspection_endpoint(&self) -> Option<String> {
        let endpoint = self.metadata().await?.introspection_endpoint.clone();
        if endpoint.is_none() {
            tracing::error!(issuer = self.issuer, "the provider has no introspection endpoint");
        }
        endpoint
    }

    /// Where it tells of revocations.
    pub(crate) fn revocations(&self) -> String {
        format!("{}{REVOCATIONS}", self.issuer.trim_end_matches('/'))
    }

    async fn metadata(&self) -> Option<Arc<Metadata>> {
        self.metadata.get(self.fetch_metadata()).await
    }

    async fn fetch_metadata(&self) -> Result<Metadata, NotHad> {
        let url = format!("{}{METADATA}", self.issuer.trim_end_matches('/'));
        let fetched = self.fetcher.fetch(Fetch::get(&url).of_type(JSON).at_most(LONGEST)).await.map_err(|_| NotHad)?;
        let metadata: Metadata = serde_json::from_slice(&fetched.body).map_err(|error| {
            tracing::error!(%error, address = url, "the provider's metadata cannot be read");
            NotHad
        })?;
        metadata.checked(&self.issuer)
    }

    async fn fetch_keys(&self) -> Result<JwkSet, NotHad> {
        let metadata = self.metadata().await.ok_or(NotHad)?;
        let fetch = Fetch::get(&metadata.jwks_uri).of_type(JWK_SETS).at_most(LONGEST);
        let fetched = self.fetcher.fetch(fetch).await.map_err(|_| NotHad)?;
        let keys = JwkSet::parse(&fetched.body).map_err(|error| {
            tracing::error!(%error, address = metadata.jwks_uri, "the provider's keys cannot be read");
            NotHad
        })?;
        tracing::info!(issuer = self.issuer, keys = keys.keys().len(), "the provider's keys were fetched");
        Ok(keys)
    }
}

impl Metadata {
    /// Holds it against RFC 8414 section 3.3: it must speak for the issuer that was asked. What it names is no less secret than
    /// itself.
    fn checked(self, issuer: &str) -> Result<Self, NotHad> {
        if self.issuer != issuer {
            tracing::error!(
                issuer,
                named = self.issuer.as_str(),
                "the metadata is another issuer's: compare the issuers letter by letter"
            );
            return Err(NotHad);
        }
        let named = [Some(&self.jwks_uri), self.introspection_endpoint.as_ref()];
        let weaker = |address: &&String| issuer.starts_with("https:") && !is_https(address);
        if let Some(address) = named.into_iter().flatten().find(weaker) {
            tracing::error!(
                issuer,
                address = address.as_str(),
                "the metadata of an https issuer names an address without https"
            );
            return Err(NotHad);
        }
        Ok(self)
    }
}

fn is_https(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.scheme() == "https")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(issuer: &str, jwks_uri: &str) -> Metadata {
        let (issuer, jwks_uri) = (issuer.to_owned(), jwks_uri.to_owned());
        Metadata { issuer, jwks_uri, introspection_endpoint: None }
    }

    #[test]
    fn metadata_speaks_for_the_issuer_that_was_asked_and_names_nothing_less_secret() {
        let good = "https://id.example";
        assert!(metadata(good, "https://keys.example/jwks").checked(good).is_ok());
        assert!(metadata("https://id.example/", "https://keys.example/jwks").checked(good).is_err());
        assert!(metadata(good, "http://keys.example/jwks").checked(good).is_err());
        let here = "http://localhost:8080";
        assert!(metadata(here, "http://localhost:8080/jwks").checked(here).is_ok());
    }
}
