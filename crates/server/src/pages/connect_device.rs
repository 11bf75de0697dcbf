//! The pages for a device that cannot show any: where its code is typed, and where it is allowed.

use askama::Template;

use super::{App, Hidden, Label, Person, ScopeLine, page};

/// `form#device`: input `user_code`, button `#continue`.
#[derive(Clone, Debug, Template)]
#[template(path = "device_code.html")]
pub struct DeviceCode {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// What was typed, or came with the address.
    pub user_code: Label,
    /// What is wrong.
    pub error: Option<Label>,
}

impl DeviceCode {
    pub(crate) fn problem(&self) -> Option<&str> {
        self.error.as_ref().map(Label::as_str)
    }
}

page!(DeviceCode);

/// `form#device`: `#allow` sends [`ALLOW`](super::action::ALLOW), `#deny` sends [`DENY`](super::action::DENY).
#[derive(Clone, Debug, Template)]
#[template(path = "device_confirm.html")]
pub struct DeviceConfirm {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// Who is asked.
    pub person: Person,
    /// The app on the device.
    pub app: App,
    /// The code, as the device shows it.
    pub user_code: Label,
    /// What is asked for, each in words.
    pub scopes: Vec<ScopeLine>,
}

page!(DeviceConfirm);
