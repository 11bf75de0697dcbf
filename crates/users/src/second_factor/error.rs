//! What can go wrong with a second factor.

use std::time::Duration;

use sea_orm::DbErr;
use vestibule_core::{SealError, UserId};

/// Why a second factor was not set up, shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The one answer for a code that is wrong, out of time or was used before, and for a person who has no second factor.
    #[error("the code is not right; wait for the next one and try again")]
    Refused,
    /// Too many codes were tried.
    #[error("too many tries; try again in {} s", retry_after.as_secs())]
    TooMany {
        /// When the next one may come: whole seconds, at least one.
        retry_after: Duration,
    },
    /// There is one in force. It must be taken away before another is set up.
    #[error("a second factor is set up already; take it away before you set up another")]
    AlreadyEnrolled,
    /// There is none in force.
    #[error("no second factor is set up")]
    NotEnrolled,
    /// Nothing waits to be confirmed, or it has waited for too long.
    #[error("nothing waits to be confirmed; begin again")]
    NothingPending,
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(
        /// Who was asked for.
        UserId,
    ),
    /// A seed does not open.
    #[error("the second factor of user {user} does not open: {source}")]
    Sealed {
        /// Whose.
        user: UserId,
        /// Why.
        source: SealError,
    },
    /// The database does not answer.
    #[error("second factors cannot be read or written: {0}")]
    Database(#[from] DbErr),
    /// What was tried before is not known, so that nothing may be tried.
    #[error(transparent)]
    Tries(#[from] vestibule_ephemeral::Error),
}
