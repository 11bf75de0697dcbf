//! How long things last.

use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

/// How long sessions and waiting requests last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a session lasts that nobody uses.
    pub idle: Duration,
    /// How long after a sign-in it is asked for again, used or not.
    pub absolute: Duration,
    /// [`Policy::idle`] for who chose to stay signed in.
    pub keep_idle: Duration,
    /// [`Policy::absolute`] for who chose to stay signed in.
    pub keep_absolute: Duration,
    /// How long a request waits for a person.
    pub pending: Duration,
}

impl Policy {
    pub(crate) fn idle_of(&self, keep_signed_in: bool) -> Duration {
        if keep_signed_in { self.keep_idle } else { self.idle }
    }

    pub(crate) fn absolute_of(&self, keep_signed_in: bool) -> Duration {
        if keep_signed_in { self.keep_absolute } else { self.absolute }
    }
}

impl Default for Policy {
    /// A working day and a day; two weeks and thirty days for who stays signed in; half an hour for requests.
    fn default() -> Self {
        Self {
            idle: 8 * HOUR,
            absolute: 24 * HOUR,
            keep_idle: 14 * 24 * HOUR,
            keep_absolute: 30 * 24 * HOUR,
            pending: HOUR / 2,
        }
    }
}
