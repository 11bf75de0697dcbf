//! What a new password must be, and how one takes the place of another.
//!
//! A site chooses rules and their order ([`PasswordRules`]); every rule that a password breaks is told, in words and by a code
//! that stays ([`PasswordProblem`]). Passwords that people have already are never judged.
//!
//! `rules` are the choice and the words, `likeness` and `estimate` two of the rules, `check` runs them in order, `history`
//! keeps the hashes of former passwords, `set` puts a new one in place.
//!
//! ```text
//! candidate ──► rules in their order ──► hash ──► under the row's lock: old hash into the history, new one into the row
//!                 └─ problems, all of them           └─ somebody was quicker: look again
//! ```

mod check;
mod estimate;
mod history;
mod likeness;
mod problem;
mod rules;
mod set;

pub use likeness::About;
pub use problem::PasswordProblem;
pub(crate) use problem::in_words;
pub use rules::{PasswordRule, PasswordRules, UnknownRule};
