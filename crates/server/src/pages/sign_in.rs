//! The page where a person proves who they are.

use std::time::Duration;

use askama::Template;

use super::{App, Hidden, Label, Person, moment::wait_in_words, page, paths};

/// `form#login`: username, password, `keep_signed_in`, button `#sign-in`.
///
/// Signing in sends no `action`; [`CANCEL`](super::action::CANCEL) and [`SWITCH`](super::action::SWITCH) are the other
/// buttons.
#[derive(Clone, Debug, Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    /// The name of this identity provider.
    pub site: Label,
    /// Where the form is posted.
    pub action: String,
    /// What it carries unseen.
    pub hidden: Hidden,
    /// The app that waits, where there is one.
    pub app: Option<App>,
    /// Who must prove themselves once more. The page then shows them, and asks for the password only; the field `username` is
    /// sent too, for password managers, and is not to be trusted.
    pub again: Option<Person>,
    /// What the field `username` asks for: “Username or e-mail”, “E-mail”, …
    pub identifier_label: Label,
    /// What stands in the field: what was typed before, else the `login_hint`.
    pub username: Label,
    /// Whether "keep me signed in" is ticked. Not asked of somebody who is signed in.
    pub keep_signed_in: bool,
    /// Whether there is an app to go back to without signing in.
    pub can_cancel: bool,
    /// Whether a forgotten password can be changed by mail: `#recover` leads there.
    pub recover_link: bool,
    /// Where people make accounts for themselves, if they do: `#register` leads there.
    pub register_link: Option<String>,
    /// Where somebody with a client certificate signs in by it: an address of ours.
    pub certificate_link: Option<String>,
    /// What was wrong with the last try.
    pub error: Option<SignInError>,
}

/// Why a try to sign in failed, as far as a person may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// The name and the password do not belong together. Unknown and inactive accounts get the same sentence.
    WrongCredentials,
    /// Too many are signing in at once.
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// There were too many tries for this account, or from this address.
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The page was open for too long, or did not come from here.
    Expired,
    /// There was no client certificate, or none that anybody here goes by.
    Certificate,
    /// Something that signing in needs cannot be reached.
    Unavailable,
}

impl SignInError {
    /// The sentence in `#error`.
    pub(crate) fn sentence(self, again: bool) -> String {
        match self {
            Self::WrongCredentials if again => "That password isn’t right. Please try again.".to_owned(),
            Self::WrongCredentials => "The name or the password isn’t right. Check both and try again.".to_owned(),
            Self::Busy { retry_after } => {
                format!("Many people are signing in right now. Please try again in {}.", wait_in_words(retry_after))
            }
            Self::TooMany { retry_after } => {
                format!("Too many tries. Please try again in {}.", wait_in_words(retry_after))
            }
            Self::Expired => "This page was open for too long. Please sign in again.".to_owned(),
            Self::Certificate => {
                "We couldn’t sign you in with a certificate. Please sign in another way, or choose another certificate."
                    .to_owned()
            }
            Self::Unavailable => "Signing in is not possible at the moment. Please try again in a minute.".to_owned(),
        }
    }
}

impl SignIn {
    /// Whether the fields themselves are what was wrong.
    pub(crate) fn is_refused(&self) -> bool {
        self.error == Some(SignInError::WrongCredentials)
    }

    /// The cursor starts in the first field that is empty.
    pub(crate) fn starts_at_password(&self) -> bool {
        self.again.is_some() || !self.username.is_empty()
    }
}

page!(SignIn);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_server_says_when_to_come_back_in_whole_seconds() {
        let sentence = |millis| SignInError::Busy { retry_after: Duration::from_millis(millis) }.sentence(false);
        assert!(sentence(0).ends_with("in 1 second."));
        assert!(sentence(1001).ends_with("in 2 seconds."));
    }

    #[test]
    fn whoever_tried_too_often_is_told_when_to_try_again() {
        let error = SignInError::TooMany { retry_after: Duration::from_secs(30) };
        assert_eq!(error.sentence(false), "Too many tries. Please try again in 30 seconds.");
    }
}
