//! Whom mail goes to, and whom it is from. Neither can carry a line break, so neither can add a header.

use std::{fmt, str::FromStr};

use lettre::message::Mailbox;

/// No mail can be sent to or from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no e-mail address: write name@example.com, or for a sender also Name <name@example.com>")]
pub struct BadAddress;

/// An e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(pub(crate) lettre::Address);

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self).map_err(|_| BadAddress)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whom our mail is from: an address, with the name that people see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(pub(crate) Mailbox);

impl Sender {
    /// The name that people see; `Vestibule` where none is configured.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name.as_deref().unwrap_or("Vestibule")
    }
}

impl FromStr for Sender {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mailbox: Mailbox = text.trim().parse().map_err(|_| BadAddress)?;
        let name = mailbox.name.filter(|name| !name.trim().is_empty());
        if name.as_deref().is_some_and(|name| name.chars().any(char::is_control)) {
            return Err(BadAddress);
        }
        Ok(Self(Mailbox::new(name, mailbox.email)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_nothing_but_an_address() {
        assert!("eve@example.com".parse::<Address>().is_ok());
        for text in [
            "",
            "eve",
            "a@b@c",
            "eve@example.com\r\nBcc: bob@example.com",
            "e@x.com, b@x.com",
            "<e@x.com>",
            "e ve@x.com",
        ] {
            assert_eq!(text.parse::<Address>(), Err(BadAddress), "{text:?}");
        }
    }

    #[test]
    fn a_sender_has_a_name_or_ours() {
        assert_eq!("Acme Sign-in <no-reply@example.com>".parse::<Sender>().unwrap().name(), "Acme Sign-in");
        assert_eq!("no-reply@example.com".parse::<Sender>().unwrap().name(), "Vestibule");
        for text in ["Acme", "Acme <>", "Acme\r\nBcc: x@example.com <a@example.com>"] {
            assert_eq!(text.parse::<Sender>(), Err(BadAddress), "{text:?}");
        }
    }
}
