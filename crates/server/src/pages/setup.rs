//! The page behind the one-time link of a first run: it makes the first superuser.

use askama::Template;

use super::{Hidden, Label, page};

/// `form#setup`: username, email, password, button `#create`.
#[derive(Clone, Debug, Template)]
#[template(path = "setup.html")]
pub struct Setup {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// What was typed as the username.
    pub username: Label,
    /// What was typed as the e-mail address.
    pub email: Label,
    /// What a password must be, in a sentence.
    pub password_rule: Label,
    /// What is wrong with the whole, such as a server that is busy.
    pub error: Option<Label>,
    /// What is wrong with the username.
    pub username_error: Option<Label>,
    /// What is wrong with the e-mail address.
    pub email_error: Option<Label>,
    /// What is wrong with the password.
    pub password_error: Option<Label>,
}

impl Setup {
    /// The cursor starts in the first field that is wrong, else in the first.
    pub(crate) fn starts_at(&self) -> &'static str {
        match (&self.username_error, &self.email_error, &self.password_error) {
            (None, Some(_), _) => "email",
            (None, None, Some(_)) => "password",
            _ => "username",
        }
    }

    /// What stands in `#error`.
    pub(crate) fn problem(&self) -> Option<&str> {
        if let Some(error) = &self.error {
            return Some(error.as_str());
        }
        let wrong = [&self.username_error, &self.email_error, &self.password_error];
        match wrong.iter().filter(|error| error.is_some()).count() {
            0 => None,
            1 => Some("One thing needs a change before we can go on."),
            _ => Some("A few things need a change before we can go on."),
        }
    }
}

page!(Setup);
