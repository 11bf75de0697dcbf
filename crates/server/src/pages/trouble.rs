//! What keeps a form from being answered now, whatever is in it; told in the same words on every page.

use std::time::Duration;

use super::{Label, moment::wait_in_words};

/// Why a form must be sent again later. As a [`Label`] it is the sentence for a page's `#error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There were too many tries by this account, or from this address.
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many people are doing the same at once.
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The page was open for too long, or did not come from here.
    Expired,
    /// Something that is needed cannot be reached.
    Unavailable,
}

impl From<Trouble> for Label {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::TooMany { retry_after } => {
                format!("Too many tries. Please try again in {}.", wait_in_words(retry_after)).into()
            }
            Trouble::Busy { retry_after } => {
                format!("Many people are here right now. Please try again in {}.", wait_in_words(retry_after)).into()
            }
            Trouble::Expired => "This page was open for too long. Please try again.".into(),
            Trouble::Unavailable => "This is not possible at the moment. Please try again in a minute.".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_tries_are_told_with_when_to_try_again() {
        let label = Label::from(Trouble::TooMany { retry_after: Duration::from_secs(30) });
        assert_eq!(label.as_str(), "Too many tries. Please try again in 30 seconds.");
    }
}
