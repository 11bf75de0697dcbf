//! What lately lay under a key, so that most looks need not go to the thread that works the file.
//!
//! ```text
//! that thread: commit ─▶ the memory is told what is under the key now ─▶ whoever asked is answered
//! look: the memory; where that knows nothing ─▶ that thread, which tells the memory what it found
//! ```
//! It is never older than the file: all changes are made by the one thread, and it tells the memory of each, in their order, before
//! it answers. Of a change whose outcome is not known, or that says nothing of the value, nothing is known any more.

use std::sync::Arc;

use moka::{policy::EvictionPolicy, sync::Cache};
use vestibule_core::Timestamp;

use crate::{Found, Kind};

/// How much is kept, in bytes.
const ROOM: u64 = 4 * 1024 * 1024;
/// What an entry takes beside its key and value: the hash table, the queue of what goes first, a counter of references.
const OVERHEAD: usize = 256;

/// A value or a tombstone, and until when it is there.
#[derive(Clone, Debug)]
struct Entry {
    found: Found,
    expires_at: Timestamp,
}

/// The memory. A clone is the same.
#[derive(Clone, Debug)]
pub(super) struct Memory(Cache<String, Arc<Entry>>);

/// The place of one key in the memory.
#[derive(Debug)]
pub(super) struct Place {
    memory: Memory,
    key: String,
}

impl Memory {
    pub(super) fn new() -> Self {
        let weigh = |key: &String, entry: &Arc<Entry>| {
            let value = match &entry.found {
                Found::Live(value) | Found::Spent(value) => value.len(),
                Found::Missing => 0,
            };
            u32::try_from(key.len() + value + OVERHEAD).unwrap_or(u32::MAX)
        };
        // The last that came are those that are looked for next: a request that waits, a code on its way.
        let entries = Cache::builder().max_capacity(ROOM).weigher(weigh).eviction_policy(EvictionPolicy::lru());
        Self(entries.build())
    }

    pub(super) fn place(&self, kind: Kind, key: &str) -> Place {
        // A kind's name has no colon.
        Place { memory: self.clone(), key: format!("{}:{key}", kind.name()) }
    }
}

impl Place {
    /// What is there; `None` where that is not known.
    pub(super) fn look(&self, now: Timestamp) -> Option<Found> {
        let entry = self.memory.0.get(&self.key)?;
        Some(if entry.expires_at > now { entry.found.clone() } else { Found::Missing })
    }

    /// This is there now.
    pub(super) fn set(self, found: Found, expires_at: Timestamp) {
        self.memory.0.insert(self.key, Arc::new(Entry { found, expires_at }));
    }

    /// Another value is there for as long as the last one would have been.
    pub(super) fn replace(self, value: Vec<u8>) {
        if let Some(entry) = self.memory.0.get(&self.key) {
            let expires_at = entry.expires_at;
            self.set(Found::Live(value), expires_at);
        }
    }

    /// What is there is there until this moment.
    pub(super) fn prolong(self, expires_at: Timestamp) {
        if let Some(entry) = self.memory.0.get(&self.key) {
            let found = entry.found.clone();
            self.set(found, expires_at);
        }
    }

    /// Something else may be there.
    pub(super) fn forget(self) {
        self.memory.0.invalidate(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const KIND: Kind = Kind::new("session");
    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    #[test]
    fn what_is_kept_is_bounded() {
        let memory = Memory::new();
        let soon = NOW + Duration::from_secs(60);
        for number in 0..20_000 {
            memory.place(KIND, &format!("key {number}")).set(Found::Live(vec![0; 1000]), soon);
        }
        memory.0.run_pending_tasks();
        assert!(memory.0.weighted_size() <= ROOM, "{} bytes", memory.0.weighted_size());
        assert_eq!(memory.place(KIND, "key 0").look(NOW), None, "what came first goes first");
        assert_eq!(memory.place(KIND, "key 19999").look(NOW), Some(Found::Live(vec![0; 1000])));
        assert_eq!(memory.place(KIND, "key 19999").look(soon), Some(Found::Missing), "its time is over");
    }

    #[test]
    fn kinds_are_apart() {
        let memory = Memory::new();
        memory.place(KIND, "a").set(Found::Live(vec![1]), NOW);
        assert_eq!(memory.place(Kind::new("code"), "a").look(NOW), None);
    }
}
