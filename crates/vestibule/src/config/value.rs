//! The kinds of value that a setting can have: how each is read, how it is written, and what to say when it is wrong.

use std::{path::PathBuf, time::Duration};

use super::Given;

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// What is expected, in words and with an example. It completes "expected …".
    const EXPECTED: &'static str;

    /// Makes sense of what was given. The error completes "expected …".
    fn read(given: &Given) -> Result<Self, String>;

    /// The value in the form in which it is written; `None` for a setting that is not set. Secrets are hidden.
    fn written(&self) -> Option<Given>;

    /// The value of a setting that is not set, for a type that has one.
    fn unset() -> Option<Self> {
        None
    }
}

/// `EXPECTED` as an error, for values of the wrong type.
pub(super) fn expected<T: Value>() -> String {
    T::EXPECTED.to_owned()
}

impl<T: Value> Value for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(given: &Given) -> Result<Self, String> {
        T::read(given).map(Some)
    }

    fn written(&self) -> Option<Given> {
        self.as_ref().and_then(T::written)
    }

    fn unset() -> Option<Self> {
        Some(None)
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(given: &Given) -> Result<Self, String> {
        given.boolean().ok_or_else(expected::<Self>)
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Boolean(*self))
    }
}

macro_rules! whole_number {
    ($($number:ty),*) => {$(
        impl Value for $number {
            const EXPECTED: &'static str = "a whole number, such as 64";

            fn read(given: &Given) -> Result<Self, String> {
                given.integer().and_then(|number| number.try_into().ok()).ok_or_else(expected::<Self>)
            }

            fn written(&self) -> Option<Given> {
                i64::try_from(*self).ok().map(Given::Integer)
            }
        }
    )*};
}
whole_number!(u32, usize);

impl Value for String {
    const EXPECTED: &'static str = "a text in quotes";

    fn read(given: &Given) -> Result<Self, String> {
        match given.text() {
            Some(text) if text.chars().any(char::is_control) => Err("a text without control characters".to_owned()),
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            _ => Err(expected::<Self>()),
        }
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.clone()))
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path in quotes";

    fn read(given: &Given) -> Result<Self, String> {
        given.text().filter(|path| !path.is_empty()).map(Self::from).ok_or_else(expected::<Self>)
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.display().to_string()))
    }
}

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

/// A type with a fixed set of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $expected:literal, { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As it stands in the configuration.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl Value for $name {
            const EXPECTED: &'static str = $expected;

            fn read(given: &Given) -> Result<Self, String> {
                match given.text() {
                    $(Some($word) => Ok(Self::$variant),)*
                    _ => Err(expected::<Self>()),
                }
            }

            fn written(&self) -> Option<Given> {
                Some(Given::Text(self.as_str().to_owned()))
            }
        }
    };
}

words! {
    /// How log lines are written.
    LogFormat, "\"text\" or \"json\"", {
        /// A line that reads as a sentence, with its fields behind it.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

words! {
    /// What access tokens are signed with (RFC 7518 section 3.1).
    AccessTokenAlg, "\"ES256\" or \"RS256\"", {
        /// ECDSA on P-256: some thirty times as fast to sign as RSA.
        Es256 = "ES256",
        /// RSA PKCS #1 v1.5, for resource servers that know nothing else.
        Rs256 = "RS256",
    }
}

/// What is logged: a level, and levels for single modules, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// As it stands in the configuration, such as `info,vestibule_server=debug`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for LogLevel {
    const EXPECTED: &'static str =
        "off, error, warn, info, debug or trace, and for a module \"info,vestibule_server=debug\"";

    fn read(given: &Given) -> Result<Self, String> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        // A single word that is no level would be taken for a module's name, and nothing else would be logged.
        let directive = |text: &str| match text.split_once('=') {
            Some((module, level)) => !module.trim().is_empty() && LEVELS.contains(&level.trim()),
            None => LEVELS.contains(&text.trim()),
        };
        match given.text() {
            Some(text) if text.split(',').all(directive) => {
                Ok(Self(text.split_whitespace().collect::<Vec<_>>().concat()))
            }
            _ => Err(expected::<Self>()),
        }
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.0.clone()))
    }
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

    #[test]
    fn a_word_that_is_no_log_level_is_refused() {
        assert_eq!(text("info, sqlx=warn"), Ok(LogLevel("info,sqlx=warn".to_owned())));
        for wrong in ["inof", "", "info,", "=debug", "vestibule_server=loud"] {
            assert!(text::<LogLevel>(wrong).is_err(), "{wrong}");
        }
    }
}
