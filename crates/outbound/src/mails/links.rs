//! Mails with a link that proves something: that a person may set a new password, or holds an address.

use std::time::Duration;

use super::{Happened, button, mail, words};

/// A link to set a new password, for whom somebody named, at the address that is known of them.
#[derive(Clone, Debug)]
pub struct PasswordRecovery {
    /// The username, as it was chosen by its person.
    pub username: String,
    /// The link.
    pub link: String,
    /// How long the link holds.
    pub holds: Duration,
    /// When and from where it was asked for.
    pub asked: Happened,
}

mail!(PasswordRecovery, "password_recovery.txt", "password_recovery.html", |_mail, site| {
    format!("Set a new password for {site}")
});

/// A link that proves that somebody reads the mail of an address which they said is theirs.
#[derive(Clone, Debug)]
pub struct EmailVerification {
    /// The link.
    pub link: String,
    /// How long the link holds.
    pub holds: Duration,
    /// When and from where it was asked for.
    pub asked: Happened,
}

mail!(EmailVerification, "email_verification.txt", "email_verification.html", |_mail, site| {
    format!("Confirm your e-mail address for {site}")
});

impl PasswordRecovery {
    fn button(&self) -> String {
        button(&self.link, "Set a new password")
    }

    fn holds(&self) -> String {
        words::duration(self.holds)
    }
}

impl EmailVerification {
    fn button(&self) -> String {
        button(&self.link, "Confirm this address")
    }

    fn holds(&self) -> String {
        words::duration(self.holds)
    }
}
