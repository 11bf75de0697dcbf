//! What was read of the database, kept in memory for as long as nobody changes it.
//!
//! ```text
//! get ─▶ is the table of changes read to its end within a second? ─▶ drop what changed ─▶ the entry
//! begin ─▶ (the database is asked) ─▶ keep, unless what was read has changed since begin
//! ```
//! There is no task beside: whoever asks first drops what the changes name that have arrived. Where the table of changes cannot
//! be read, nothing kept is relied on, so that no answer is older than a second.

use std::{
    collections::VecDeque,
    fmt,
    hash::Hash,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache as Entries;
use vestibule_core::Clock;

use crate::{ChangeLog, Changes, Topic};

/// For how long after the last look at the table of changes an entry is relied on. Servers look every 400 ms.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How many of the last changes are remembered, for those who read meanwhile.
const REMEMBERED: usize = 1024;
/// What an entry takes beside its content: key, hash table, queues.
const OVERHEAD: usize = 256;

/// What was read, by what it is of. What is kept of one topic, a change of that topic drops.
pub struct Kept<K, V> {
    topic: Topic,
    entries: Entries<K, Entry<V>>,
    log: ChangeLog,
    clock: Clock,
    /// What a subject of the topic names; nothing where it may be everything.
    names: fn(&str) -> Option<K>,
    told: Mutex<Told<K>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Entry<V> {
    /// The number of the last change that was known when it was put here.
    as_of: u64,
    value: Arc<V>,
    bytes: usize,
}

// Derived, it would want values that can be cloned.
impl<V> Clone for Entry<V> {
    fn clone(&self) -> Self {
        Self { as_of: self.as_of, value: Arc::clone(&self.value), bytes: self.bytes }
    }
}

/// What has changed, in the order in which this process was told.
struct Told<K> {
    arriving: Changes,
    /// How many changes there were.
    count: u64,
    /// The number of the last change that concerned everything.
    everything: u64,
    /// The last changes that concerned one thing: their numbers, and which.
    lately: VecDeque<(u64, K)>,
    /// The number of the last change that `lately` has forgotten.
    forgotten: u64,
}

/// The moment at which somebody began to read.
#[derive(Clone, Copy, Debug)]
pub struct Began(u64);

/// How a memory is doing, for operators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptStatistics {
    /// How much of it is in use.
    pub bytes: u64,
    /// How many questions it answered.
    pub hits: u64,
    /// How many it did not.
    pub misses: u64,
}

impl<K, V> Kept<K, V>
where
    K: Hash + Eq + Clone + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// Keeps what is read of a topic, within so many bytes. `names` reads the subject of a change. `log` must be followed
    /// ([`ChangeLog::follow`]), else nothing is relied on for longer than a second.
    #[must_use]
    pub fn new(log: &ChangeLog, topic: Topic, names: fn(&str) -> Option<K>, clock: Clock, bytes: u64) -> Self {
        let weigh = |_: &K, entry: &Entry<V>| u32::try_from(entry.bytes + OVERHEAD).unwrap_or(u32::MAX);
        let told = Told { arriving: log.listen(), count: 0, everything: 0, lately: VecDeque::new(), forgotten: 0 };
        Self {
            topic,
            entries: Entries::builder().max_capacity(bytes).weigher(weigh).build(),
            log: log.clone(),
            clock,
            names,
            told: Mutex::new(told),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// What is kept of a thing, where it can be relied on.
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        let found = self.look(key);
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    fn look(&self, key: &K) -> Option<Arc<V>> {
        // Before the changes are looked at: what the table told until this moment has arrived.
        let (now, read_at) = (self.clock.now(), self.log.read_at());
        let everything = self.up_to_date().everything;
        if read_at > now || now.since(read_at) > TRUSTED_FOR {
            return None;
        }
        self.entries.get(key).filter(|entry| entry.as_of >= everything).map(|entry| entry.value)
    }

    /// To be called before the database is asked.
    pub fn begin(&self) -> Began {
        Began(self.up_to_date().count)
    }

    /// Keeps what was read, and takes so many bytes, unless it has changed since the reading began.
    pub fn keep(&self, key: K, value: &Arc<V>, bytes: usize, Began(began): Began) {
        // Held until the entry is there, so that no change can pass between.
        let told = self.up_to_date();
        let overtaken = told.everything > began
            || told.forgotten > began
            || told.lately.iter().rev().take_while(|(number, _)| *number > began).any(|(_, changed)| *changed == key);
        if !overtaken {
            self.entries.insert(key, Entry { as_of: told.count, value: Arc::clone(value), bytes });
        }
    }

    /// How it is doing, once what is to go is gone.
    pub fn statistics(&self) -> KeptStatistics {
        drop(self.up_to_date());
        self.entries.run_pending_tasks();
        KeptStatistics {
            bytes: self.entries.weighted_size(),
            hits: self.hits.load(Ordering::Relaxed),
            misses: self.misses.load(Ordering::Relaxed),
        }
    }

    /// Drops what the changes name that have arrived.
    fn up_to_date(&self) -> MutexGuard<'_, Told<K>> {
        // Nothing panics while it is held, and what it guards is whole between two changes.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(change) = told.arriving.arrived() {
            if change.topic.is_some_and(|topic| topic != self.topic) {
                continue;
            }
            told.count += 1;
            let number = told.count;
            let named =
                if change.is_everything() || change.subject.is_empty() { None } else { (self.names)(&change.subject) };
            match named {
                Some(key) => {
                    self.entries.invalidate(&key);
                    told.lately.push_back((number, key));
                    if told.lately.len() > REMEMBERED {
                        told.forgotten = told.lately.pop_front().map_or(number, |(number, _)| number);
                    }
                }
                None => {
                    told.everything = number;
                    self.entries.invalidate_all();
                }
            }
        }
        told
    }
}

impl<K, V> fmt::Debug for Kept<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("topic", &self.topic).finish_non_exhaustive()
    }
}
