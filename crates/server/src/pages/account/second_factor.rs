//! The second factor, on or off.

use askama::Template;

use crate::pages::{Hidden, Label, Moment, moment::count, page, paths};

/// `form#switch-on` with `#turn-on`, which sends [`TURN_ON`](crate::pages::action::TURN_ON); or, where it is on,
/// `form#new-codes` with `#make-codes`, which sends [`NEW_CODES`](crate::pages::action::NEW_CODES), and `form#switch-off` with
/// `#turn-off`, which sends [`TURN_OFF`](crate::pages::action::TURN_OFF).
#[derive(Clone, Debug, Template)]
#[template(path = "account/second_factor.html")]
pub struct SecondFactorSettings {
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
    /// How it is, where it is on.
    pub state: Option<SecondFactorState>,
    /// Whether a rule asks this person for one, so that it cannot be switched off.
    pub required: bool,
}

/// How a second factor is that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecondFactorState {
    /// Since when it is on.
    pub since: Moment,
    /// How many recovery codes were not used yet.
    pub codes_left: u64,
}

impl SecondFactorState {
    pub(crate) fn codes_words(&self) -> String {
        match self.codes_left {
            0 => "No codes left".to_owned(),
            left => format!("{} left", count(left, "code")),
        }
    }

    /// Whether it is time for new ones.
    pub(crate) fn is_short_of_codes(&self) -> bool {
        self.codes_left < 3
    }
}

impl SecondFactorSettings {
    pub(crate) fn problem(&self) -> Option<&str> {
        self.error.as_ref().map(Label::as_str)
    }
}

page!(SecondFactorSettings);
