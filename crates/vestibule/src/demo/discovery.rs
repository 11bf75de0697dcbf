//! What a stranger learns of the provider: its discovery document and its keys, fetched over HTTP and kept for a while.

use std::{sync::Arc, time::Duration};

use openidconnect::{
    AdditionalProviderMetadata, EndSessionUrl, IssuerUrl, ProviderMetadata,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
        CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use vestibule_core::{Clock, Timestamp};

use super::http::{fetcher, in_words};

/// How long what was learnt is believed.
const KEPT: Duration = Duration::from_secs(300);

/// How soon an unknown key may lead to another fetch: a token with an invented `kid` must not make us hammer the provider.
const PAUSE: Duration = Duration::from_secs(5);

/// What the `openidconnect` crate's own metadata leaves out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Extra {
    /// Where to send people who sign out (RP-Initiated Logout 1.0 section 2.1).
    pub(super) end_session_endpoint: Option<EndSessionUrl>,
    /// Whether every authorization response names its issuer (RFC 9207 section 3).
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for Extra {}

/// The provider's metadata, with its keys.
pub(super) type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// The provider's documents could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("what {issuer} says of itself cannot be used: {why}")]
pub(super) struct Undiscovered {
    issuer: String,
    why: String,
}

/// The provider as seen from outside.
#[derive(Debug)]
pub(super) struct Discovery {
    issuer: IssuerUrl,
    client: reqwest::Client,
    clock: Clock,
    latest: Mutex<Option<(Arc<Metadata>, Timestamp)>>,
}

impl Discovery {
    /// Of the provider at `issuer`. Nothing is fetched yet.
    pub(super) fn new(issuer: IssuerUrl, client: reqwest::Client, clock: Clock) -> Self {
        Self { issuer, client, clock, latest: Mutex::new(None) }
    }

    /// The metadata and keys, at most five minutes old.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, Undiscovered> {
        self.younger_than(KEPT).await
    }

    /// The same once a key was not among them, fetched anew unless that was done a moment ago.
    pub(super) async fn refreshed(&self) -> Result<Arc<Metadata>, Undiscovered> {
        self.younger_than(PAUSE).await
    }

    async fn younger_than(&self, age: Duration) -> Result<Arc<Metadata>, Undiscovered> {
        // Held while fetching, so that a crowd that finds nothing fetches once.
        let mut latest = self.latest.lock().await;
        let now = self.clock.now();
        if let Some((metadata, fetched)) = latest.as_ref()
            && now.since(*fetched) < age
        {
            return Ok(Arc::clone(metadata));
        }
        let fetcher = fetcher(&self.client);
        let metadata = Metadata::discover_async(self.issuer.clone(), &fetcher)
            .await
            .map_err(|error| Undiscovered { issuer: self.issuer.to_string(), why: in_words(&error) })?;
        let metadata = Arc::new(metadata);
        *latest = Some((Arc::clone(&metadata), now));
        Ok(metadata)
    }
}
