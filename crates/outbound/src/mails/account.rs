//! Mails to somebody who asked for an account. The page tells them nothing but to look into their mail, whether or not the
//! address has an account already; so there is a mail for either.

use std::time::Duration;

use super::{Happened, button, mail, words};

/// A link that finishes a registration.
#[derive(Clone, Debug)]
pub struct RegistrationVerification {
    /// The link.
    pub link: String,
    /// How long the link holds.
    pub holds: Duration,
}

mail!(RegistrationVerification, "registration_verification.txt", "registration_verification.html", |_mail, site| {
    format!("Finish your registration at {site}")
});

/// The address of a registration belongs to an account already.
#[derive(Clone, Debug)]
pub struct AlreadyRegistered {
    /// The username of the account that is there, as it was chosen by its person.
    pub username: String,
    /// The sign-in page.
    pub sign_in_link: String,
    /// The page where a new password is asked for.
    pub recovery_link: String,
    /// When and from where the registration was tried.
    pub asked: Happened,
}

mail!(AlreadyRegistered, "already_registered.txt", "already_registered.html", |_mail, site| {
    format!("You have an account at {site} already")
});

impl RegistrationVerification {
    fn button(&self) -> String {
        button(&self.link, "Finish the registration")
    }

    fn holds(&self) -> String {
        words::duration(self.holds)
    }
}

impl AlreadyRegistered {
    fn button(&self) -> String {
        button(&self.sign_in_link, "Sign in")
    }
}
