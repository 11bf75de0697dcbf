//! By which addresses and numbers people are reached, and which of them lead to one person alone.
//!
//! A contact has a normal form. Where it leads to one person, the normal form is their `login_key` too, unique in the table:
//! by it they sign in and recover the account. It stays empty where several share an address, as systems allow that people
//! come from. Who gets it is decided in `settle`:
//!
//! ```text
//! nobody else has the contact ─────────────────────────────▶ it leads to this person
//! others have it, none of them was shown to hold it:
//!     this person was ──▶ it leads to them, and to nobody it led to before
//!     was not ──────────▶ an address that leads to another is taken; else it is shared
//! another was shown to hold it:
//!     an address that leads to that other is taken; else it is shared
//! ```
//! A number is never refused as taken, since households share them: it is shared then. Whoever was shown to hold a contact so
//! wins over whoever only wrote it down, but never over a username: that was given by somebody who had the address at that time.
//!
//! `list` is one person's contacts in memory and what can be done with them, `keep` writes what became of them together with
//! the copies in the user's row, `manage` is what callers do.

mod error;
mod keep;
pub(crate) mod list;
mod manage;
pub(crate) mod normal;
mod settle;
pub(crate) mod table;

use vestibule_core::Timestamp;

pub use error::ContactError;
pub(crate) use keep::{copied, displace, load, write};
pub(crate) use settle::{Sharing, settle, username_or_contact_taken};

/// What kind of contact it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContactKind {
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
}

impl ContactKind {
    /// As the table has it: `email` or `phone`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Phone].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// An address or a number of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// What it is.
    pub kind: ContactKind,
    /// As typed.
    pub value: String,
    /// Whether they were shown to hold it.
    pub verified: bool,
    /// Whether it is the one that applications are told of.
    pub primary: bool,
    /// Whether it leads to several people, so that none of them signs in or recovers by it.
    pub shared: bool,
    /// Since when they have it.
    pub created_at: Timestamp,
}

/// An address or a number to be added to somebody's.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// What it is.
    pub kind: ContactKind,
    /// As typed.
    pub value: String,
    /// Whether they were shown to hold it.
    pub verified: bool,
}
