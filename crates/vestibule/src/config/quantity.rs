//! Durations and sizes: numbers with their unit.

use std::time::Duration;

use super::{
    Given,
    value::{Value, expected},
};

/// From the longest unit to the shortest, in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl Value for Duration {
    const EXPECTED: &'static str = "a duration with its unit (ms, s, m, h or d), such as \"30s\", \"10m\" or \"14d\"";

    fn read(given: &Given) -> Result<Self, String> {
        match given {
            Given::Integer(number) if *number >= 0 => {
                Err(format!("a duration with its unit, such as \"{number}s\" or \"{number}m\""))
            }
            _ => given.text().and_then(duration).ok_or_else(expected::<Self>),
        }
    }

    fn written(&self) -> Option<Given> {
        let millis = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        let (unit, size) = UNITS.into_iter().find(|(_, size)| millis.is_multiple_of(*size)).unwrap_or(("ms", 1));
        // Ninety minutes are "90m", and a whole day "24h" wherever hours are what people say.
        let (unit, size) = if unit == "d" && millis == size { ("h", 3_600_000) } else { (unit, size) };
        Some(Given::Text(format!("{}{unit}", millis / size)))
    }
}

/// Reads a duration in the notation of the configuration, for an argument of a command.
///
/// # Errors
/// What is expected in its place.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    duration(text).ok_or_else(|| format!("expected {}", Duration::EXPECTED))
}

/// `10m`, `90s`, or several parts from the long to the short, `1h30m`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut millis = 0_u64;
    let mut units = UNITS.iter();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let (_, size) = units.find(|(unit, _)| *unit == &rest[..letters])?;
        millis = millis.checked_add(number.checked_mul(*size)?)?;
        rest = &rest[letters..];
    }
    (!text.trim().is_empty()).then_some(Duration::from_millis(millis))
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(u64);

impl ByteSize {
    /// In bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl Value for ByteSize {
    const EXPECTED: &'static str = "a number of bytes, or a size such as \"64KiB\" or \"1MiB\"";

    fn read(given: &Given) -> Result<Self, String> {
        let bytes = match given.integer() {
            Some(number) => number.try_into().ok(),
            None => given.text().and_then(byte_size),
        };
        bytes.map(Self).ok_or_else(expected::<Self>)
    }

    fn written(&self) -> Option<Given> {
        Some(match self.0 {
            bytes if bytes > 0 && bytes.is_multiple_of(1 << 20) => Given::Text(format!("{}MiB", bytes >> 20)),
            bytes if bytes > 0 && bytes.is_multiple_of(1 << 10) => Given::Text(format!("{}KiB", bytes >> 10)),
            bytes => Given::Integer(i64::try_from(bytes).unwrap_or(i64::MAX)),
        })
    }
}

fn byte_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().ok()?;
    let unit: u64 = match text[digits..].trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<T: Value>(text: &str) -> Result<T, String> {
        T::read(&Given::Text(text.to_owned()))
    }

    #[test]
    fn a_duration_is_a_number_with_its_unit() {
        for (written, seconds) in [("10s", 10), ("5m", 300), ("24h", 86_400), ("14d", 1_209_600), ("1h30m", 5400)] {
            assert_eq!(text(written), Ok(Duration::from_secs(seconds)), "{written}");
        }
        assert_eq!(text("1500ms"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "10", "s", "10 minutes", "-5m", "1.5h", "30m1h", "10x", "99999999999999999999d"] {
            assert!(text::<Duration>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_duration_without_a_unit_is_told_how_to_say_it() {
        let error = Duration::read(&Given::Integer(600)).expect_err("no unit");
        assert!(error.contains("\"600s\""), "{error}");
    }

    #[test]
    fn durations_and_sizes_are_written_as_they_are_read() {
        for written in ["10s", "90m", "24h", "14d", "1500ms", "8h"] {
            let read: Duration = text(written).expect("a duration");
            assert_eq!(read.written(), Some(Given::Text(written.to_owned())));
        }
        for (written, bytes) in [("64KiB", 65_536), ("1MiB", 1_048_576), ("1000", 1000), ("10 KiB", 10_240)] {
            assert_eq!(text(written), Ok(ByteSize(bytes)), "{written}");
        }
        assert_eq!(ByteSize::read(&Given::Integer(65_536)), Ok(ByteSize(65_536)));
        for wrong in ["64KB", "-1", "KiB", "1.5MiB", ""] {
            assert!(text::<ByteSize>(wrong).is_err(), "{wrong}");
        }
    }
}
