//! What people may do, kept in memory.
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
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use moka::sync::Cache as Entries;
use vestibule_core::{Clock, UserId};
use vestibule_database::{ChangeLog, Changes, Topic};

use super::Effective;

/// For how long after the last look at the table of changes an entry is relied on. Servers look every 400 ms.
const TRUSTED_FOR: Duration = Duration::from_secs(1);
/// How many of the last changes are remembered, for those who read meanwhile.
const REMEMBERED: usize = 1024;
/// What an entry takes beside its content: key, hash table, queues.
const OVERHEAD: usize = 256;

/// What was kept of people.
pub(super) struct Cache {
    entries: Entries<UserId, Kept>,
    log: ChangeLog,
    clock: Clock,
    told: Mutex<Told>,
}

#[derive(Clone)]
struct Kept {
    /// The number of the last change that was known when it was put here.
    as_of: u64,
    effective: Arc<Effective>,
}

/// What has changed, in the order in which this process was told.
struct Told {
    arriving: Changes,
    /// How many changes there were.
    count: u64,
    /// The number of the last change that concerned everyone.
    everyone: u64,
    /// The last changes that concerned one: their numbers, and whom.
    lately: VecDeque<(u64, UserId)>,
    /// The number of the last change that `lately` has forgotten.
    forgotten: u64,
}

/// The moment at which somebody began to read.
#[derive(Clone, Copy)]
pub(super) struct Began(u64);

impl Cache {
    pub(super) fn new(log: &ChangeLog, clock: Clock, bytes: u64) -> Self {
        let weigh = |_: &UserId, kept: &Kept| u32::try_from(kept.effective.bytes() + OVERHEAD).unwrap_or(u32::MAX);
        let told = Told { arriving: log.listen(), count: 0, everyone: 0, lately: VecDeque::new(), forgotten: 0 };
        Self {
            entries: Entries::builder().max_capacity(bytes).weigher(weigh).build(),
            log: log.clone(),
            clock,
            told: Mutex::new(told),
        }
    }

    /// What is kept of a user, where it can be relied on.
    pub(super) fn get(&self, user: UserId) -> Option<Arc<Effective>> {
        // Before the changes are looked at: what the table told until this moment has arrived.
        let (now, read_at) = (self.clock.now(), self.log.read_at());
        let everyone = self.up_to_date().everyone;
        if read_at > now || now.since(read_at) > TRUSTED_FOR {
            return None;
        }
        self.entries.get(&user).filter(|kept| kept.as_of >= everyone).map(|kept| kept.effective)
    }

    /// To be called before the database is asked.
    pub(super) fn begin(&self) -> Began {
        Began(self.up_to_date().count)
    }

    /// Keeps what was read of a user, unless it has changed since the reading began.
    pub(super) fn keep(&self, user: UserId, effective: &Arc<Effective>, Began(began): Began) {
        // Held until the entry is there, so that no change can pass between.
        let told = self.up_to_date();
        let overtaken = told.everyone > began
            || told.forgotten > began
            || told.lately.iter().rev().take_while(|(number, _)| *number > began).any(|(_, changed)| *changed == user);
        if !overtaken {
            self.entries.insert(user, Kept { as_of: told.count, effective: Arc::clone(effective) });
        }
    }

    /// How much memory is in use, once what is to go is gone.
    pub(super) fn bytes(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.weighted_size()
    }

    /// Drops what the changes name that have arrived.
    fn up_to_date(&self) -> MutexGuard<'_, Told> {
        // Nothing panics while it is held, and what it guards is whole between two changes.
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(change) = told.arriving.arrived() {
            if change.topic.is_some_and(|topic| topic != Topic::Access) {
                continue;
            }
            told.count += 1;
            let number = told.count;
            match change.subject.parse() {
                Ok(user) if !change.is_everything() => {
                    self.entries.invalidate(&user);
                    told.lately.push_back((number, user));
                    if told.lately.len() > REMEMBERED {
                        told.forgotten = told.lately.pop_front().map_or(number, |(number, _)| number);
                    }
                }
                _ => {
                    told.everyone = number;
                    self.entries.invalidate_all();
                }
            }
        }
        told
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("entries", &self.entries.entry_count()).finish_non_exhaustive()
    }
}
