//! How a command of this tool can end badly.

use std::fmt::Display;

/// Why a command did not do its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Somebody pressed Ctrl-C, or a signal asked this process to end.
    Interrupted,
    /// Anything else, in words that say what to do.
    Because(String),
}

impl Failure {
    /// A failure for a reason in words.
    pub(crate) fn because(reason: impl Into<String>) -> Self {
        Self::Because(reason.into())
    }
}

/// Says what was being done when an error came up.
pub(crate) trait While<T> {
    /// `error` becomes "`doing`: `error`".
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: Display> While<T> for Result<T, E> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| Failure::Because(format!("{}: {error}", doing())))
    }
}
