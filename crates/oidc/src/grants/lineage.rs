//! The generations of a grant's refresh token: which is good, which were spent last, and what it means when one is presented.
//!
//! ```text
//!  presented            within the retry time        after it
//!  ─────────────────────────────────────────────────────────────────────────────────────────────────────
//!  the good one         Rotate: its successor        the same
//!  a spent one          Repeat: its successor        its successor unused, and the client proves itself: Renew
//!                                                    else Reused: the grant ends
//!  any other of ours    Reused                       Reused
//! ```
//! A generation is only ever given out as the successor of another, so that of parallel callers all hold one token.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_core::Timestamp;

/// The generation of a token that another system gave out.
pub(super) const IMPORTED: u32 = 0;
/// The generation of the first token of ours.
pub(super) const FIRST: u32 = 1;
/// So many spent generations are remembered at most: who refreshes more often within the retry time repeats only the last ones.
const REMEMBERED: usize = 16;

/// The generations of one grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lineage {
    generation: u32,
    /// The last one is the one whose successor is good now, unless that has gone too.
    spent: Vec<Spent>,
}

/// A generation that was spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Spent(u32, u32, Timestamp);

/// What a presented generation means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is the good one: this takes its place.
    Rotate(Lineage),
    /// It was spent a moment ago: its successor is this generation, once more.
    Repeat(u32),
    /// It was spent, and its successor never used: this takes the successor's place, which is dead.
    Renew(Lineage),
    /// It was spent, and somebody else used its successor, or it is dead: two hold it.
    Reused,
}

impl Lineage {
    /// As the table holds it.
    pub(super) fn read(generation: i64, spent: &str) -> Option<Self> {
        Some(Self { generation: generation.try_into().ok()?, spent: serde_json::from_str(spent).ok()? })
    }

    /// The spent generations, as the table holds them.
    pub(crate) fn spent_as_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.spent)
    }

    /// The one that is good now.
    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// What it means that `presented` is presented. `proves` says whether the client proves by more than the token who it is.
    pub(crate) fn step(&self, presented: u32, now: Timestamp, retry: Duration, proves: bool) -> Step {
        if presented == self.generation {
            return self.advanced(presented, now, retry).map_or(Step::Reused, Step::Rotate);
        }
        let Some(Spent(_, successor, at)) = self.spent.iter().find(|spent| spent.0 == presented) else {
            return Step::Reused;
        };
        if now.since(*at) < retry {
            return Step::Repeat(*successor);
        }
        if *successor == self.generation && proves {
            return self.advanced(presented, now, retry).map_or(Step::Reused, Step::Renew);
        }
        Step::Reused
    }

    /// With a new generation that is good, as the successor of `predecessor`. Four thousand million generations are more than any
    /// grant lives to see; the last one has no successor.
    fn advanced(&self, predecessor: u32, now: Timestamp, retry: Duration) -> Option<Self> {
        let generation = self.generation.checked_add(1)?;
        let mut spent: Vec<Spent> =
            self.spent.iter().copied().filter(|spent| spent.0 != predecessor && now.since(spent.2) < retry).collect();
        spent.push(Spent(predecessor, generation, now));
        if spent.len() > REMEMBERED {
            spent.drain(..spent.len() - REMEMBERED);
        }
        Some(Self { generation, spent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const RETRY: Duration = Duration::from_secs(60);

    fn at(seconds: u64) -> Timestamp {
        START + Duration::from_secs(seconds)
    }

    fn begun() -> Lineage {
        Lineage { generation: FIRST, spent: Vec::new() }
    }

    /// After the first token was rotated at the start.
    fn rotated() -> Lineage {
        match begun().step(FIRST, START, RETRY, false) {
            Step::Rotate(next) => next,
            other => panic!("{other:?}"),
        }
    }

    fn follow(step: Step) -> Lineage {
        match step {
            Step::Rotate(next) | Step::Renew(next) => next,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_good_one_is_rotated() {
        assert_eq!(rotated().generation(), 2);
        assert_eq!(follow(rotated().step(2, at(500), RETRY, false)).generation(), 3);
    }

    #[test]
    fn a_spent_one_repeats_its_successor_within_the_retry_time() {
        for seconds in [0, 1, 59] {
            for proves in [true, false] {
                assert_eq!(rotated().step(1, at(seconds), RETRY, proves), Step::Repeat(2));
            }
        }
    }

    #[test]
    fn a_spent_one_repeats_its_successor_also_when_that_was_spent_within_the_retry_time() {
        let twice = follow(rotated().step(2, at(10), RETRY, false));
        assert_eq!(twice.step(1, at(20), RETRY, false), Step::Repeat(2));
        assert_eq!(twice.step(2, at(20), RETRY, false), Step::Repeat(3));
        assert_eq!(twice.step(1, at(60), RETRY, true), Step::Reused, "its own retry time counts");
        assert_eq!(twice.step(2, at(60), RETRY, true), Step::Repeat(3));
    }

    #[test]
    fn a29_a_spent_one_ends_the_grant_after_the_retry_time() {
        assert_eq!(rotated().step(1, at(60), RETRY, false), Step::Reused);
        let used = follow(rotated().step(2, at(61), RETRY, false));
        assert_eq!(used.step(1, at(70), RETRY, true), Step::Reused, "its successor was used");
        assert_eq!(used.step(1, at(70), RETRY, false), Step::Reused);
    }

    #[test]
    fn a_client_that_proves_itself_gets_a_fresh_one_and_the_unused_successor_is_dead() {
        let renewed = follow(rotated().step(1, at(3600), RETRY, true));
        assert_eq!(renewed.generation(), 3);
        assert_eq!(renewed.step(2, at(3601), RETRY, true), Step::Reused, "the old successor is dead");
        assert_eq!(renewed.step(1, at(3630), RETRY, true), Step::Repeat(3));
        assert_eq!(follow(renewed.step(1, at(3700), RETRY, true)).generation(), 4);
        assert_eq!(follow(renewed.step(3, at(3700), RETRY, true)).generation(), 4);
    }

    #[test]
    fn one_that_was_never_given_out_and_one_of_long_ago_are_reuse() {
        let mut lineage = begun();
        for n in 1..=20 {
            lineage = follow(lineage.step(n, at(u64::from(n) * 1000), RETRY, false));
        }
        for gone in [IMPORTED, 1, 5, 19, 22, u32::MAX] {
            assert_eq!(lineage.step(gone, at(20_001), RETRY, true), Step::Reused, "{gone}");
        }
        assert_eq!(lineage.step(20, at(20_001), RETRY, true), Step::Repeat(21));
    }

    #[test]
    fn what_is_remembered_stays_small_and_survives_the_table() {
        let mut lineage = begun();
        for n in 1..=100 {
            lineage = follow(lineage.step(n, at(1), RETRY, false));
        }
        assert_eq!(lineage.spent.len(), REMEMBERED);
        assert_eq!(lineage.step(90, at(2), RETRY, false), Step::Repeat(91));
        let read = Lineage::read(101, &lineage.spent_as_json().unwrap());
        assert_eq!(read, Some(lineage));
        assert_eq!(Lineage::read(-1, "[]"), None);
        assert_eq!(Lineage::read(1, "{}"), None);
    }

    #[test]
    fn without_a_retry_time_a_spent_one_is_reuse_at_once() {
        let lineage = follow(begun().step(FIRST, START, Duration::ZERO, false));
        assert_eq!(lineage.step(1, START, Duration::ZERO, false), Step::Reused);
    }
}
