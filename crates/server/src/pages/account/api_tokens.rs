//! A person's API tokens, for programs that act in their name.

use askama::Template;
use secrecy::{ExposeSecret as _, SecretString};

use crate::pages::{Hidden, Label, Moment, page, paths};

/// `form#create-token`: `name`, `expires_in`, `scope` once for each that is ticked, button `#create`, no `action`. Every token
/// has a form with the hidden `token_id`, whose button sends [`REVOKE`](crate::pages::action::REVOKE).
#[derive(Clone, Debug, Template)]
#[template(path = "account/api_tokens.html")]
pub struct ApiTokens {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the forms are posted.
    pub action: String,
    /// What they carry unseen.
    pub hidden: Hidden,
    /// What was done just before.
    pub done: Option<Label>,
    /// The tokens, the newest first.
    pub tokens: Vec<TokenLine>,
    /// The form for another one; `None` where the person may have no more.
    pub form: Option<TokenForm>,
    /// What is wrong with the whole, such as a server that is busy.
    pub error: Option<Label>,
}

impl ApiTokens {
    pub(crate) fn problem(&self) -> Option<&str> {
        let wrong = self.form.as_ref().is_some_and(TokenForm::is_wrong);
        let typed = wrong.then_some("This token could not be made. See what needs a change below.");
        self.error.as_ref().map(Label::as_str).or(typed)
    }
}

/// One API token.
#[derive(Clone, Debug)]
pub struct TokenLine {
    /// What its form sends as `token_id`.
    pub value: String,
    /// What the person called it.
    pub name: Label,
    /// As much of the token as tells it from others: `vst_…abcd`.
    pub hint: Label,
    /// What it may do.
    pub scopes: Vec<Label>,
    /// When it was made.
    pub created: Moment,
    /// When it ends, if it does.
    pub expires: Option<Moment>,
    /// When it was last used, if it was.
    pub last_used: Option<Moment>,
}

impl TokenLine {
    pub(crate) fn is_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires.is_past())
    }
}

/// What stands in the form for a new token.
#[derive(Clone, Debug)]
pub struct TokenForm {
    /// What was typed as its name.
    pub name: Label,
    /// What is wrong with the name.
    pub name_error: Option<Label>,
    /// How long it can be good for: what is sent, and what is shown.
    pub lifetimes: Vec<(String, Label)>,
    /// Which of them is chosen.
    pub lifetime: String,
    /// What it can be allowed: what the person may do themselves.
    pub scopes: Vec<TokenScope>,
    /// What is wrong with what was ticked.
    pub scopes_error: Option<Label>,
}

impl TokenForm {
    fn is_wrong(&self) -> bool {
        self.name_error.is_some() || self.scopes_error.is_some()
    }
}

/// One thing that a token can be allowed.
#[derive(Clone, Debug)]
pub struct TokenScope {
    /// The permission, as it is sent and shown.
    pub value: Label,
    /// What it allows, in words.
    pub title: Label,
    /// Whether it is ticked.
    pub chosen: bool,
}

/// `#token`: a new token, shown once; `#continue` leads back to the list.
#[derive(Clone, Debug, Template)]
#[template(path = "account/new_api_token.html")]
pub struct NewApiToken {
    /// The name of this identity provider.
    pub site: Label,
    /// What the person called it.
    pub name: Label,
    /// The token.
    pub token: SecretString,
    /// When it ends, if it does.
    pub expires: Option<Moment>,
}

page!(ApiTokens);
page!(NewApiToken);
