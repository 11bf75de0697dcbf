//! How long a refusal takes, whoever was named.
//!
//! A hash that was brought along costs what its origin chose: a third of a second for Django's PBKDF2, nothing for LDAP's
//! digests. Were an answer to come when that is computed, its time would tell who came from there (attack A60). So the pool
//! learns what each such function takes a worker, and no refusal comes before the slowest of them could have been computed
//! and one of ours on top. It is a wait and no work: nobody's processor pays for it, and a sign-in that succeeds does not wait.
//!
//! What is not seen for a day is forgotten. The first try after a start is what it is learned from.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a function counts after it was last computed.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);

/// A function that takes longer than this is one that a busy machine held up.
const LONGEST: Duration = Duration::from_secs(4);

/// What functions take, by their names.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ours: Duration,
    others: BTreeMap<&'static str, Seen>,
}

#[derive(Debug)]
struct Seen {
    takes: Duration,
    at: Instant,
}

impl Pace {
    /// One of today's was computed.
    pub(super) fn ours(&self, took: Duration) {
        self.with(|state| state.ours = learned(state.ours, took));
    }

    /// Another was computed: of this function, at whatever cost.
    pub(super) fn other(&self, function: &'static str, took: Duration, now: Instant) {
        self.with(|state| {
            let seen = state.others.entry(function).or_insert(Seen { takes: took.min(LONGEST), at: now });
            *seen = Seen { takes: learned(seen.takes, took), at: now };
        });
    }

    /// How long a refusal takes; nothing where all hashes are of today's kind.
    pub(super) fn refusal(&self, now: Instant) -> Duration {
        self.with(|state| {
            state.others.retain(|_, seen| now.duration_since(seen.at) < REMEMBERED);
            // A quarter more, since no two computations take the same time.
            state.others.values().map(|seen| (seen.takes + state.ours) * 5 / 4).max().unwrap_or_default()
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Goes up quickly and down slowly: of one function there are hashes of several costs, and the slowest is what counts.
fn learned(before: Duration, took: Duration) -> Duration {
    let took = took.min(LONGEST);
    if took > before { before + (took - before) / 2 } else { before - (before - took) / 64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn nothing_waits_where_all_hashes_are_of_todays_kind() {
        let (pace, now) = (Pace::default(), Instant::now());
        pace.ours(20 * MS);
        assert_eq!(pace.refusal(now), Duration::ZERO);
    }

    #[test]
    fn a_refusal_takes_as_long_as_the_slowest_function_and_one_of_ours() {
        let (pace, now) = (Pace::default(), Instant::now());
        for _ in 0..20 {
            pace.ours(20 * MS);
            pace.other("ssha", MS, now);
            pace.other("pbkdf2_sha256", 300 * MS, now);
            pace.other("pbkdf2_sha256", 100 * MS, now);
        }
        let takes = pace.refusal(now);
        assert!((370 * MS..=400 * MS).contains(&takes), "{takes:?}");
    }

    #[test]
    fn one_that_was_held_up_hardly_counts_and_one_that_is_gone_is_forgotten() {
        let (pace, now) = (Pace::default(), Instant::now());
        pace.other("bcrypt", 200 * MS, now);
        pace.other("bcrypt", 3600 * 1000 * MS, now);
        assert!(pace.refusal(now) <= LONGEST);
        assert_eq!(pace.refusal(now + REMEMBERED), Duration::ZERO);
    }
}
