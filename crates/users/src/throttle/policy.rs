//! How many tries there may be.

use std::time::Duration;

use vestibule_ephemeral::{Pace, PaceError};

/// How many tries to sign in there may be, and how the rest is slowed down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThrottlePolicy {
    /// At one account, from browsers where its owner never signed in together, and from each where they did.
    pub account: Pace,
    /// From one address, or one IPv6 network.
    pub address: Pace,
    /// How long a browser stays known after a sign-in.
    pub known_browser: Duration,
}

impl Default for ThrottlePolicy {
    /// An account has 5 free tries, then one per 5 seconds, from 10 on one per 30 seconds, from 20 on one per 5 minutes; one is
    /// forgiven every 3 minutes, so that all are after an hour at most. An address has 50 free tries, of which one is forgiven
    /// every 12 seconds, then one try per 2 seconds, per 10 seconds, per minute. A browser is known for 90 days.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            account: Pace { free: 5, waits: vec![seconds(5), seconds(30), seconds(300)], forgive: seconds(180) },
            address: Pace { free: 50, waits: vec![seconds(2), seconds(10), seconds(60)], forgive: seconds(12) },
            known_browser: seconds(90 * 24 * 3600),
        }
    }
}

/// Why a policy cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThrottlePolicyError {
    /// The pace of an account.
    #[error("tries at an account: {0}")]
    Account(PaceError),
    /// The pace of an address.
    #[error("tries from an address: {0}")]
    Address(PaceError),
}

impl ThrottlePolicy {
    /// Whether it can be followed.
    ///
    /// # Errors
    /// The first pace that makes no sense.
    pub fn check(&self) -> Result<(), ThrottlePolicyError> {
        self.account.check().map_err(ThrottlePolicyError::Account)?;
        self.address.check().map_err(ThrottlePolicyError::Address)
    }
}
