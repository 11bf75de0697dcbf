//! Issuers that speak for an application: of the platform on which it runs.

use serde::{Deserialize, Serialize};

use super::{MetadataError, metadata::unsupported};

/// The most that one application can have.
const MOST: usize = 20;

/// An issuer whose statements about one subject prove an application (RFC 7523 section 3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedIssuer {
    /// The `iss` of its statements.
    pub issuer: String,
    /// Their `sub`: the workload, as the issuer names it.
    pub subject: String,
    /// Where it publishes its keys.
    pub jwks_uri: String,
}

impl TrustedIssuer {
    /// Checks what is registered.
    pub(super) fn check_all(all: &[Self]) -> Result<(), MetadataError> {
        let wrong = |why: &str| Err(unsupported("trusted_issuers", why));
        if all.len() > MOST {
            return wrong("an application can have 20 at most");
        }
        let text = |text: &str| (1..=1000).contains(&text.len()) && !text.chars().any(char::is_control);
        for one in all {
            if !text(&one.issuer) || !text(&one.subject) {
                return wrong("issuer and subject are what iss and sub of the statements say, of 1 to 1000 characters");
            }
            if !super::proof::is_fetched(&one.jwks_uri) {
                return wrong("write an https URL (http only for this machine), without credentials, as jwks_uri");
            }
        }
        Ok(())
    }
}
