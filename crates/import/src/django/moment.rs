//! Moments and days, as Django and its databases write them.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use vestibule_core::Timestamp;

/// `2024-05-01T12:00:00.123Z`, `2024-05-01 12:00:00.123456`, `2024-05-01T12:00:00+02:00`, …; what names no zone is UTC, as
/// Django writes it with `USE_TZ`.
pub(super) fn moment(text: &str) -> Option<DateTime<Utc>> {
    // The shortest is `2024-05-01T12:00`; the longest has nanoseconds and a zone.
    if !(16..=40).contains(&text.len()) || !text.is_ascii() {
        return None;
    }
    let (day, rest) = text.split_at(10);
    let time = rest.strip_prefix('T').or_else(|| rest.strip_prefix(' '))?;
    let (time, east) = zone(time)?;
    let written = format!("{day}T{time}");
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(&written, format).ok())?;
    naive.and_local_timezone(east).single().map(|moment| moment.to_utc())
}

/// The time of day, and how far east of Greenwich it is told.
fn zone(time: &str) -> Option<(&str, FixedOffset)> {
    let greenwich = FixedOffset::east_opt(0)?;
    if let Some(time) = time.strip_suffix('Z') {
        return Some((time, greenwich));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, greenwich)) };
    let (time, offset) = time.split_at(at);
    let (sign, digits) = offset.split_at(1);
    let digits: String = digits.chars().filter(|c| *c != ':').collect();
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|two| two.parse::<i32>().ok());
    let minutes = match digits.len() {
        2 => number(0..2)? * 60,
        4 => number(0..2)? * 60 + number(2..4)?,
        _ => return None,
    };
    let seconds = minutes * 60 * if sign == "-" { -1 } else { 1 };
    Some((time, FixedOffset::east_opt(seconds)?))
}

/// The same, as we count.
pub(super) fn timestamp(text: &str) -> Option<Timestamp> {
    moment(text).map(|moment| Timestamp::from_millis(moment.timestamp_millis()))
}

/// One way to write a moment, to the millisecond, which is all that a dump tells.
pub(super) fn written(moment: DateTime<Utc>) -> String {
    let format = if moment.timestamp_subsec_millis() == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    moment.to_rfc3339_opts(format, true)
}

/// Whether a text is a day: `YYYY-MM-DD`.
pub(super) fn is_day(text: &str) -> bool {
    let digits = |c: (usize, u8)| if matches!(c.0, 4 | 7) { c.1 == b'-' } else { c.1.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(digits) && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) -> Option<String> {
        moment(text).map(written)
    }

    #[test]
    fn a_moment_is_the_same_however_it_is_written() {
        for text in [
            "2024-02-29T23:59:58.123Z",
            "2024-02-29 23:59:58.123000",
            "2024-02-29T23:59:58.123456+00:00",
            "2024-03-01T01:59:58.123+02:00",
            "2024-02-29 20:29:58.123-0330",
            "2024-02-29T23:59:58.123",
        ] {
            assert_eq!(same(text).as_deref(), Some("2024-02-29T23:59:58.123Z"), "{text}");
        }
        assert_eq!(same("2024-02-29 23:59").as_deref(), Some("2024-02-29T23:59:00Z"));
    }

    #[test]
    fn what_is_no_moment() {
        for text in ["", "2024-02-29", "2023-02-29T00:00:00Z", "2024-02-29T25:00:00Z", "2024-02-29T00:00:00+9", "née"]
        {
            assert_eq!(same(text), None, "{text}");
        }
        assert_eq!(same("2024-02-29T00:00:00+99:99"), None);
    }

    #[test]
    fn a_day_is_one_that_calendars_have() {
        assert!(is_day("1987-04-03"));
        for text in ["1987-4-3", "1987-02-30", "1987-04-03T00", "+987-04-03", "١٩٨٧"] {
            assert!(!is_day(text), "{text}");
        }
    }
}
