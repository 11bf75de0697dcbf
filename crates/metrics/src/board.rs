//! The board on which everything is read.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _, prometheus_text, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Registry,
};

use crate::{CountsBy, Durations, DurationsBy};

/// What every name begins with.
const PREFIX: &str = "vestibule";

/// Everything that can be read, in words.
#[derive(Debug)]
pub struct Board(Registry);

/// What a number that is looked up says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// How it stands now: it can rise and fall.
    Level,
    /// How often since the start: it only rises. Its name gets `_total`.
    Total,
}

impl Default for Board {
    fn default() -> Self {
        Self(Registry::with_prefix(PREFIX))
    }
}

impl Board {
    /// Adds durations, whose name ends in `_seconds`.
    pub fn durations(&mut self, name: &str, help: &str, instrument: &Durations) {
        self.0.register(name, help, instrument.0.clone());
    }

    /// Adds durations that are told apart by labels.
    pub fn durations_by<const N: usize>(&mut self, name: &str, help: &str, instrument: &DurationsBy<N>) {
        self.0.register(name, help, instrument.family.clone());
    }

    /// Adds counts that are told apart by labels.
    pub fn counts_by<const N: usize>(&mut self, name: &str, help: &str, instrument: &CountsBy<N>) {
        self.0.register(name, help, instrument.family.clone());
    }

    /// Adds numbers that are looked up when somebody reads: one for each value of the label; without a label, one.
    pub fn looked_up(
        &mut self,
        reading: Reading,
        name: &'static str,
        help: &'static str,
        label: &'static str,
        look: impl Fn() -> Vec<(&'static str, u64)> + Send + Sync + 'static,
    ) {
        self.0.register_collector(Box::new(LookedUp { reading, name, help, label, look: Box::new(look) }));
    }

    /// All of it in Prometheus' text format, and the type that this has.
    #[must_use]
    pub fn prometheus(&self) -> (&'static str, String) {
        let mut written = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_text::encode(&mut written, &self.0);
        (prometheus_text::CONTENT_TYPE, written)
    }

    /// All of it in OpenMetrics, and the type that this has.
    #[must_use]
    pub fn open_metrics(&self) -> (&'static str, String) {
        let mut written = String::new();
        let _ = text::encode(&mut written, &self.0);
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", written)
    }
}

type Look = Box<dyn Fn() -> Vec<(&'static str, u64)> + Send + Sync>;

struct LookedUp {
    reading: Reading,
    name: &'static str,
    help: &'static str,
    label: &'static str,
    look: Look,
}

impl fmt::Debug for LookedUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LookedUp").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Collector for LookedUp {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let kind = match self.reading {
            Reading::Level => MetricType::Gauge,
            Reading::Total => MetricType::Counter,
        };
        let mut metric = encoder.encode_descriptor(self.name, self.help, None, kind)?;
        for (value, number) in (self.look)() {
            let labels: Vec<_> = (!self.label.is_empty()).then_some((self.label, value)).into_iter().collect();
            let one = metric.encode_family(&labels)?;
            match self.reading {
                Reading::Level => ConstGauge::new(number).encode(one)?,
                Reading::Total => ConstCounter::new(number).encode(one)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn board() -> Board {
        let mut board = Board::default();
        let (lag, requests, tokens) =
            (Durations::default(), DurationsBy::new(["endpoint", "status"]), CountsBy::new(["grant"]));
        board.durations("lag_seconds", "Lag", &lag);
        board.durations_by("request_seconds", "Requests", &requests);
        board.counts_by("tokens", "Tokens", &tokens);
        board.looked_up(Reading::Level, "memory_bytes", "Memory", "of", || vec![("clients", 5), ("apis", 7)]);
        board.looked_up(Reading::Level, "queue", "Queue", "", || vec![("", 4)]);
        board.looked_up(Reading::Total, "hits", "Hits", "of", || vec![("clients", 9)]);
        lag.note(Duration::from_millis(3));
        requests.note(["/login".into(), "2xx".into()], Duration::from_millis(30));
        for _ in 0..2 {
            tokens.count(["authorization_code".into()]);
        }
        board
    }

    #[test]
    fn what_was_noted_can_be_read() {
        let (kind, text) = board().prometheus();
        assert!(kind.starts_with("text/plain; version=0.0.4"));
        for line in [
            "vestibule_lag_seconds_bucket{le=\"0.0025\"} 0",
            "vestibule_lag_seconds_bucket{le=\"0.005\"} 1",
            "vestibule_lag_seconds_count 1",
            "vestibule_request_seconds_count{endpoint=\"/login\",status=\"2xx\"} 1",
            "vestibule_tokens_total{grant=\"authorization_code\"} 2",
            "vestibule_memory_bytes{of=\"apis\"} 7",
            "vestibule_queue 4",
            "vestibule_hits_total{of=\"clients\"} 9",
            "# TYPE vestibule_hits_total counter",
            "# TYPE vestibule_memory_bytes gauge",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn open_metrics_says_the_same_and_where_it_ends() {
        let (_, text) = board().open_metrics();
        assert!(
            text.contains("vestibule_tokens_total{grant=\"authorization_code\"} 2") && text.ends_with("# EOF\n"),
            "{text}"
        );
    }
}
