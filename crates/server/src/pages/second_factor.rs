//! The pages of a second factor on the way to somewhere: proving it, setting it up, and its recovery codes.

use std::time::Duration;

use askama::Template;
use secrecy::{ExposeSecret as _, SecretString};

use super::{App, Hidden, Label, Person, TotpLink, moment::wait_in_words, page, paths};

/// `form#second-factor`: code, button `#verify`.
///
/// Verifying sends no `action`; [`CANCEL`](super::action::CANCEL) and [`SWITCH`](super::action::SWITCH) are the other buttons.
/// The field takes the code of an app and a recovery code alike, whichever of the two the page asks for.
#[derive(Clone, Debug, Template)]
#[template(path = "second_factor.html")]
pub struct SecondFactor {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// The app that waits, where there is one.
    pub app: Option<App>,
    /// Whose password was right.
    pub person: Person,
    /// Which code the page asks for.
    pub code: CodeKind,
    /// The address of this page asking for the other kind of code.
    pub other_code: String,
    /// Whether there is an app to go back to without signing in.
    pub can_cancel: bool,
    /// What was wrong with the last try.
    pub error: Option<SecondFactorError>,
}

/// Which code a page asks for. They need different keyboards on a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// Six digits, from an authenticator app.
    Authenticator,
    /// One of the codes for when the app is gone.
    Recovery,
}

impl SecondFactor {
    /// What stands in `#error`.
    pub(crate) fn problem(&self) -> Option<String> {
        self.error.map(|error| error.sentence(Asked::Code(self.code)))
    }

    pub(crate) fn by_recovery_code(&self) -> bool {
        self.code == CodeKind::Recovery
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.error == Some(SecondFactorError::WrongCode)
    }
}

/// Why a code was not taken, as far as a person may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorError {
    /// It is wrong, or was used before.
    WrongCode,
    /// There were too many tries.
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The page was open for too long.
    Expired,
    /// Something that is needed cannot be reached.
    Unavailable,
}

impl SecondFactorError {
    /// The sentence in `#error`.
    fn sentence(self, asked: Asked) -> String {
        match (self, asked) {
            (Self::WrongCode, Asked::Code(CodeKind::Authenticator)) => {
                "That code isn’t right, or it was used already. Please wait for the next one and try again.".to_owned()
            }
            (Self::WrongCode, Asked::Code(CodeKind::Recovery)) => {
                "That recovery code isn’t right, or it was used already. Please try another one.".to_owned()
            }
            (Self::WrongCode, Asked::FirstCode) => {
                "That code isn’t right. Check that your phone sets its clock by itself, then type the code it shows now."
                    .to_owned()
            }
            (Self::TooMany { retry_after }, _) => {
                format!("Too many tries. Please try again in {}.", wait_in_words(retry_after))
            }
            (Self::Expired, Asked::FirstCode) => {
                "This page was open for too long. Please scan the new code below.".to_owned()
            }
            (Self::Expired, _) => "This page was open for too long. Please sign in again.".to_owned(),
            (Self::Unavailable, _) => {
                "Checking the code is not possible at the moment. Please try again in a minute.".to_owned()
            }
        }
    }
}

/// What a code was asked for: to sign in, or to show that an authenticator was set up.
#[derive(Clone, Copy, Debug)]
enum Asked {
    Code(CodeKind),
    FirstCode,
}

/// `form#second-factor`: code, button `#verify`; beside it the secret that an authenticator app needs, in three forms.
///
/// Turning it on sends no `action`; where it is required, [`CANCEL`](super::action::CANCEL) and
/// [`SWITCH`](super::action::SWITCH) are the other buttons.
#[derive(Clone, Debug, Template)]
#[template(path = "enrol_second_factor.html")]
pub struct EnrolSecondFactor {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// Whose second factor it will be.
    pub person: Person,
    /// What the authenticator app needs to know.
    pub link: TotpLink,
    /// How the person came here.
    pub reason: EnrolReason,
    /// What was wrong with the last try.
    pub error: Option<SecondFactorError>,
}

/// How somebody came to set up a second factor.
#[derive(Clone, Debug)]
pub enum EnrolReason {
    /// They cannot go on without one.
    Required {
        /// The app that waits, where there is one.
        app: Option<Box<App>>,
        /// Whether there is an app to go back to without signing in.
        can_cancel: bool,
    },
    /// They chose to, on their account's page.
    Chosen,
}

impl EnrolSecondFactor {
    /// What stands in `#error`.
    pub(crate) fn problem(&self) -> Option<String> {
        self.error.map(|error| error.sentence(Asked::FirstCode))
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.error == Some(SecondFactorError::WrongCode)
    }

    pub(crate) fn is_required(&self) -> bool {
        matches!(self.reason, EnrolReason::Required { .. })
    }
}

/// `#codes`: the recovery codes, shown once; `#continue` leads on.
#[derive(Clone, Debug, Template)]
#[template(path = "recovery_codes.html")]
pub struct RecoveryCodes {
    /// The name of this identity provider.
    pub site: Label,
    /// Whose codes they are; a printed page needs to say it.
    pub person: Person,
    /// The codes, as they are to be typed.
    pub codes: Vec<SecretString>,
    /// Where `#continue` leads: an address of ours.
    pub next: String,
}

page!(SecondFactor);
page!(EnrolSecondFactor);
page!(RecoveryCodes);
