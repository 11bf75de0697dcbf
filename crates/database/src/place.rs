//! How far a table that only grows has been read.
//!
//! PostgreSQL numbers rows as they are inserted and shows them as they are committed, so one may come after another with a
//! higher number. What has been read is therefore read again for a while, by our own clock: others' may be wrong.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use vestibule_core::Timestamp;

/// How long a row may come after one with a higher number.
pub const LATE: Duration = Duration::from_secs(10);

/// A place in a table whose rows are numbered as they come.
#[derive(Debug, Default)]
pub struct Place {
    /// All rows up to this number have been read, and no other can come.
    settled: i64,
    /// The rows above it that have been read, and when first.
    read: BTreeMap<i64, Timestamp>,
}

impl Place {
    /// Reading goes on after the row with this number.
    #[must_use]
    pub fn settled(&self) -> i64 {
        self.settled
    }

    /// Notes that a row was read. Returns whether it is new; one that was read before keeps its moment, else it would never
    /// settle.
    pub fn note(&mut self, id: i64, read_at: Timestamp) -> bool {
        match self.read.entry(id) {
            Entry::Vacant(new) => {
                new.insert(read_at);
                true
            }
            Entry::Occupied(_) => false,
        }
    }

    /// What was read up to this moment is settled, and so is whatever gap lies below it.
    pub fn settle(&mut self, read_until: Timestamp) {
        let last = self.read.iter().rev().find(|(_, read_at)| **read_at <= read_until).map(|(id, _)| *id);
        if let Some(last) = last {
            self.settled = last;
            self.read = self.read.split_off(&last.saturating_add(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_stays_open_for_ten_seconds_and_closes_then() {
        let start = Timestamp::from_seconds(1000);
        let mut place = Place::default();
        assert!([1, 2, 4].into_iter().all(|id| place.note(id, start)));
        place.settle(start - Duration::from_millis(1));
        assert_eq!((place.settled(), place.read.len()), (0, 3), "number 3 may still come");
        assert!(place.note(7, start + LATE) && !place.note(4, start + LATE));
        place.settle(start);
        assert_eq!((place.settled(), place.read.into_keys().collect::<Vec<_>>()), (4, vec![7]));
    }
}
