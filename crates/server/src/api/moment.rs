//! Moments as the API writes them (RFC 3339, in UTC, to the millisecond).

use chrono::{DateTime, SecondsFormat};
use vestibule_core::Timestamp;

/// As text. What no calendar holds is written as the epoch: our own clock never gives such a moment.
pub(super) fn write(moment: Timestamp) -> String {
    DateTime::from_timestamp_millis(moment.millis()).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// From text, where it is a moment.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text).ok().map(|moment| Timestamp::from_millis(moment.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc_and_read_in_any_zone() {
        let moment = Timestamp::from_millis(1_795_403_640_123);
        assert_eq!(parse(&write(moment)), Some(moment));
        assert_eq!(parse("2026-11-22T12:34:00.123+01:00"), parse("2026-11-22T11:34:00.123Z"));
        assert_eq!(parse("2026-02-30T12:34:00Z"), None);
    }
}
