//! The page that asks which account to go on with (`prompt=select_account`, OpenID Connect Core section 3.1.2.1).

use askama::Template;

use super::{App, Hidden, Label, Person, page};

/// `form#select-account`: each account is a button that sends its `value` as `account`, the first of them `#continue`, the next
/// `#account-2` and so on; `#another` sends [`SWITCH`](super::action::SWITCH), `#cancel` sends
/// [`CANCEL`](super::action::CANCEL). [`CONTINUE`](super::action::CONTINUE) means the first.
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
    pub accounts: Vec<Choice>,
    /// Whether there is an app to go back to without choosing.
    pub can_cancel: bool,
}

/// An account to choose.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What its button sends.
    pub value: String,
    /// Whose it is.
    pub person: Person,
}

page!(SelectAccount);
