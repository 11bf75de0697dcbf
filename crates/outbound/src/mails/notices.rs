//! Mails that tell a person what became of their account, so that they notice what they did not do.

use std::time::Duration;

use super::{Happened, button, mail, words};

/// The password was changed or set anew.
#[derive(Clone, Debug)]
pub struct PasswordChanged {
    /// The username.
    pub username: String,
    /// When and from where.
    pub happened: Happened,
    /// The page where a new password is asked for.
    pub recovery_link: String,
}

mail!(PasswordChanged, "password_changed.txt", "password_changed.html", |_mail, site| {
    format!("Your password for {site} was changed")
});

/// The second factor was switched on or off.
#[derive(Clone, Debug)]
pub struct SecondFactorChanged {
    /// The username.
    pub username: String,
    /// Whether it is on now.
    pub on: bool,
    /// When and from where.
    pub happened: Happened,
    /// The page of the account.
    pub account_link: String,
}

mail!(SecondFactorChanged, "second_factor_changed.txt", "second_factor_changed.html", |mail, site| {
    format!("Two-step sign-in for {site} was switched {}", mail.on_or_off())
});

/// The e-mail address was changed. It goes to the old one, and does not tell the new one.
#[derive(Clone, Debug)]
pub struct EmailChanged {
    /// The username.
    pub username: String,
    /// When and from where.
    pub happened: Happened,
    /// The page of the account.
    pub account_link: String,
}

mail!(EmailChanged, "email_changed.txt", "email_changed.html", |_mail, site| {
    format!("Your e-mail address for {site} was changed")
});

/// There were so many failed sign-ins that more are refused for a while.
#[derive(Clone, Debug)]
pub struct SignInLocked {
    /// The username.
    pub username: String,
    /// For how long.
    pub locked_for: Duration,
    /// When the last one failed, and from where.
    pub happened: Happened,
    /// The page where a new password is asked for.
    pub recovery_link: String,
}

mail!(SignInLocked, "sign_in_locked.txt", "sign_in_locked.html", |_mail, site| {
    format!("Many failed sign-ins to your account at {site}")
});

impl PasswordChanged {
    fn button(&self) -> String {
        button(&self.recovery_link, "It was not me: set a new password")
    }
}

impl SecondFactorChanged {
    fn on_or_off(&self) -> &'static str {
        if self.on { "on" } else { "off" }
    }

    fn button(&self) -> String {
        button(&self.account_link, "Look at your account")
    }
}

impl EmailChanged {
    fn button(&self) -> String {
        button(&self.account_link, "Look at your account")
    }
}

impl SignInLocked {
    fn locked_for(&self) -> String {
        words::duration(self.locked_for)
    }

    fn button(&self) -> String {
        button(&self.recovery_link, "Set a new password")
    }
}
