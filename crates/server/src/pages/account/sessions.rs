//! Where a person is signed in.

use askama::Template;

use crate::pages::{Hidden, Label, Moment, page, paths};

/// Every other session has a form with the hidden `session`, whose button sends [`END`](crate::pages::action::END);
/// `form#end-everywhere` with `#end-all` sends [`END_ALL`](crate::pages::action::END_ALL).
#[derive(Clone, Debug, Template)]
#[template(path = "account/sessions.html")]
pub struct Sessions {
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
    /// The sessions, this one first.
    pub sessions: Vec<SessionLine>,
}

/// One session.
#[derive(Clone, Debug)]
pub struct SessionLine {
    /// What its form sends as `session`.
    pub value: String,
    /// The browser, [in words](crate::pages::device_in_words).
    pub device: Label,
    /// Where it was last, [in words](crate::pages::place_in_words), where that is known.
    pub place: Option<Label>,
    /// When it was last seen.
    pub last_seen: Moment,
    /// When the person signed in.
    pub since: Moment,
    /// Whether it is the one that this page is shown in.
    pub here: bool,
}

impl Sessions {
    pub(crate) fn problem(&self) -> Option<&str> {
        self.error.as_ref().map(Label::as_str)
    }
}

page!(Sessions);
