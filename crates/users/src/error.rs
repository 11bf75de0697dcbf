//! What can go wrong, in the words of whoever asked.

use std::time::Duration;

use sea_orm::{DbErr, SqlErr};
use vestibule_core::UserId;

use crate::{
    BadAttributes,
    hashing::HashingError,
    passwords::{PasswordProblem, in_words},
    rules::Invalid,
};

/// The store could not answer; trying again later may help.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The database does not answer, or refused a statement.
    #[error("the users cannot be read or written: {0}")]
    Database(#[from] DbErr),
    /// Passwords cannot be hashed.
    #[error(transparent)]
    Hashing(HashingError),
    /// A row does not hold what this program writes.
    #[error("the row of user {user} is damaged: {why}")]
    Damaged {
        /// The row's id, as it stands there.
        user: String,
        /// What is wrong with it.
        why: String,
    },
    /// A definition does not hold what this program writes.
    #[error("the definition of the attribute `{name}` is damaged: {why}")]
    DamagedAttribute {
        /// The attribute.
        name: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Another user goes by that name, or by one that looks like it, or has it as an e-mail address.
    #[error("the username is taken")]
    UsernameTaken,
    /// Another user has that e-mail address, or one that looks like it.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// A field breaks a rule.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Attributes that are missing or not allowed: everything that is wrong with them.
    #[error(transparent)]
    Attributes(BadAttributes),
    /// The password breaks rules: each of them, in the site's order.
    #[error("{}", in_words(.0))]
    WeakPassword(
        /// At least one.
        Vec<PasswordProblem>,
    ),
    /// There is a user already, so that there is no first one to create.
    #[error("there are users already; the first superuser is created only where there are none")]
    UsersExist,
    /// Too many passwords wait to be hashed.
    #[error("too many sign-ins at once; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again: whole seconds.
        retry_after: Duration,
    },
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(Unavailable),
}

/// Why a user was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(
        /// Who was asked for.
        UserId,
    ),
    /// Somebody else changed the user since they were read.
    #[error("the user {0} was changed meanwhile; read them again")]
    Changed(
        /// Who was to be changed.
        UserId,
    ),
    /// Another user goes by that name, or by one that looks like it, or has it as an e-mail address.
    #[error("the username is taken")]
    UsernameTaken,
    /// Another user has that e-mail address, or one that looks like it.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// A field breaks a rule.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Attributes that are missing or not allowed: everything that is wrong with them.
    #[error(transparent)]
    Attributes(BadAttributes),
    /// The password breaks rules: each of them, in the site's order.
    #[error("{}", in_words(.0))]
    WeakPassword(
        /// At least one.
        Vec<PasswordProblem>,
    ),
    /// Too many passwords wait to be hashed.
    #[error("too many sign-ins at once; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again: whole seconds.
        retry_after: Duration,
    },
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(Unavailable),
}

/// Why a sign-in did not come about.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The one answer for an unknown user, a wrong password, a user who is not active and one without a password: whoever asks
    /// learns neither from the words nor from the time which it was.
    #[error("the username or the password is not right")]
    Refused,
    /// Too many passwords wait to be verified.
    #[error("too many sign-ins at once; try again in {} s", retry_after.as_secs())]
    Busy {
        /// When to try again: whole seconds, as `Retry-After` has them.
        retry_after: Duration,
    },
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(Unavailable),
}

/// Every operation that touches the database and the hashing pool can fail in their ways.
macro_rules! can_be_unavailable {
    ($($error:ident),*) => {$(
        impl From<Unavailable> for $error {
            fn from(cause: Unavailable) -> Self {
                match cause {
                    Unavailable::Hashing(HashingError::Busy { retry_after }) => Self::Busy { retry_after },
                    other => Self::Unavailable(other),
                }
            }
        }

        impl From<DbErr> for $error {
            fn from(cause: DbErr) -> Self {
                Unavailable::Database(cause).into()
            }
        }

        impl From<HashingError> for $error {
            fn from(cause: HashingError) -> Self {
                Unavailable::Hashing(cause).into()
            }
        }
    )*};
}
can_be_unavailable!(CreateError, ChangeError, AuthenticateError);

/// Whose name or address it is that another holds already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Username,
    Email,
}

/// Why what one transaction was to write of a person was not written.
#[derive(Debug)]
pub(crate) enum Refusal {
    Taken(Taken),
    Attributes(BadAttributes),
    Unavailable(Unavailable),
}

impl Refusal {
    /// Whether a unique index refused it: somebody else came first.
    pub(crate) fn is_lost_race(&self) -> bool {
        match self {
            Self::Unavailable(Unavailable::Database(error)) => {
                matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
            }
            _ => false,
        }
    }
}

impl From<Taken> for Refusal {
    fn from(taken: Taken) -> Self {
        Self::Taken(taken)
    }
}

impl From<BadAttributes> for Refusal {
    fn from(bad: BadAttributes) -> Self {
        Self::Attributes(bad)
    }
}

impl From<Unavailable> for Refusal {
    fn from(cause: Unavailable) -> Self {
        Self::Unavailable(cause)
    }
}

impl From<DbErr> for Refusal {
    fn from(cause: DbErr) -> Self {
        Self::Unavailable(cause.into())
    }
}

macro_rules! can_break_a_rule {
    ($($error:ident),*) => {$(
        impl From<Invalid> for $error {
            fn from(Invalid { field, why }: Invalid) -> Self {
                Self::Invalid { field, why }
            }
        }

        impl From<Refusal> for $error {
            fn from(refusal: Refusal) -> Self {
                match refusal {
                    Refusal::Taken(Taken::Username) => Self::UsernameTaken,
                    Refusal::Taken(Taken::Email) => Self::EmailTaken,
                    Refusal::Attributes(bad) => Self::Attributes(bad),
                    Refusal::Unavailable(cause) => cause.into(),
                }
            }
        }
    )*};
}
can_break_a_rule!(CreateError, ChangeError);
