//! When to try again, and when to give up.

use std::time::Duration;

use vestibule_core::Random;

/// The wait after the first failure; it doubles with each further one.
const FIRST: Duration = Duration::from_secs(10);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(2 * 3600);
/// How long after it was enqueued a job is still tried again, where its handler does not say.
pub(super) const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 3600);
/// The most attempts. The waits reach three days long before: this bounds a job that takes its process down with it.
pub(super) const MOST_ATTEMPTS: u64 = 200;

/// How long to wait after that attempt failed: three quarters to five quarters of what the doubling says, so that what failed
/// together is not tried together.
pub(super) fn wait_after(attempt: u64, random: &Random) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1).min(16)).unwrap_or(16);
    let wait = FIRST.saturating_mul(2_u32.pow(doublings)).min(LONGEST);
    let [spread] = random.bytes::<1>();
    wait.mul_f64(0.75 + f64::from(spread) / 510.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_seconds_to_hours_and_no_further() {
        let random = Random::system();
        let first = wait_after(1, &random);
        assert!(first >= Duration::from_secs(7) && first <= Duration::from_secs(13), "{first:?}");
        let eighth = wait_after(8, &random);
        assert!(eighth >= Duration::from_secs(960) && eighth <= Duration::from_secs(1600), "{eighth:?}");
        for attempt in [20, 1000, u64::MAX] {
            assert!(wait_after(attempt, &random) <= Duration::from_secs(9000));
        }
    }

    #[test]
    fn three_days_of_failures_take_fewer_attempts_than_are_allowed() {
        let least: Duration = (1..MOST_ATTEMPTS).map(|attempt| wait_after(attempt, &Random::system())).sum();
        assert!(least > GIVE_UP_AFTER);
    }
}
