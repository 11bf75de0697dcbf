//! What a person allowed apps to have.

use askama::Template;

use crate::pages::{App, Hidden, Label, Moment, ScopeLine, WebAddress, page, paths};

/// Every app has a form with the hidden `application`, whose button sends [`WITHDRAW`](crate::pages::action::WITHDRAW).
#[derive(Clone, Debug, Template)]
#[template(path = "account/applications.html")]
pub struct Applications {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the forms are posted.
    pub action: String,
    /// What they carry unseen.
    pub hidden: Hidden,
    /// What was done just before.
    pub done: Option<Label>,
    /// What is wrong.
    pub error: Option<Label>,
    /// What was allowed.
    pub consents: Vec<ConsentLine>,
}

/// What one app was allowed.
#[derive(Clone, Debug)]
pub struct ConsentLine {
    /// What its form sends as `application`.
    pub value: String,
    /// The app.
    pub app: App,
    /// Where a sign-in to it begins, where it said so.
    pub opens: Option<WebAddress>,
    /// What it may have, in words.
    pub scopes: Vec<ScopeLine>,
    /// Since when.
    pub since: Moment,
}

impl Applications {
    pub(crate) fn problem(&self) -> Option<&str> {
        self.error.as_ref().map(Label::as_str)
    }
}

page!(Applications);
