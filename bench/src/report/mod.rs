//! What was measured, and how it is told: [`table`] for the terminal, JSON, [`plot`] and [`document`] for docs/.

pub(crate) mod document;
mod plot;
pub(crate) mod table;

use serde::Serialize;

use crate::{
    description::Row,
    failure::{Failure, While},
    limits::Rate,
    machine::{Cores, Usage},
};

/// How long a start may take until the first answer.
pub(crate) const START_TARGET_MS: f64 = 60.0;
/// What others may have of the provider's core: the kernel's own work is a tenth of it.
const DISTURBED: f64 = 0.2;
/// How much memory the provider may have after all rows.
const MEMORY_TARGET_MIB: f64 = 60.0;

/// A whole run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) name: String,
    pub(crate) revision: String,
    pub(crate) machine: Machine,
    pub(crate) seconds: f64,
    pub(crate) rates: Vec<Ceiling>,
    pub(crate) rows: Vec<Figures>,
    pub(crate) start: Option<Start>,
    pub(crate) memory: Option<Memory>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: Cores,
}

/// A rate that bounds rows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Ceiling {
    pub(crate) name: String,
    pub(crate) concurrency: Option<usize>,
    #[serde(flatten)]
    pub(crate) rate: Rate,
}

impl From<(&str, Option<usize>, Rate)> for Ceiling {
    fn from((name, concurrency, rate): (&str, Option<usize>, Rate)) -> Self {
        Self { name: name.to_owned(), concurrency, rate }
    }
}

/// From the start of the process to its first answer.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Start {
    /// The very first one, which makes signing keys.
    pub(crate) first_ms: f64,
    /// The median of those after it.
    pub(crate) again_ms: f64,
    pub(crate) target_ms: f64,
}

/// The provider's memory: once all rows that ran on its defaults are over, and at most.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) after_mib: f64,
    pub(crate) peak_mib: f64,
    pub(crate) target_mib: f64,
}

impl Memory {
    pub(crate) fn of(after: Usage) -> Self {
        let mib = |kib: u64| kib as f64 / 1024.0;
        Self { after_mib: mib(after.resident), peak_mib: mib(after.peak), target_mib: MEMORY_TARGET_MIB }
    }
}

/// One row at one number of connections.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) concurrency: usize,
    pub(crate) per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) most_ms: f64,
    /// The provider's processor time of one operation.
    pub(crate) processor_us: f64,
    /// The provider's share of its core.
    pub(crate) core_share: f64,
    /// What others had of that core: other programs, and what the kernel does on nobody's account.
    pub(crate) others_share: f64,
    /// How busy the generator's core was. Near 1, the generator may be what was measured.
    pub(crate) generator_share: f64,
    pub(crate) resident_mib: f64,
    pub(crate) reconnected: u64,
    /// The most that is possible, a second.
    pub(crate) limit: Option<Rate>,
    /// How near it comes to that.
    pub(crate) fraction: Option<f64>,
    /// The same by processor time, which other programs disturb less.
    pub(crate) fraction_by_processor: Option<f64>,
    pub(crate) target: Option<f64>,
    pub(crate) beside: Option<Beside>,
    /// Why the figures do not count.
    pub(crate) error: Option<String>,
}

/// How long something waited that was asked beside a row.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Beside {
    pub(crate) title: String,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) target_p99_ms: Option<f64>,
}

impl Figures {
    /// Those of a row before it was measured.
    pub(crate) fn of(row: &Row, concurrency: usize) -> Self {
        Self { name: row.name.clone(), title: row.title.clone(), concurrency, ..Self::default() }
    }

    /// Tells how near it comes to what is possible.
    pub(crate) fn hold_against(&mut self, limit: Option<Rate>, target: Option<f64>) {
        let fraction = |part: f64, whole: f64| (part > 0.0 && whole > 0.0).then(|| part / whole);
        self.limit = limit;
        self.target = target;
        self.fraction = limit.and_then(|limit| fraction(self.per_second, limit.per_second));
        self.fraction_by_processor = limit.and_then(|limit| fraction(limit.processor_us, self.processor_us));
    }

    /// Whether others had so much of the provider's core that the clock's figures are noise.
    pub(crate) fn is_disturbed(&self) -> bool {
        self.others_share > DISTURBED
    }

    /// Whether it reaches its target; none where it has none, or was not measured.
    pub(crate) fn reached(&self) -> Option<bool> {
        let fast = self.fraction.zip(self.target).map(|(fraction, target)| fraction >= target);
        if self.error.is_some() { None } else { fast }
    }
}

impl Beside {
    pub(crate) fn reached(&self) -> Option<bool> {
        self.target_p99_ms.map(|target| self.p99_ms <= target)
    }
}

impl Report {
    /// The rows in their order, each at the number of connections at which it does best.
    pub(crate) fn best(&self) -> Vec<&Figures> {
        let mut best: Vec<&Figures> = Vec::new();
        for row in &self.rows {
            match best.iter_mut().find(|other| other.name == row.name) {
                Some(other) if merit(row) > merit(other) => *other = row,
                Some(_) => {}
                None => best.push(row),
            }
        }
        best
    }
}

fn merit(row: &Figures) -> f64 {
    if row.error.is_some() { -1.0 } else { row.fraction.unwrap_or(row.per_second) }
}

/// The whole report as JSON.
pub(crate) fn json(report: &Report) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(report).doing(|| "the report cannot be written as JSON".to_owned())?;
    Ok(text + "\n")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn row(name: &str, concurrency: usize, fraction: f64) -> Figures {
        let mut row = Figures {
            name: name.to_owned(),
            title: format!("The {name} <row>"),
            concurrency,
            per_second: fraction * 1000.0,
            processor_us: 1000.0 / fraction,
            p50_ms: 0.25,
            p99_ms: 1.5,
            ..Figures::default()
        };
        row.hold_against(Some(Rate { per_second: 1000.0, processor_us: 900.0 }), Some(0.5));
        row
    }

    pub(crate) fn report() -> Report {
        let mut broken = row("broken", 16, 0.9);
        broken.error = Some("status 404".to_owned());
        Report {
            name: "Vestibule".to_owned(),
            revision: "0123456789".to_owned(),
            machine: Machine { processor: "A processor".to_owned(), cores: Cores { server: 0, load: 1 } },
            seconds: 5.0,
            rates: vec![Ceiling {
                name: "static".to_owned(),
                concurrency: Some(16),
                rate: Rate { per_second: 1000.0, processor_us: 900.0 },
            }],
            rows: vec![row("quick", 16, 0.6), row("quick", 64, 0.7), row("slow", 16, 0.3), broken],
            start: Some(Start { first_ms: 300.0, again_ms: 40.0, target_ms: 60.0 }),
            memory: Some(Memory { after_mib: 70.0, peak_mib: 80.0, target_mib: 60.0 }),
        }
    }

    #[test]
    fn a_row_counts_where_it_does_best() {
        let report = report();
        let best: Vec<_> = report.best().iter().map(|row| (row.name.clone(), row.concurrency)).collect();
        assert_eq!(best, [("quick".to_owned(), 64), ("slow".to_owned(), 16), ("broken".to_owned(), 16)]);
    }

    #[test]
    fn a_row_reaches_its_target_or_not() {
        assert_eq!(row("a", 1, 0.5).reached(), Some(true));
        assert_eq!(row("a", 1, 0.49).reached(), Some(false));
        assert_eq!(Figures { error: Some("x".to_owned()), ..row("a", 1, 0.9) }.reached(), None);
        let mut without = row("a", 1, 0.9);
        without.hold_against(None, None);
        assert_eq!(without.reached(), None);
    }

    #[test]
    fn fractions_are_by_the_clock_and_by_processor_time() {
        let row = row("a", 1, 0.5);
        assert_eq!(row.fraction, Some(0.5));
        assert_eq!(row.fraction_by_processor, Some(0.45));
    }

    #[test]
    fn the_report_is_json() {
        let read: serde_json::Value = serde_json::from_str(&json(&report()).unwrap()).unwrap();
        assert_eq!(read["rows"][0]["name"], "quick");
        assert_eq!(read["rates"][0]["per_second"], 1000.0);
    }
}
