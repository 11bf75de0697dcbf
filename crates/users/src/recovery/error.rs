//! What can go wrong with what people do by mail.

use std::time::Duration;

use vestibule_ephemeral::Error;
use vestibule_outbound::OutboxError;

use crate::{ContactError, CreateError, HashingError, PasswordProblem, Unavailable};

/// Something that is needed does not answer; trying again later may help.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryUnavailable {
    /// The people.
    #[error(transparent)]
    Users(#[from] Unavailable),
    /// The links and counts.
    #[error(transparent)]
    Links(#[from] Error),
    /// The outbox.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
}

impl From<sea_orm::DbErr> for RecoveryUnavailable {
    fn from(cause: sea_orm::DbErr) -> Self {
        Unavailable::Database(cause).into()
    }
}

/// Why a link was not asked for. None of it depends on who there is.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There were too many from one network.
    #[error("too many links were asked for; try again in {} s", retry_after.as_secs())]
    TryLater {
        /// When the next may be asked for: whole seconds, at least one.
        retry_after: Duration,
    },
    /// It is no e-mail address.
    #[error("{0}")]
    NoAddress(
        /// What is wrong with it, and what to do.
        String,
    ),
    /// Something that is needed does not answer.
    #[error(transparent)]
    Unavailable(RecoveryUnavailable),
}

/// Why a password was not set by a link.
#[derive(Debug, thiserror::Error)]
pub enum ResetError {
    /// The link was used, is too old, was never one, or what it was sent for has changed since.
    #[error("the link is not good any more; ask for another one")]
    LinkUsed,
    /// The password breaks rules; the link stays good.
    #[error("the password breaks rules of this site")]
    WeakPassword(
        /// At least one.
        Vec<PasswordProblem>,
    ),
    /// Too many passwords wait to be hashed; the link stays good.
    #[error("too many sign-ins at once; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again: whole seconds.
        retry_after: Duration,
    },
    /// Something that is needed does not answer.
    #[error(transparent)]
    Unavailable(RecoveryUnavailable),
}

/// Why an address was not verified by a link.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The link was used, is too old, was never one, or the password was changed since it was asked for.
    #[error("the link is not good any more; ask for another one")]
    LinkUsed,
    /// The address is somebody else's by now.
    #[error("the address belongs to another account")]
    Taken,
    /// The address cannot be added.
    #[error("{0}")]
    Refused(
        /// Why, and what to do.
        String,
    ),
    /// Something that is needed does not answer.
    #[error(transparent)]
    Unavailable(RecoveryUnavailable),
}

/// Why no account was made by a link.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The link was used, is too old or was never one; or nobody may make an account any more.
    #[error("the link is not good any more; ask for another one")]
    LinkUsed,
    /// What was typed is refused; the link stays good.
    #[error(transparent)]
    Refused(CreateError),
    /// Something that is needed does not answer.
    #[error(transparent)]
    Unavailable(RecoveryUnavailable),
}

impl From<CreateError> for RegisterError {
    fn from(error: CreateError) -> Self {
        match error {
            CreateError::Unavailable(cause) => Self::Unavailable(cause.into()),
            // The address of the link is another's by now, so that no account can come of it.
            CreateError::EmailTaken => Self::LinkUsed,
            other => Self::Refused(other),
        }
    }
}

impl From<ContactError> for VerifyError {
    fn from(error: ContactError) -> Self {
        match error {
            // Who is gone, or may not use the link any more.
            ContactError::NoSuchUser(_) => Self::LinkUsed,
            ContactError::Taken => Self::Taken,
            ContactError::Unavailable(cause) => Self::Unavailable(cause.into()),
            other => Self::Refused(other.to_string()),
        }
    }
}

macro_rules! can_be_unavailable {
    ($($error:ident),*) => {$(
        impl<E: Into<RecoveryUnavailable>> From<E> for $error {
            fn from(cause: E) -> Self {
                Self::Unavailable(cause.into())
            }
        }
    )*};
}
can_be_unavailable!(AskError);

impl<E: Into<RecoveryUnavailable>> From<E> for ResetError {
    fn from(cause: E) -> Self {
        match cause.into() {
            RecoveryUnavailable::Users(Unavailable::Hashing(HashingError::Busy { retry_after })) => {
                Self::Busy { retry_after }
            }
            other => Self::Unavailable(other),
        }
    }
}
