//! How long operations took.

use std::time::Duration;

/// The times of many operations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies {
    /// In units of 100 ns, which a sum of seconds leaves room for.
    taken: Vec<u32>,
    sorted: bool,
}

impl Latencies {
    /// Notes one.
    pub(crate) fn push(&mut self, taken: Duration) {
        self.taken.push(u32::try_from(taken.as_nanos() / 100).unwrap_or(u32::MAX));
        self.sorted = false;
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.taken.len()
    }

    /// The time within which a share of all operations was done, by nearest rank; zero where there is none.
    pub(crate) fn percentile(&mut self, share: f64) -> Duration {
        if !self.sorted {
            self.taken.sort_unstable();
            self.sorted = true;
        }
        let rank = (share * self.taken.len() as f64).ceil() as usize;
        let index = rank.saturating_sub(1).min(self.taken.len().saturating_sub(1));
        Duration::from_nanos(u64::from(self.taken.get(index).copied().unwrap_or_default()) * 100)
    }
}

/// Milliseconds, for people.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The middle one of some figures.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    match figures.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => figures[odd / 2],
        even => (figures[even / 2 - 1] + figures[even / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(millis: impl IntoIterator<Item = u64>) -> Latencies {
        let mut latencies = Latencies::default();
        millis.into_iter().for_each(|taken| latencies.push(Duration::from_millis(taken)));
        latencies
    }

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let mut hundred = of((1..=100).rev());
        assert_eq!(hundred.percentile(0.5), Duration::from_millis(50));
        assert_eq!(hundred.percentile(0.99), Duration::from_millis(99));
        assert_eq!(hundred.percentile(1.0), Duration::from_millis(100));
        let mut three = of([1, 2, 9]);
        assert_eq!(three.percentile(0.5), Duration::from_millis(2));
        assert_eq!(three.percentile(0.99), Duration::from_millis(9));
    }

    #[test]
    fn nothing_took_no_time() {
        assert_eq!(Latencies::default().percentile(0.99), Duration::ZERO);
    }

    #[test]
    fn one_that_comes_after_a_look_counts() {
        let mut latencies = of([5]);
        assert_eq!(latencies.percentile(1.0), Duration::from_millis(5));
        latencies.push(Duration::from_millis(7));
        latencies.push(Duration::from_millis(6));
        assert_eq!(latencies.percentile(1.0), Duration::from_millis(7));
        assert_eq!(latencies.count(), 3);
    }

    #[test]
    fn the_median_lies_in_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&mut []), 0.0);
    }
}
