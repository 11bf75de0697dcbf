//! How fast a row could be at most: the rates of what an operation is made of, one after the other.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;

use crate::description::Limit;

/// How fast something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Rate {
    /// By the clock.
    pub(crate) per_second: f64,
    /// Processor time of one, in microseconds.
    pub(crate) processor_us: f64,
}

impl Rate {
    /// Of so many in this time, for which this much processor time was taken.
    pub(crate) fn of(count: f64, elapsed: Duration, processor: Duration) -> Self {
        if count <= 0.0 || elapsed.is_zero() {
            return Self::default();
        }
        Self { per_second: count / elapsed.as_secs_f64(), processor_us: processor.as_secs_f64() * 1e6 / count }
    }

    /// Between two that were taken of the same thing.
    pub(crate) fn between(self, other: Self) -> Self {
        Self {
            per_second: (self.per_second + other.per_second) / 2.0,
            processor_us: (self.processor_us + other.processor_us) / 2.0,
        }
    }
}

/// The rates that were measured, by name and number of connections; raw ones with none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates(BTreeMap<(String, Option<usize>), Rate>);

impl Rates {
    /// Notes one. Where it was taken before, the two are averaged.
    pub(crate) fn note(&mut self, name: &str, concurrency: Option<usize>, rate: Rate) {
        let taken = self.0.entry((name.to_owned(), concurrency)).or_insert(rate);
        *taken = taken.between(rate);
    }

    /// What was measured.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<usize>, Rate)> {
        self.0.iter().map(|((name, concurrency), rate)| (name.as_str(), *concurrency, *rate))
    }

    fn get(&self, name: &str, concurrency: usize) -> Option<Rate> {
        [Some(concurrency), None].iter().find_map(|by| self.0.get(&(name.to_owned(), *by))).copied()
    }

    /// The rate of an operation that is nothing but these parts; none where one of them was not measured, or there is none.
    pub(crate) fn limit(&self, limit: &Limit, concurrency: usize) -> Option<Rate> {
        let (mut seconds, mut processor_us) = (0.0, 0.0);
        for (name, count) in limit {
            let rate = self.get(name, concurrency).filter(|rate| rate.per_second > 0.0)?;
            seconds += count / rate.per_second;
            processor_us += count * rate.processor_us;
        }
        (seconds > 0.0).then(|| Rate { per_second: 1.0 / seconds, processor_us })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: f64) -> Rate {
        Rate { per_second, processor_us: 1e6 / per_second }
    }

    fn limit(parts: &[(&str, f64)]) -> Limit {
        parts.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn parts_that_follow_one_another_add_their_times() {
        let mut rates = Rates::default();
        rates.note("form", Some(16), rate(50_000.0));
        rates.note("es256", None, rate(25_000.0));
        let both = rates.limit(&limit(&[("form", 1.0), ("es256", 2.0)]), 16).unwrap();
        assert!((both.per_second - 10_000.0).abs() < 1e-6, "20 µs and twice 40 µs");
        assert!((both.processor_us - 100.0).abs() < 1e-6);
    }

    #[test]
    fn what_was_not_measured_bounds_nothing() {
        let mut rates = Rates::default();
        rates.note("form", Some(16), rate(50_000.0));
        assert!(rates.limit(&limit(&[("form", 1.0)]), 64).is_none());
        assert!(rates.limit(&limit(&[("form", 1.0), ("rs256", 1.0)]), 16).is_none());
        assert!(rates.limit(&limit(&[]), 16).is_none());
    }

    #[test]
    fn two_takes_are_averaged() {
        let mut rates = Rates::default();
        rates.note("static", Some(1), rate(100.0));
        rates.note("static", Some(1), rate(200.0));
        assert_eq!(rates.limit(&limit(&[("static", 1.0)]), 1).unwrap().per_second, 150.0);
    }

    #[test]
    fn nothing_done_has_no_rate() {
        assert_eq!(Rate::of(0.0, Duration::from_secs(1), Duration::ZERO), Rate::default());
        let rate = Rate::of(10.0, Duration::from_secs(2), Duration::from_millis(1));
        assert_eq!((rate.per_second, rate.processor_us), (5.0, 100.0));
    }
}
