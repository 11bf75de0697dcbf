//! The page that asks which account to go on with (`prompt=select_account`, OpenID Connect Core section 3.1.2.1).

use askama::Template;

use super::{App, Hidden, Label, Person, page};

/// `form#select-account`: `#continue` sends [`CONTINUE`](super::action::CONTINUE), `#another` sends
/// [`SWITCH`](super::action::SWITCH), `#cancel` sends [`CANCEL`](super::action::CANCEL).
#[derive(Clone, Debug, Template)]
#[template(path = "select_account.html")]
pub struct SelectAccount {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// The app that waits, where there is one.
    pub app: Option<App>,
    /// Who is signed in.
    pub person: Person,
    /// Whether there is an app to go back to without choosing.
    pub can_cancel: bool,
}

page!(SelectAccount);
