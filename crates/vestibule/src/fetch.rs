//! What may be fetched from others, as the configuration says.

use std::fs;

use vestibule_outbound::{FetchRules, Fetcher};

use crate::{app::StartError, config::Config};

/// What fetches.
pub(crate) fn fetcher(config: &Config) -> Result<Fetcher, StartError> {
    let fetch = &config.fetch;
    let extra_roots = match &fetch.extra_trust_roots {
        Some(path) => Some(fs::read(path).map_err(|error| {
            StartError::because(format!(
                "fetch.extra_trust_roots names {}, which cannot be read: {error}",
                path.display()
            ))
        })?),
        None => None,
    };
    let rules =
        FetchRules { allow_private_networks: fetch.allow_private_networks, extra_roots, ..FetchRules::default() };
    Fetcher::new(rules).map_err(StartError::because)
}
