//! Why groups or permissions were not changed.

use sea_orm::{DbErr, SqlErr};
use vestibule_core::{GroupId, UserId};

use crate::{Unavailable, rules::Invalid};

/// Why groups or permissions were not changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// There is no such group.
    #[error("there is no group {0}")]
    NoSuchGroup(
        /// Which was asked for.
        GroupId,
    ),
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(
        /// Who was asked for.
        UserId,
    ),
    /// Nobody registered such a permission.
    #[error("there is no permission {0:?}; register it first")]
    NoSuchPermission(
        /// Its name.
        String,
    ),
    /// A user, group or permission went while it was being named.
    #[error("a user, group or permission that was named is not there, or no longer; look again")]
    Gone,
    /// Somebody else changed the group since it was read.
    #[error("group {0} was changed meanwhile; read it again")]
    Changed(
        /// Which was to be changed.
        GroupId,
    ),
    /// Another group has that name, or one that looks like it.
    #[error("there is a group named {0:?} already")]
    NameTaken(
        /// The name.
        String,
    ),
    /// A group would come to be a member of itself.
    #[error("group {member} cannot be put into group {group}, which is itself in {member} or is the same")]
    Cycle {
        /// The group to put into.
        group: GroupId,
        /// The group to be put there.
        member: GroupId,
    },
    /// Permissions of the app `vestibule` are what this program itself asks for.
    #[error(
        "the permissions of the app vestibule are its own: they can be granted, but none can be added, renamed or removed"
    )]
    BuiltIn,
    /// A field breaks a rule.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbErr> for AccessError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => Self::Gone,
            _ => Self::Unavailable(error.into()),
        }
    }
}

impl From<Invalid> for AccessError {
    fn from(Invalid { field, why }: Invalid) -> Self {
        Self::Invalid { field, why }
    }
}
