//! The keys that applications publish at their `jwks_uri`.
//!
//! ```text
//! get ──▶ kept and fresh? ──yes──▶ these
//!              │ no                                       fetched ──▶ kept ──▶ these
//!              └──▶ one caller fetches, where the pace allows ──┤
//!                                                         failed ──▶ the old ones, for an hour, else none
//! newer_than ──▶ a key was unknown: somebody else fetched meanwhile? ──▶ those; else as above
//! ```
//! Whoever sends assertions with keys that nobody has makes us fetch only at that pace (attack A48's kin), each fetch is
//! bounded ([`Fetcher`]), and what is kept is bounded in bytes.

use std::{
    collections::VecDeque,
    sync::{
        Arc, RwLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;
use tokio::sync::{Mutex, MutexGuard};
use vestibule_core::{Clock, Timestamp};
use vestibule_jose::{Algorithm, JwkSet, JwsError, Unverified, Verified};
use vestibule_outbound::{Fetch, Fetcher};

/// How long keys are taken from memory before they are fetched again: so long may one go on verifying that its owner has taken
/// away.
const FRESH: Duration = Duration::from_secs(10 * 60);
/// How long they hold where they cannot be fetched again.
const STALE: Duration = Duration::from_secs(60 * 60);
/// How often one address is fetched at most, in how much time.
const TRIES: usize = 3;
const WINDOW: Duration = Duration::from_secs(60);
/// The longest document of keys.
const LONGEST: usize = 64 * 1024;
/// The memory for all of them.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// What an address costs that has no keys yet.
const LEAST: u32 = 512;

/// Keys, as they were published at a moment.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// The keys.
    pub(crate) set: Arc<JwkSet>,
    fetched_at: Timestamp,
}

/// What is known of one address.
#[derive(Debug, Default)]
struct Slot {
    known: RwLock<Option<Published>>,
    /// When it was fetched, lately; whoever fetches holds it.
    tries: Mutex<VecDeque<Timestamp>>,
    weight: AtomicU32,
}

/// Why a signature is not by a key that is published.
#[derive(Debug)]
pub(crate) enum RemoteError {
    /// The keys cannot be fetched.
    NoKeys,
    /// It does not hold.
    Jws(JwsError),
}

/// The keys that applications publish. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct RemoteKeys {
    slots: Cache<String, Arc<Slot>>,
    fetcher: Fetcher,
    clock: Clock,
}

impl RemoteKeys {
    pub(crate) fn new(fetcher: Fetcher, clock: Clock) -> Self {
        let weigh = |url: &String, slot: &Arc<Slot>| {
            let url = u32::try_from(url.len()).unwrap_or(u32::MAX);
            slot.weight.load(Ordering::Relaxed).saturating_add(url).saturating_add(LEAST)
        };
        Self { slots: Cache::builder().weigher(weigh).max_capacity(CAPACITY).build(), fetcher, clock }
    }

    /// The keys at `url`; none where they cannot be had.
    pub(crate) async fn get(&self, url: &str) -> Option<Published> {
        let slot = self.slot(url);
        let known = slot.known();
        if known.as_ref().is_some_and(|known| self.is_within(known, FRESH)) {
            return known;
        }
        let usable = known.filter(|known| self.is_within(known, STALE));
        let tries = match (slot.tries.try_lock(), &usable) {
            (Ok(tries), _) => tries,
            // Somebody is fetching them, and the old ones do meanwhile.
            (Err(_), Some(_)) => return usable,
            (Err(_), None) => slot.tries.lock().await,
        };
        match slot.known() {
            Some(known) if self.is_within(&known, FRESH) => Some(known),
            _ => self.fetch(url, &slot, tries).await.or(usable),
        }
    }

    /// The keys at `url`, where they are others than `seen`, among which one was not found.
    pub(crate) async fn newer_than(&self, url: &str, seen: &Published) -> Option<Published> {
        let slot = self.slot(url);
        let tries = slot.tries.lock().await;
        match slot.known() {
            Some(known) if !Arc::ptr_eq(&known.set, &seen.set) => Some(known),
            _ => self.fetch(url, &slot, tries).await,
        }
    }

    /// Proves that a key at `url` signed `token` with one of the `allowed` algorithms. Keys that were renewed meanwhile are fetched
    /// once.
    pub(crate) async fn verify<'a>(
        &self,
        url: &str,
        token: &'a Unverified<'_>,
        allowed: &[Algorithm],
    ) -> Result<Verified<'a>, RemoteError> {
        // Before anything is fetched for it.
        if !token.algorithm().is_some_and(|algorithm| allowed.contains(&algorithm)) {
            return Err(RemoteError::Jws(JwsError::OtherAlgorithm));
        }
        let keys = self.get(url).await.ok_or(RemoteError::NoKeys)?;
        match one_of(&keys.set, token, allowed) {
            Err(JwsError::UnknownKey) => {
                let newer = self.newer_than(url, &keys).await.ok_or(RemoteError::Jws(JwsError::UnknownKey))?;
                one_of(&newer.set, token, allowed).map_err(RemoteError::Jws)
            }
            verified => verified.map_err(RemoteError::Jws),
        }
    }

    fn slot(&self, url: &str) -> Arc<Slot> {
        self.slots.get_with_by_ref(url, Arc::default)
    }

    fn is_within(&self, known: &Published, time: Duration) -> bool {
        self.clock.now() < known.fetched_at + time
    }

    async fn fetch(
        &self,
        url: &str,
        slot: &Arc<Slot>,
        mut tries: MutexGuard<'_, VecDeque<Timestamp>>,
    ) -> Option<Published> {
        let now = self.clock.now();
        while tries.front().is_some_and(|earliest| *earliest + WINDOW <= now) {
            tries.pop_front();
        }
        if tries.len() >= TRIES {
            tracing::debug!(url, "the keys of an application were fetched too often to be fetched again now");
            return None;
        }
        tries.push_back(now);
        // Why it fails, the fetcher logs.
        let fetched = self.fetcher.fetch(Fetch::get(url).at_most(LONGEST)).await.ok()?;
        let set = match JwkSet::parse(&fetched.body) {
            Ok(set) => Arc::new(set),
            Err(error) => {
                tracing::warn!(url, %error, "the keys of an application cannot be used");
                return None;
            }
        };
        let published = Published { set, fetched_at: now };
        slot.keep(published.clone(), fetched.body.len());
        // Put again, so that it is weighed again.
        self.slots.insert(url.to_owned(), slot.clone());
        Some(published)
    }
}

/// Of the keys that are published, one that signed the token.
fn one_of<'a>(keys: &JwkSet, token: &'a Unverified<'_>, allowed: &[Algorithm]) -> Result<Verified<'a>, JwsError> {
    match keys.verify(token, allowed) {
        // A token without a name for its key may be by one that is newer than those at hand.
        Err(JwsError::Signature) if token.kid().is_none() => Err(JwsError::UnknownKey),
        verified => verified,
    }
}

impl Slot {
    fn known(&self) -> Option<Published> {
        self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Parsed keys take a few times the room of their document.
    fn keep(&self, published: Published, bytes: usize) {
        self.weight.store(u32::try_from(bytes).unwrap_or(u32::MAX).saturating_mul(4), Ordering::Relaxed);
        *self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(published);
    }
}
