//! What can go wrong with a sign-in, and how the app says it to the person in front of it.

use ::http::StatusCode;

/// Why there is nothing better to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// No such page.
    NotFound,
    /// The answer is not one that a provider gives.
    Malformed,
    /// This browser did not begin the sign-in that the answer belongs to, or has ended it already.
    UnknownState,
    /// The answer comes from another provider than the one that was asked.
    WrongIssuer,
    /// The provider says no, in the words of RFC 6749 section 4.1.2.1 and OpenID Connect Core 3.1.2.6.
    Refused {
        /// The code of the error.
        error: String,
        /// What the provider adds for developers.
        description: Option<String>,
    },
    /// The provider cannot be reached, or does not answer as it should.
    Provider(String),
    /// The provider answered, and what it gave does not hold.
    Untrusted(String),
}

impl Trouble {
    /// The status that the page is served with.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Malformed | Self::UnknownState | Self::WrongIssuer => StatusCode::BAD_REQUEST,
            // The person may well have said no: nothing is wrong with the request.
            Self::Refused { .. } => StatusCode::OK,
            Self::Provider(_) | Self::Untrusted(_) => StatusCode::BAD_GATEWAY,
        }
    }

    /// A stable code.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::NotFound => "not_found",
            Self::Malformed => "malformed_answer",
            Self::UnknownState => "unknown_state",
            Self::WrongIssuer => "wrong_issuer",
            Self::Refused { error, .. } => error,
            Self::Provider(_) => "provider_unreachable",
            Self::Untrusted(_) => "untrusted_answer",
        }
    }

    /// The heading.
    pub(super) fn title(&self) -> &'static str {
        match self {
            Self::NotFound => "Nothing is moored here",
            Self::Refused { error, .. } if error == "access_denied" => "You stayed ashore",
            Self::Refused { error, .. } if needs_a_person(error) => "You are not signed in",
            Self::Provider(_) => "Vestibule does not answer",
            _ => "We could not sign you in",
        }
    }

    /// What happened and what can be done.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::NotFound => "There is no page at this address.",
            Self::Malformed => "The answer that came back was not one that Vestibule gives. Please start again.",
            Self::UnknownState => {
                "This sign-in was not begun in this browser, or it was finished already. Please start again from here."
            }
            Self::WrongIssuer => "The answer did not come from Vestibule. We threw it away. Please start again.",
            Self::Refused { error, .. } => refused(error),
            Self::Provider(_) => "Signing in is not possible right now. Please try again in a minute.",
            Self::Untrusted(_) => "What Vestibule told us did not pass our checks, so we did not use it.",
        }
    }

    /// More, for developers.
    pub(super) fn detail(&self) -> Option<&str> {
        match self {
            Self::Refused { description, .. } => description.as_deref(),
            Self::Provider(why) | Self::Untrusted(why) => Some(why),
            _ => None,
        }
    }
}

/// Whether the provider only says that it would have to show a page.
fn needs_a_person(error: &str) -> bool {
    ["login_required", "consent_required", "interaction_required", "account_selection_required"].contains(&error)
}

fn refused(error: &str) -> &'static str {
    match error {
        "access_denied" => "You did not allow Harbour Notes to see who you are. You can change your mind at any time.",
        "login_required" => "We asked Vestibule without showing you anything, and you are not signed in there.",
        error if needs_a_person(error) => {
            "We asked Vestibule without showing you anything, and it has to ask you first."
        }
        "temporarily_unavailable" | "server_error" => "Vestibule has trouble of its own. Please try again in a minute.",
        _ => "Vestibule refused our request. That is ours to put right, not yours.",
    }
}
