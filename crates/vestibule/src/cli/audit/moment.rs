//! A moment as an operator writes it.

use chrono::{DateTime, NaiveDate};
use vestibule_core::Timestamp;

use crate::config::parse_duration;

/// A day (its beginning in UTC), a moment of RFC 3339, or so long before `now`.
pub(super) fn read(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(Timestamp::from_millis(moment.timestamp_millis()));
    }
    if let Some(begins) = text.parse::<NaiveDate>().ok().and_then(|day| day.and_hms_opt(0, 0, 0)) {
        return Ok(Timestamp::from_millis(begins.and_utc().timestamp_millis()));
    }
    let ago = parse_duration(text).map_err(|_| {
        format!(
            "{text:?} is no moment; write a day (2026-11-23), a moment (2026-11-23T22:50:00Z) or how long ago (24h)"
        )
    })?;
    Ok(now - ago)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_day_a_time_or_so_long_ago() {
        let now = Timestamp::from_millis(1_795_500_000_000);
        let read = |text| super::read(text, now).map(Timestamp::millis);
        assert_eq!(read("2026-11-23"), Ok(1_795_392_000_000));
        assert_eq!(read("2026-11-23T01:00:00+01:00"), Ok(1_795_392_000_000));
        assert_eq!(read("1h"), Ok(1_795_500_000_000 - 3_600_000));
        for wrong in ["", "yesterday", "2026-13-01", "12"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
