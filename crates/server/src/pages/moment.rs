//! Moments and waits in words.
//!
//! A page cannot know the clock of whoever reads it, so near moments are told by how far off they are, and others by their
//! date in UTC. The exact moment stands beside the words, in the page's `<time datetime>`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use vestibule_core::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A moment that a page tells of, seen from the moment at which the page is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    at: Timestamp,
    now: Timestamp,
}

impl Moment {
    /// The moment `at`, told at `now`.
    #[must_use]
    pub const fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { at, now }
    }

    /// Whether it has come.
    pub(crate) fn is_past(&self) -> bool {
        self.at <= self.now
    }

    /// In words: “just now”, “5 minutes ago”, “yesterday”, “in 3 days”, “2 March 2026”.
    pub(crate) fn words(&self) -> String {
        let ahead = !self.is_past();
        let away = if ahead { self.at.since(self.now) } else { self.now.since(self.at) }.as_secs();
        let days = self.days_apart();
        let told = |amount: String| if ahead { format!("in {amount}") } else { format!("{amount} ago") };
        match (away, days) {
            (..MINUTE, _) if ahead => "in a moment".to_owned(),
            (..MINUTE, _) => "just now".to_owned(),
            (..HOUR, _) => told(count(away / MINUTE, "minute")),
            (..DAY, _) => told(count(away / HOUR, "hour")),
            (_, 1) if ahead => "tomorrow".to_owned(),
            (_, 1) => "yesterday".to_owned(),
            (_, 2..7) => told(count(days, "day")),
            _ => calendar(self.at).map_or_else(|| "long ago".to_owned(), |date| date.format("%-d %B %Y").to_string()),
        }
    }

    /// Exactly, as HTML's `datetime` has it.
    pub(crate) fn exact(&self) -> String {
        calendar(self.at).map_or_else(String::new, |date| date.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    /// How many dates of the calendar lie between the two.
    fn days_apart(&self) -> u64 {
        let day = |moment: Timestamp| moment.seconds().div_euclid(DAY.cast_signed());
        day(self.at).abs_diff(day(self.now))
    }
}

fn calendar(moment: Timestamp) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(moment.millis())
}

/// How long to wait, rounded up, in the unit that a person would use.
#[must_use]
pub fn wait_in_words(wait: Duration) -> String {
    let seconds = u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
    match seconds {
        ..91 => count(seconds, "second"),
        91..5401 => count(seconds.div_ceil(MINUTE), "minute"),
        5401..129_601 => count(seconds.div_ceil(HOUR), "hour"),
        _ => count(seconds.div_ceil(DAY), "day"),
    }
}

/// A number of things, in the plural where it is one: “1 session”, “3 sessions”.
pub(crate) fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 15 May 2026, 09:30:00 UTC.
    const NOW: Timestamp = Timestamp::from_seconds(1_778_837_400);

    fn past(seconds: u64) -> String {
        Moment::new(NOW - Duration::from_secs(seconds), NOW).words()
    }

    fn ahead(seconds: u64) -> String {
        Moment::new(NOW + Duration::from_secs(seconds), NOW).words()
    }

    #[test]
    fn what_is_past_is_told_by_how_long_ago_it_was_and_then_by_its_date() {
        for (seconds, words) in [
            (0, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (5 * MINUTE + 59, "5 minutes ago"),
            (HOUR, "1 hour ago"),
            (23 * HOUR, "23 hours ago"),
            (DAY, "yesterday"),
            (DAY + 9 * HOUR, "yesterday"),
            (DAY + 10 * HOUR, "2 days ago"),
            (6 * DAY, "6 days ago"),
            (7 * DAY, "8 May 2026"),
            (400 * DAY, "10 April 2025"),
        ] {
            assert_eq!(past(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn what_comes_is_told_by_how_far_off_it_is() {
        for (seconds, words) in [
            (1, "in a moment"),
            (90, "in 1 minute"),
            (3 * HOUR, "in 3 hours"),
            (DAY, "tomorrow"),
            (3 * DAY, "in 3 days"),
            (30 * DAY, "14 June 2026"),
        ] {
            assert_eq!(ahead(seconds), words, "{seconds}");
        }
        assert!(!Moment::new(NOW + Duration::from_millis(1), NOW).is_past() && Moment::new(NOW, NOW).is_past());
    }

    #[test]
    fn the_exact_moment_is_one_that_browsers_read() {
        assert_eq!(Moment::new(NOW, NOW).exact(), "2026-05-15T09:30:00Z");
        assert_eq!(Moment::new(Timestamp::from_millis(i64::MIN), NOW).exact(), "");
    }

    #[test]
    fn a_wait_is_rounded_up_so_that_whoever_comes_back_then_is_let_in() {
        for (millis, words) in [
            (0, "1 second"),
            (1001, "2 seconds"),
            (90_000, "90 seconds"),
            (91_000, "2 minutes"),
            (899_500, "15 minutes"),
            (5_401_000, "2 hours"),
            (86_400_000, "24 hours"),
            (604_800_000, "7 days"),
        ] {
            assert_eq!(wait_in_words(Duration::from_millis(millis)), words, "{millis}");
        }
    }
}
