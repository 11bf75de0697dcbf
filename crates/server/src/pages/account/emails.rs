//! A person's e-mail addresses and phone numbers.

use askama::Template;

use crate::pages::{Hidden, Label, page, paths};

/// `form#add-email`: `email`, button `#add`, no `action`. Every address has a form with the hidden `address`, whose buttons
/// send [`MAKE_PRIMARY`](crate::pages::action::MAKE_PRIMARY), [`SEND_LINK`](crate::pages::action::SEND_LINK) or
/// [`REMOVE`](crate::pages::action::REMOVE).
#[derive(Clone, Debug, Template)]
#[template(path = "account/emails.html")]
pub struct Emails {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the forms are posted.
    pub action: String,
    /// What they carry unseen.
    pub hidden: Hidden,
    /// What was done just before.
    pub done: Option<Label>,
    /// The addresses, the primary one first.
    pub emails: Vec<EmailLine>,
    /// The phone numbers, which are shown only.
    pub phones: Vec<PhoneLine>,
    /// Whether messages can be sent: without that no address can be confirmed, and none added.
    pub can_send: bool,
    /// What was typed as a new address.
    pub email: Label,
    /// What is wrong with it.
    pub email_error: Option<Label>,
    /// What is wrong with the whole, such as a server that is busy.
    pub error: Option<Label>,
}

impl Emails {
    pub(crate) fn problem(&self) -> Option<&str> {
        let typed = self.email_error.as_ref().map(|_| "This address could not be added.");
        self.error.as_ref().map(Label::as_str).or(typed)
    }
}

/// One e-mail address.
#[derive(Clone, Debug)]
pub struct EmailLine {
    /// What its form sends as `address`.
    pub value: String,
    /// The address.
    pub address: Label,
    /// Whether messages go there.
    pub primary: bool,
    /// Whether it is confirmed.
    pub verified: bool,
    /// Whether it may become the primary one.
    pub can_be_primary: bool,
    /// Whether it may be removed.
    pub can_be_removed: bool,
}

/// One phone number.
#[derive(Clone, Debug)]
pub struct PhoneLine {
    /// The number.
    pub number: Label,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Whether it is confirmed.
    pub verified: bool,
}

page!(Emails);
