//! How fast something may be tried: freely at first, then slower and slower, and freely again after a while of quiet.
//!
//! Each try that is admitted is counted, and one of those is forgiven every [`Pace::forgive`]. As long as `free` tries or more
//! are counted, the next must wait; the waits grow each time the tries have doubled:
//!
//! ```text
//!  tries counted   0 … free-1     free … 2·free-1    2·free … 4·free-1    …
//!  before the next nothing        waits[0]           waits[1]             … the last of them from there on
//! ```
//!
//! A pace is kept as a live entry: it expires when everything is forgiven, so that the time it has left says how much is
//! counted, and its value is the moment of the next try, in 15 digits.

use std::time::Duration;

use vestibule_core::Timestamp;

/// How fast something may be tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How many tries are free; at least one.
    pub free: u32,
    /// How long the next try must wait, once these are used up: the first wait from `free` counted tries on, the next from twice as
    /// many on, and so on.
    pub waits: Vec<Duration>,
    /// How long it takes until one counted try is forgiven.
    pub forgive: Duration,
}

/// Why a pace cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaceError {
    /// No try would ever be admitted freely.
    #[error("at least one try must be free")]
    NoneFree,
    /// Nothing would ever be slowed down, or the list is no list that anyone means.
    #[error("give one to eight waits")]
    Waits,
    /// A wait is none, or longer than a day.
    #[error("a wait is a millisecond to a day")]
    Wait,
    /// The time of forgiving is none, or longer than a day.
    #[error("a try is forgiven after a millisecond to a day")]
    Forgive,
}

/// Whether a try may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It is counted, and may go on.
    Admitted,
    /// It is not counted, and its time comes this much later; never zero.
    Wait(Duration),
}

/// Which of several tries must wait; none of them is counted then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The first of them that must, by its place among those that were asked about.
    pub index: usize,
    /// How much later its time comes; never zero.
    pub wait: Duration,
}

impl Pace {
    /// Whether this can be kept.
    ///
    /// # Errors
    /// The first number that makes no sense.
    pub fn check(&self) -> Result<(), PaceError> {
        let sensible = |time: &Duration| (Duration::from_millis(1)..=Duration::from_secs(24 * 3600)).contains(time);
        if self.free == 0 {
            return Err(PaceError::NoneFree);
        }
        if self.waits.is_empty() || self.waits.len() > 8 {
            return Err(PaceError::Waits);
        }
        if !self.waits.iter().all(sensible) {
            return Err(PaceError::Wait);
        }
        if sensible(&self.forgive) { Ok(()) } else { Err(PaceError::Forgive) }
    }

    /// The steps in numbers, as engines want them: no time is zero, so that nothing divides by it.
    pub(crate) fn numbers(&self) -> Numbers {
        let millis = |time: &Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 1024).max(1);
        Numbers {
            free: i64::from(self.free.max(1)),
            waits: self.waits.iter().map(millis).collect(),
            forgive: millis(&self.forgive),
        }
    }
}

/// A [`Pace`] in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    pub(crate) free: i64,
    pub(crate) waits: Vec<i64>,
    pub(crate) forgive: i64,
}

/// What is kept of one thing's tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tries {
    pub(crate) forgiven_at: Timestamp,
    pub(crate) next_at: Timestamp,
}

impl Numbers {
    /// The wait after that many counted tries.
    fn wait(&self, tries: i64) -> i64 {
        let (mut wait, mut from) = (0, self.free);
        for next in &self.waits {
            if tries < from {
                break;
            }
            (wait, from) = (*next, from.saturating_mul(2));
        }
        wait
    }

    /// Counts one more try, where its time has come; else says how long it is off.
    pub(crate) fn admit(&self, before: Option<Tries>, now: Timestamp) -> Result<Tries, Duration> {
        let mut counted = 0;
        if let Some(before) = before {
            if before.next_at > now {
                return Err(before.next_at.since(now));
            }
            counted = before.forgiven_at.millis().saturating_sub(now.millis()).max(0);
        }
        let counted = counted.saturating_add(self.forgive);
        let tries = counted.saturating_add(self.forgive - 1) / self.forgive;
        let after = |millis: i64| Timestamp::from_millis(now.millis().saturating_add(millis));
        Ok(Tries { forgiven_at: after(counted), next_at: after(self.wait(tries)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn pace() -> Pace {
        let seconds = Duration::from_secs;
        Pace { free: 3, waits: vec![seconds(5), seconds(30)], forgive: seconds(60) }
    }

    #[test]
    fn the_waits_grow_as_the_tries_double() {
        let numbers = pace().numbers();
        let waits: Vec<_> = [0, 1, 2, 3, 5, 6, 11, 12, 1000].iter().map(|tries| numbers.wait(*tries)).collect();
        assert_eq!(waits, [0, 0, 0, 5000, 5000, 30_000, 30_000, 30_000, 30_000]);
    }

    #[test]
    fn tries_are_forgiven_one_by_one() {
        let numbers = pace().numbers();
        let first = numbers.admit(None, NOW).unwrap();
        assert_eq!(first, Tries { forgiven_at: NOW + Duration::from_secs(60), next_at: NOW });
        let second = numbers.admit(Some(first), NOW + Duration::from_secs(30)).unwrap();
        assert_eq!(second.forgiven_at, NOW + Duration::from_secs(120));
        let later = NOW + Duration::from_secs(500);
        assert_eq!(numbers.admit(Some(second), later).unwrap().forgiven_at, later + Duration::from_secs(60));
    }

    #[test]
    fn a_pace_that_nobody_can_mean_is_refused() {
        let with = |change: fn(&mut Pace)| {
            let mut pace = pace();
            change(&mut pace);
            pace.check()
        };
        assert_eq!(with(|_| ()), Ok(()));
        assert_eq!(with(|pace| pace.free = 0), Err(PaceError::NoneFree));
        assert_eq!(with(|pace| pace.waits.clear()), Err(PaceError::Waits));
        assert_eq!(with(|pace| pace.waits[1] = Duration::ZERO), Err(PaceError::Wait));
        assert_eq!(with(|pace| pace.forgive = Duration::MAX), Err(PaceError::Forgive));
    }
}
