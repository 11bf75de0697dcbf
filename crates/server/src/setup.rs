//! The one-time link to create the first superuser, where there is no user yet.

use std::time::Duration;

use vestibule_core::{HashKey, Random};
use vestibule_ephemeral::{Ephemeral, Kind};

/// How long a link is good for.
const LIFETIME: Duration = Duration::from_secs(3600);

const SETUP: Kind = Kind::once("setup");

/// The links that are good at the moment. Only a keyed hash of each is kept.
#[derive(Clone, Debug)]
pub struct SetupLinks {
    store: Ephemeral,
    key: HashKey,
    random: Random,
}

impl SetupLinks {
    /// Links kept in `store`.
    #[must_use]
    pub fn new(store: Ephemeral, key: &HashKey, random: Random) -> Self {
        Self { store, key: key.for_purpose("setup link"), random }
    }

    /// Makes a link below `public_url`.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn make(&self, public_url: &str) -> Result<String, vestibule_ephemeral::Error> {
        let token = self.random.token();
        self.store.put(SETUP, &self.key.digest(&token).to_key(), b"{}", LIFETIME, None).await?;
        Ok(format!("{public_url}/setup?token={token}"))
    }

    pub(crate) async fn is_good(&self, token: &str) -> Result<bool, vestibule_ephemeral::Error> {
        Ok(self.store.get(SETUP, &self.key.digest(token).to_key()).await?.is_some())
    }

    pub(crate) async fn spend(&self, token: &str) -> Result<bool, vestibule_ephemeral::Error> {
        self.store.remove(SETUP, &self.key.digest(token).to_key()).await
    }
}
