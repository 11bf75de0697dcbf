//! What can go wrong with attributes and their values.

use std::fmt;

use sea_orm::DbErr;

use crate::Unavailable;

/// What is wrong with one value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No attribute of that name is declared.
    #[error("is not declared")]
    Unknown,
    /// Whoever writes may not edit it.
    #[error("is not for you to change")]
    NotEditable,
    /// Everybody must have one.
    #[error("is required")]
    Missing,
    /// It is not what the declaration says.
    #[error("{0}")]
    Malformed(
        /// What is wrong with it, and what to write instead.
        String,
    ),
    /// Another user has the same.
    #[error("is taken: another user has the same value")]
    Taken,
}

/// What is wrong with the value of one attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the attribute `{name}` {problem}")]
pub struct BadAttribute {
    /// The attribute.
    pub name: String,
    /// What is wrong.
    pub problem: Problem,
}

/// Everything that is wrong with somebody's values, in the order of the names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadAttributes(pub Vec<BadAttribute>);

impl fmt::Display for BadAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, bad) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            bad.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for BadAttributes {}

/// Why values cannot be somebody's.
#[derive(Debug, thiserror::Error)]
pub enum AttributeError {
    /// Something is wrong with them.
    #[error(transparent)]
    Refused(BadAttributes),
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why an attribute was not declared, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum DefinitionError {
    /// There is one of that name.
    #[error("the attribute `{0}` is declared already; change that one")]
    Exists(
        /// The name.
        String,
    ),
    /// There is none of that name.
    #[error("there is no attribute `{0}`")]
    NoSuchAttribute(
        /// The name.
        String,
    ),
    /// Another attribute has the claim.
    #[error("the claim `{claim}` carries another attribute already; choose another name")]
    ClaimTaken {
        /// The claim.
        claim: String,
    },
    /// There are as many as can be.
    #[error("there are {0} attributes, as many as can be declared; remove one first")]
    TooMany(
        /// How many.
        u64,
    ),
    /// Something of the declaration breaks a rule.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Values that people have would not be allowed any more.
    #[error("{count} users have values that would not fit, such as {username}: it {why}; change those first")]
    Misfits {
        /// How many.
        count: u64,
        /// One of them.
        username: String,
        /// What would be wrong with theirs.
        why: String,
    },
    /// It cannot be unique, as two people have the same value.
    #[error("it cannot be unique: {} and {} have the same value, {value}; change that first", users[0], users[1])]
    Duplicate {
        /// The value, in the form in which values are compared.
        value: String,
        /// Two of those who have it, by their usernames.
        users: [String; 2],
    },
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbErr> for DefinitionError {
    fn from(cause: DbErr) -> Self {
        Unavailable::Database(cause).into()
    }
}
