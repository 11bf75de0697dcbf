//! Moments in the words of RFC 3339, in UTC wherever the machine stands.

use chrono::{DateTime, SecondsFormat};
use vestibule_core::Timestamp;

/// For programs: `2026-11-23T04:07:23.096Z`.
pub(super) fn rfc3339(moment: Timestamp) -> String {
    DateTime::from_timestamp_millis(moment.millis())
        .map_or_else(String::new, |moment| moment.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// For people: `2026-11-23 04:07:23 UTC`.
pub(super) fn readable(moment: Timestamp) -> String {
    DateTime::from_timestamp_millis(moment.millis())
        .map_or_else(String::new, |moment| moment.format("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_utc() {
        let moment = Timestamp::from_millis(1_795_406_843_096);
        assert_eq!(rfc3339(moment), "2026-11-23T04:07:23.096Z");
        assert_eq!(readable(moment), "2026-11-23 04:07:23 UTC");
    }
}
