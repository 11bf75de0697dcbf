//! `/account` itself: what there is, each with its state in a few words and a link.

use askama::Template;

use crate::pages::{Hidden, Label, Moment, Person, SecondFactorState, moment::count, page, paths};

/// Links to every page of the account, and `form#logout` with `#sign-out`, which sends
/// [`SIGN_OUT`](crate::pages::action::SIGN_OUT).
#[derive(Clone, Debug, Template)]
#[template(path = "account/home.html")]
pub struct Account {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the sign-out form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// Whose account it is.
    pub person: Person,
    /// Whether others are signed in at the same browser: signing out ends their sessions too.
    pub beside_others: bool,
    /// What was done just before.
    pub done: Option<Label>,
    /// Whether there is a password.
    pub password: PasswordState,
    /// The primary e-mail address, and whether it is confirmed.
    pub email: Option<(Label, bool)>,
    /// How many more e-mail addresses there are.
    pub more_emails: u64,
    /// The primary phone number.
    pub phone: Option<Label>,
    /// The second factor, where it is on.
    pub second_factor: Option<SecondFactorState>,
    /// In how many browsers the person is signed in.
    pub sessions: u64,
    /// How many apps were allowed something.
    pub applications: u64,
    /// How many API tokens there are.
    pub tokens: u64,
}

/// Whether a person can sign in by password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordState {
    /// There is none.
    None,
    /// There is one.
    Set {
        /// Since when, where it is known.
        since: Option<Moment>,
    },
}

impl Account {
    pub(crate) fn password_words(&self) -> String {
        match self.password {
            PasswordState::None => "Not set".to_owned(),
            PasswordState::Set { since: Some(since) } => format!("Changed {}", since.words()),
            PasswordState::Set { since: None } => "Set".to_owned(),
        }
    }

    pub(crate) fn second_factor_words(&self) -> String {
        match self.second_factor {
            None => "Off".to_owned(),
            Some(SecondFactorState { codes_left: 0, .. }) => "On, no recovery codes left".to_owned(),
            Some(SecondFactorState { codes_left, .. }) => format!("On, {} left", count(codes_left, "recovery code")),
        }
    }

    pub(crate) fn sessions_words(&self) -> String {
        match self.sessions {
            0 | 1 => "Signed in here only".to_owned(),
            sessions => format!("Signed in at {sessions} places"),
        }
    }

    pub(crate) fn applications_words(&self) -> String {
        match self.applications {
            0 => "None may use your account".to_owned(),
            1 => "1 app may use your account".to_owned(),
            apps => format!("{apps} apps may use your account"),
        }
    }

    pub(crate) fn tokens_words(&self) -> String {
        match self.tokens {
            0 => "None".to_owned(),
            tokens => count(tokens, "token"),
        }
    }
}

page!(Account);
