//! Moments and times, as people say them.

use std::time::Duration;

use chrono::DateTime;
use vestibule_core::Timestamp;

/// `23 November 2026, 22:50 UTC`
pub(super) fn moment(moment: Timestamp) -> String {
    let time = DateTime::from_timestamp_millis(moment.millis()).unwrap_or_default();
    time.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// `30 minutes`, `1 hour`, `2 days`: in the largest unit that needs no fraction.
pub(super) fn duration(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60).max(1);
    let (count, unit) = match minutes {
        minutes if minutes.is_multiple_of(24 * 60) => (minutes / (24 * 60), "day"),
        minutes if minutes.is_multiple_of(60) => (minutes / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_largest_unit_that_fits() {
        for (seconds, words) in [
            (1, "1 minute"),
            (90, "2 minutes"),
            (1800, "30 minutes"),
            (3600, "1 hour"),
            (5400, "90 minutes"),
            (86_400, "1 day"),
            (172_800, "2 days"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), words);
        }
    }

    #[test]
    fn a_moment_is_told_with_its_zone() {
        assert_eq!(moment(Timestamp::from_millis(1_795_403_640_007)), "23 November 2026, 03:14 UTC");
    }
}
