//! What a handler does of all that waits, and at what pace.

use std::time::Duration;

use super::backoff::GIVE_UP_AFTER;

/// The jobs of one handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Their kinds; nothing here: every kind.
    pub kinds: Option<&'static [&'static str]>,
    /// How many are done at the same time.
    pub parallel: usize,
    /// How long after it was enqueued a job is still tried again.
    pub tried_for: Duration,
}

/// Every kind, eight at the same time, for three days.
impl Default for Lane {
    fn default() -> Self {
        Self { kinds: None, parallel: 8, tried_for: GIVE_UP_AFTER }
    }
}
