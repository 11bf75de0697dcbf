//! The pages of somebody who makes an account for themselves, and of confirming an e-mail address.

use askama::Template;
use secrecy::{ExposeSecret as _, SecretString};

use super::{App, Field, Hidden, Input, Label, NewPassword, page};

/// `form#register`: `email`, button `#send`. Where something waits, [`HAS_ACCOUNT`](super::action::HAS_ACCOUNT) and
/// [`CANCEL`](super::action::CANCEL) are the other buttons. Every address gets the same answer, [`Notice::register_sent`].
///
/// [`Notice::register_sent`]: super::Notice::register_sent
#[derive(Clone, Debug, Template)]
#[template(path = "register.html")]
pub struct Register {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// The app that waits, where there is one.
    pub app: Option<App>,
    /// Whether there is something to go back to: an app, or a page of ours.
    pub can_cancel: bool,
    /// What was typed before.
    pub email: Label,
    /// Why it was not taken, which never depends on whether the address is known.
    pub error: Option<Label>,
}

/// `form#register-finish`: `username`, `password`, one field for each attribute, the hidden `token` of the link, button
/// `#create`.
#[derive(Clone, Debug, Template)]
#[template(path = "register_finish.html")]
pub struct RegisterFinish {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// What the link in the message carried; it is sent as `token`.
    pub token: SecretString,
    /// The address that the link was sent to, and that is confirmed by it.
    pub email: Label,
    /// What was typed as the username.
    pub username: Label,
    /// What is wrong with it.
    pub username_error: Option<Label>,
    /// What the password must be.
    pub password: NewPassword,
    /// What else must be known.
    pub fields: Vec<Field>,
    /// What is wrong with the whole, such as a server that is busy.
    pub error: Option<Label>,
}

impl RegisterFinish {
    /// What stands in `#error`.
    pub(crate) fn problem(&self) -> Option<&str> {
        if let Some(error) = &self.error {
            return Some(error.as_str());
        }
        let fields = self.fields.iter().filter(|field| field.error.is_some()).count();
        let wrong =
            fields + usize::from(self.username_error.is_some()) + usize::from(!self.password.problems.is_empty());
        match wrong {
            0 => None,
            1 => Some("One thing needs a change before we can go on."),
            _ => Some("A few things need a change before we can go on."),
        }
    }
}

/// `form#verify-email`: the hidden `token` of the link, button `#verify`.
///
/// Programs that look through mail open its links, so opening one must not confirm anything: a person presses the button.
#[derive(Clone, Debug, Template)]
#[template(path = "verify_email.html")]
pub struct VerifyEmail {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// What the link in the message carried; it is sent as `token`.
    pub token: SecretString,
    /// The address that is to be confirmed.
    pub address: Label,
    /// The account that it will belong to: whoever opens the link need not be the one who asked.
    pub username: Label,
    /// Why it was not confirmed.
    pub error: Option<Label>,
}

page!(Register);
page!(RegisterFinish);
page!(VerifyEmail);
