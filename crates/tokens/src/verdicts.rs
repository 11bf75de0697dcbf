//! Access tokens that proved to be ours, kept by the hash of their text, so that the next question costs no signature.
//!
//! What is kept says what the token says, and nothing that can change: whether it has expired, whether its key still counts and
//! whether it was revoked is asked anew each time, and what its person may do is not in it. A text that is no token of ours leaves
//! nothing here.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::digest;
use moka::{policy::EvictionPolicy, sync::Cache};
use vestibule_database::KeptStatistics;

use crate::AccessToken;

/// What an entry takes beside what the token says: key, hash table, queues.
const OVERHEAD: usize = 320;

/// A text's SHA-256.
type Hash = [u8; digest::SHA256_OUTPUT_LEN];

/// What was proved.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    /// What the token says.
    pub(crate) token: Arc<AccessToken>,
    /// The key that signed it; an opaque one is sealed by a secret that never changes.
    pub(crate) kid: Option<Arc<str>>,
}

/// The tokens that were seen, the least recently seen going first where there are too many.
#[derive(Debug)]
pub(crate) struct Verdicts {
    entries: Option<Cache<Hash, Verdict>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Verdicts {
    /// None is kept.
    pub(crate) fn none() -> Self {
        Self { entries: None, hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// Within so many bytes.
    pub(crate) fn within(bytes: u64) -> Self {
        let weigh = |_: &Hash, verdict: &Verdict| {
            u32::try_from(OVERHEAD + verdict.kid.as_ref().map_or(0, |kid| kid.len()) + verdict.token.bytes())
                .unwrap_or(u32::MAX)
        };
        let entries =
            Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru()).build();
        Self { entries: Some(entries), ..Self::none() }
    }

    /// What was proved of a text, else what `prove` finds out now.
    pub(crate) fn of<E>(&self, text: &str, prove: impl FnOnce() -> Result<Verdict, E>) -> Result<Verdict, E> {
        let Some(entries) = &self.entries else { return prove() };
        let hash = hash(text);
        if let Some(known) = entries.get(&hash) {
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(known);
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        let verdict = prove()?;
        entries.insert(hash, verdict.clone());
        Ok(verdict)
    }

    /// Keeps what is known of a text.
    pub(crate) fn keep(&self, text: &str, verdict: Verdict) {
        if let Some(entries) = &self.entries {
            entries.insert(hash(text), verdict);
        }
    }

    /// How it is doing.
    pub(crate) fn statistics(&self) -> KeptStatistics {
        let bytes = self.entries.as_ref().map_or(0, |entries| {
            entries.run_pending_tasks();
            entries.weighted_size()
        });
        KeptStatistics { bytes, hits: self.hits.load(Ordering::Relaxed), misses: self.misses.load(Ordering::Relaxed) }
    }
}

fn hash(text: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
    hash
}
