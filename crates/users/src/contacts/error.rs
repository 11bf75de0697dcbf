//! What can go wrong with somebody's contacts.

use sea_orm::DbErr;
use vestibule_core::UserId;

use crate::{Unavailable, error::Refusal, rules::Invalid};

/// Why a contact was not added, changed or taken away.
#[derive(Debug, thiserror::Error)]
pub enum ContactError {
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(
        /// Who was asked for.
        UserId,
    ),
    /// The user has no such contact.
    #[error("the user has no such contact; add it first")]
    NoSuchContact,
    /// The user has that contact already.
    #[error("the user has that contact already")]
    Known,
    /// It leads to another user, or one that looks like it does.
    #[error("the contact is taken")]
    Taken,
    /// It is no address or number.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The user has as many as anybody may have.
    #[error("the user has as many contacts as can be kept; take one away first")]
    TooMany,
    /// Others would be left without a primary one.
    #[error("it is the primary contact; make another the primary one first")]
    Primary,
    /// A contact that the user was not shown to hold cannot take the place of one that they were.
    #[error("the contact is not verified, and the primary one is; verify it first")]
    NotVerified,
    /// The user goes by it.
    #[error("it is the user's username; change that first")]
    IsUsername,
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbErr> for ContactError {
    fn from(cause: DbErr) -> Self {
        Unavailable::Database(cause).into()
    }
}

impl From<Invalid> for ContactError {
    fn from(Invalid { field, why }: Invalid) -> Self {
        // The username was right before: only the contact that it is can have gone.
        if field == "username" { Self::IsUsername } else { Self::Invalid { field, why } }
    }
}

impl From<Refusal> for ContactError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Taken(_) => Self::Taken,
            Refusal::Unavailable(cause) => Self::Unavailable(cause),
            // No attribute is written with a contact.
            Refusal::Attributes(bad) => Self::Invalid { field: "attributes", why: bad.to_string() },
        }
    }
}
