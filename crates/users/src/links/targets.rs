//! What the links are for: one type a purpose.

use serde::{Deserialize, Serialize};
use vestibule_core::UserId;
use vestibule_ephemeral::Kind;

use super::Target;

/// To set a new password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToRecover {
    /// Whose.
    pub(crate) user: UserId,
    /// The address that it was sent to, in its normal form: it must still lead to them when the link is used.
    pub(crate) address: String,
    /// Of the password that they had then: it must still be theirs.
    pub(crate) fingerprint: String,
}

/// To show that somebody reads the mail of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToVerify {
    /// Who.
    pub(crate) user: UserId,
    /// The address, as typed.
    pub(crate) address: String,
    /// Of the password that they had when they asked: it must still be theirs. Who was at somebody's open session and asked
    /// there is so kept out by that somebody's new password.
    pub(crate) fingerprint: String,
}

/// To make an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToRegister {
    /// The address that it was sent to, as typed.
    pub(crate) address: String,
    /// The same in its normal form.
    pub(crate) key: String,
    /// What waited at the browser where it was asked for, by its id, which is good for nothing at any other.
    #[serde(default)]
    pub(crate) waiting: Option<String>,
}

impl Target for ToRecover {
    const KIND: Kind = Kind::once("recovery-link");

    fn owner(&self) -> String {
        self.user.to_string()
    }
}

impl Target for ToVerify {
    const KIND: Kind = Kind::once("email-link");

    fn owner(&self) -> String {
        self.user.to_string()
    }
}

impl Target for ToRegister {
    const KIND: Kind = Kind::once("registration-link");

    fn owner(&self) -> String {
        self.key.clone()
    }
}
