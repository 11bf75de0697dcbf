//! What lies in the outbox until it is sent. None of it is a secret, and none of it opens anything.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};
use vestibule_audit::Source;
use vestibule_core::{Timestamp, UserId};
use vestibule_outbound::mails::Happened;

/// What is to be written, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Letter {
    /// A link to set a new password, for whoever goes by a name or an address.
    Recovery {
        /// What was typed, in its normal form.
        named: String,
        asked: Occasion,
    },
    /// A link to show that an address is somebody's.
    Verification {
        user: UserId,
        /// The address, as typed.
        address: String,
        /// Of the password that they had when they asked.
        fingerprint: String,
        asked: Occasion,
    },
    /// A link to make an account; or, where the address has one, word of that.
    Registration {
        /// The address, as typed.
        address: String,
        /// The same in its normal form.
        key: String,
        /// What waits at the browser where it was asked for, by its id, which opens nothing at any other.
        #[serde(default)]
        waiting: Option<String>,
        asked: Occasion,
    },
    /// What became of somebody's account.
    Notice { user: UserId, notice: Notice, happened: Occasion },
}

/// What became of somebody's account, to be told them by mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The password was changed or set anew.
    PasswordChanged,
    /// The second factor was switched on or off.
    SecondFactorChanged {
        /// Whether it is on now.
        on: bool,
    },
    /// Another address is the primary one. It goes to the one that was.
    EmailChanged {
        /// The one that was.
        before: String,
    },
    /// Sign-ins must wait, after many that failed. It is told once a day at most.
    SignInLocked {
        /// How long the next one must wait.
        locked_for: Duration,
    },
}

/// When and in which request something was asked for or happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Occasion {
    pub(crate) at: Timestamp,
    pub(crate) address: Option<IpAddr>,
    pub(crate) request_id: Option<String>,
}

impl Occasion {
    pub(crate) fn new(at: Timestamp, from: &Source) -> Self {
        Self { at, address: from.address, request_id: from.request_id.clone() }
    }

    /// As mails tell it.
    pub(crate) fn told(&self) -> Happened {
        Happened { at: self.at, address: self.address }
    }

    /// As records have it.
    pub(crate) fn source(&self) -> Source {
        Source { address: self.address, request_id: self.request_id.clone() }
    }
}

impl Letter {
    /// The kinds of jobs that letters are.
    pub(crate) const KINDS: &'static [&'static str] =
        &["mail_recovery", "mail_verification", "mail_registration", "mail_notice"];

    /// The kind of the job.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Recovery { .. } => "mail_recovery",
            Self::Verification { .. } => "mail_verification",
            Self::Registration { .. } => "mail_registration",
            Self::Notice { .. } => "mail_notice",
        }
    }

    pub(crate) fn occasion(&self) -> &Occasion {
        match self {
            Self::Recovery { asked, .. } | Self::Verification { asked, .. } | Self::Registration { asked, .. } => asked,
            Self::Notice { happened, .. } => happened,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_read_back_as_it_was_written() {
        let asked = Occasion { at: Timestamp::from_millis(7), address: "2001:db8::7".parse().ok(), request_id: None };
        for letter in [
            Letter::Recovery { named: "eve".into(), asked: asked.clone() },
            Letter::Registration {
                address: "Eve@example.com".into(),
                key: "eve@example.com".into(),
                waiting: Some("something".into()),
                asked: asked.clone(),
            },
            Letter::Notice {
                user: "0198b2d6-3a77-7c2e-9d0f-6a1b2c3d4e5f".parse().unwrap(),
                notice: Notice::SignInLocked { locked_for: Duration::from_secs(300) },
                happened: asked,
            },
        ] {
            let text = serde_json::to_string(&letter).unwrap();
            assert_eq!(serde_json::from_str::<Letter>(&text).unwrap(), letter, "{text}");
        }
    }
}
