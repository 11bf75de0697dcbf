//! What is wrong with a password that somebody wants.

use std::fmt;

/// A rule that a password breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordProblem {
    /// For programs; it never changes: `password_too_short`, `password_too_long`, `password_too_similar`,
    /// `password_too_common`, `password_entirely_numeric`, `password_too_weak`, `password_used_before`.
    pub code: &'static str,
    /// For people: a sentence that says what to do instead.
    pub message: String,
}

impl PasswordProblem {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for PasswordProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// All problems, one sentence after the other.
pub(crate) fn in_words(problems: &[PasswordProblem]) -> String {
    problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join(" ")
}
