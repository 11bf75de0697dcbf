//! Instruments. Clones measure into one.

use std::{fmt, sync::Arc, time::Duration};

use prometheus_client::metrics::{counter::Counter, family::Family, histogram::Histogram};

/// The bounds of the classes that durations are counted in, in seconds.
const BOUNDS: [f64; 16] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

/// Names and values of labels, in the order of the instrument's.
pub(crate) type Labels<const N: usize> = [(&'static str, Arc<str>); N];

/// How long something took, each time.
#[derive(Clone, Debug)]
pub struct Durations(pub(crate) Histogram);

impl Default for Durations {
    fn default() -> Self {
        Self(histogram())
    }
}

impl Durations {
    /// Counts one more.
    pub fn note(&self, duration: Duration) {
        self.0.observe(duration.as_secs_f64());
    }
}

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}

/// How long something took, told apart by labels. Whoever notes keeps the values few: each combination stays.
#[derive(Clone)]
pub struct DurationsBy<const N: usize> {
    names: [&'static str; N],
    pub(crate) family: Family<Labels<N>, Histogram, fn() -> Histogram>,
}

impl<const N: usize> DurationsBy<N> {
    /// With labels of these names.
    #[must_use]
    pub fn new(names: [&'static str; N]) -> Self {
        Self { names, family: Family::new_with_constructor(histogram) }
    }

    /// Counts one more with these values.
    pub fn note(&self, values: [Arc<str>; N], duration: Duration) {
        self.family.get_or_create(&labels(self.names, values)).observe(duration.as_secs_f64());
    }
}

impl<const N: usize> fmt::Debug for DurationsBy<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurationsBy").field("names", &self.names).finish_non_exhaustive()
    }
}

/// How often something happened, told apart by labels. Whoever counts keeps the values few: each combination stays.
#[derive(Clone, Debug)]
pub struct CountsBy<const N: usize> {
    names: [&'static str; N],
    pub(crate) family: Family<Labels<N>, Counter>,
}

impl<const N: usize> CountsBy<N> {
    /// With labels of these names.
    #[must_use]
    pub fn new(names: [&'static str; N]) -> Self {
        Self { names, family: Family::default() }
    }

    /// Counts one more with these values.
    pub fn count(&self, values: [Arc<str>; N]) {
        self.family.get_or_create(&labels(self.names, values)).inc();
    }
}

fn labels<const N: usize>(names: [&'static str; N], values: [Arc<str>; N]) -> Labels<N> {
    let mut names = names.into_iter();
    values.map(|value| (names.next().unwrap_or_default(), value))
}
