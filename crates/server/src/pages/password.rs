//! The pages where a person chooses a new password.

use askama::Template;
use secrecy::{ExposeSecret as _, SecretString};

use super::{Hidden, Label, Person, page, paths};

/// What a page says about the password that is to be chosen.
#[derive(Clone, Debug, Default)]
pub struct NewPassword {
    /// What a password must be, a sentence for each rule; told before anything is typed.
    pub rules: Vec<Label>,
    /// What is wrong with the one that was typed, a sentence for each problem.
    pub problems: Vec<Label>,
}

impl NewPassword {
    /// What stands in `#error`, where something else is not wrong as well.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        (!self.problems.is_empty()).then_some("This password can’t be used. Please choose another one.")
    }
}

/// `form#change-password`: `new_password`, button `#save`. It stands behind a fresh sign-in, so the old one is not asked for.
#[derive(Clone, Debug, Template)]
#[template(path = "account/password.html")]
pub struct ChangePassword {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// Whose password it is. The field `username` is sent too, for password managers, and is not to be trusted.
    pub person: Person,
    /// What the new one must be.
    pub password: NewPassword,
    /// What is wrong with the whole, such as a server that is busy.
    pub error: Option<Label>,
}

impl ChangePassword {
    pub(crate) fn problem(&self) -> Option<&str> {
        self.error.as_ref().map(Label::as_str).or_else(|| self.password.problem())
    }
}

/// `form#reset-password`: `new_password`, the hidden `token` of the link, button `#save`.
#[derive(Clone, Debug, Template)]
#[template(path = "reset_password.html")]
pub struct ResetPassword {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// What the link in the message carried; it is sent as `token`.
    pub token: SecretString,
    /// Whose password it is. The field `username` is sent too, for password managers, and is not to be trusted.
    pub person: Person,
    /// What the new one must be.
    pub password: NewPassword,
    /// What is wrong with the whole, such as a server that is busy.
    pub error: Option<Label>,
}

impl ResetPassword {
    pub(crate) fn problem(&self) -> Option<&str> {
        self.error.as_ref().map(Label::as_str).or_else(|| self.password.problem())
    }
}

page!(ChangePassword);
page!(ResetPassword);
