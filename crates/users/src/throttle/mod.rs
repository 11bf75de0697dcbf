//! How fast people may try to sign in: by account and by address, slowing down long before anyone is kept out.
//!
//! A try is counted before anything is verified, in one atomic step of `ephemeral`, and given back when it was right; so a
//! hundred tries at once reach the verifier no oftener than a hundred one after the other. Nobody is ever locked: the next try
//! only waits longer, and all is forgotten after a while of quiet.
//!
//! The account is what was typed, in its normal form, whether or not anyone goes by it (attack A60). So that strangers cannot keep
//! the owner out, a browser where that user signed in before has a count of its own ([`Throttle::remember`]).
//!
//! Which address a request comes from is for the caller to know: a forwarded one counts only from a trusted proxy. A request
//! without any shares one count with all others of that sort.
//!
//! `keys` is what is counted; `policy` how much.

mod keys;
mod policy;

use std::{net::IpAddr, time::Duration};

use vestibule_core::{HashKey, UserId};
use vestibule_ephemeral::{Ephemeral, Error, Kind};

pub(crate) use self::keys::Keys;
pub use policy::{ThrottlePolicy, ThrottlePolicyError};

const TRIES: Kind = Kind::new("sign-in-tries");
const BROWSERS: Kind = Kind::new("known-browser");
/// How many browsers are known of one person. Programs that sign in by the pages come as a new browser each time.
const MOST_BROWSERS: usize = 32;
/// Of so many browsers, one has those counted that are known when it signs in.
const ONE_COUNTS: u8 = 8;

/// A try to sign in, before anything of it is verified.
#[derive(Clone, Copy, Debug)]
pub struct Try<'a> {
    /// What was typed as a name.
    pub typed: &'a str,
    /// Who goes by that name, where anyone does. It decides only whether the browser is known.
    pub user: Option<UserId>,
    /// Where it comes from; none where that is not known, or is no address.
    pub address: Option<IpAddr>,
    /// The secret that the browser keeps for us, where it has one.
    pub browser: Option<&'a str>,
}

/// What a try must wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// Too many tries at this account.
    Account,
    /// Too many tries from this address.
    Address,
}

/// Why a try may not go on.
#[derive(Debug, thiserror::Error)]
pub enum ThrottleError {
    /// There were too many. The words are the same for accounts that exist and accounts that do not.
    #[error("too many tries; try again in {} s", retry_after.as_secs())]
    TryLater {
        /// When the next one may come: whole seconds, at least one.
        retry_after: Duration,
        /// Of what there were too many.
        because: Because,
    },
    /// What was tried before is not known, so that nothing may be tried.
    #[error(transparent)]
    Unavailable(#[from] Error),
}

/// The counts of everyone's tries. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Throttle {
    store: Ephemeral,
    keys: Keys,
    policy: ThrottlePolicy,
}

impl Throttle {
    /// Under `policy`. `hash_key` is the provider's: no name, address or token lies in the store in clear.
    ///
    /// # Errors
    /// A policy that makes no sense.
    pub fn new(store: Ephemeral, hash_key: &HashKey, policy: ThrottlePolicy) -> Result<Self, ThrottlePolicyError> {
        policy.check()?;
        Ok(Self { store, keys: Keys::new(hash_key), policy })
    }

    /// Counts a try. It counts as failed unless [`Admitted::succeeded`] says otherwise; one that must wait is not counted.
    ///
    /// # Errors
    /// [`ThrottleError::TryLater`], and [`ThrottleError::Unavailable`] where the store does not answer.
    pub async fn admit(&self, attempt: Try<'_>) -> Result<Admitted, ThrottleError> {
        let address = self.keys.address(attempt.address);
        let account = match self.known_browser(&attempt).await? {
            Some(browser) => browser,
            None => self.keys.account(attempt.typed),
        };
        // Both or none: a try that goes no further costs neither the others at that address nor the account.
        let tries = [(&*address, &self.policy.address), (&*account, &self.policy.account)];
        match self.store.admit_all(TRIES, &tries).await? {
            None => Ok(Admitted { throttle: self.clone(), account, address }),
            Some(refused) => {
                let because = if refused.index == 0 { Because::Address } else { Because::Account };
                tracing::warn!(?because, "a sign-in must wait: there were too many tries");
                Err(ThrottleError::TryLater { retry_after: in_whole_seconds(refused.wait), because })
            }
        }
    }

    /// Knows `browser` from now on as one where `user` signed in: strangers' failures do not slow it down. Of somebody's many
    /// browsers some thirty-two are known: one browser in eight sees to it, by the places of others, which are known again when
    /// somebody signs in there.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn remember(&self, user: UserId, browser: &str) -> Result<(), Error> {
        let (key, owner) = (self.keys.browser(user, browser), user.to_string());
        self.store.put(BROWSERS, &key, b"", self.policy.known_browser, Some(&owner)).await?;
        // Keys are keyed hashes: nobody can choose one that does not count.
        if key.bytes().next().is_some_and(|first| first % ONE_COUNTS != 0) {
            return Ok(());
        }
        let known = self.store.list(BROWSERS, &owner).await?;
        let too_many = known.len().saturating_sub(MOST_BROWSERS);
        // In the order of their keys: nobody can see to it that a certain one goes.
        for (other, _) in known.iter().filter(|(other, _)| *other != key).take(too_many) {
            self.store.remove(BROWSERS, other).await?;
        }
        Ok(())
    }

    /// Knows no browser of `user` any more, as after a change of the password by somebody else.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn forget_browsers(&self, user: UserId) -> Result<(), Error> {
        for (key, _) in self.store.list(BROWSERS, &user.to_string()).await? {
            self.store.remove(BROWSERS, &key).await?;
        }
        Ok(())
    }

    /// The key of the browser's own count, where it is a known one. It takes one look, whoever is named.
    async fn known_browser(&self, attempt: &Try<'_>) -> Result<Option<String>, Error> {
        let Some(browser) = attempt.browser else { return Ok(None) };
        let key = match attempt.user {
            Some(user) => self.keys.browser(user, browser),
            None => self.keys.nobodys_browser(browser),
        };
        Ok(self.store.get(BROWSERS, &key).await?.map(|_| key))
    }
}

/// A time as `Retry-After` has it: rounded up, so that who waits that long has waited long enough.
pub(crate) fn in_whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1))
}

/// A try that may go on, and counts as failed as it stands.
#[derive(Debug)]
#[must_use = "a try that is not said to have succeeded counts as failed"]
pub struct Admitted {
    throttle: Throttle,
    account: String,
    address: String,
}

impl Admitted {
    /// It was right, so that it does not count.
    ///
    /// # Errors
    /// Where the store does not answer; it may count as failed then, which is no reason to turn the person away.
    pub async fn succeeded(self) -> Result<(), Error> {
        let Throttle { store, policy, .. } = &self.throttle;
        // Together, so that the store does both in one go.
        let address = store.give_back(TRIES, &self.address, &policy.address);
        let account = store.give_back(TRIES, &self.account, &policy.account);
        tokio::try_join!(address, account).map(drop)
    }
}
