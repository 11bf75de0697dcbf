//! What can go wrong: one word for others, and the reason for our log.

use std::error::Error;

use super::guard::LeadsNowhere;

/// An address could not be fetched. What is said of it is the same whatever the reason: whoever chose the address learns
/// nothing of our network by it (attack A51).
#[derive(Debug, thiserror::Error)]
#[error("the address could not be fetched")]
pub struct FetchError(pub(super) Reason);

impl FetchError {
    /// Why, for our own log and decisions.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.0
    }
}

/// Why an address could not be fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is none.
    #[error("it is no URL with a host")]
    NoUrl,
    /// It holds a user or a password.
    #[error("it holds credentials")]
    Credentials,
    /// Neither https nor, where that may be, http to this machine.
    #[error("only https is fetched (and http to this machine, with fetch.allow_private_networks)")]
    Scheme,
    /// It is, or its name leads to, an address from which nothing is fetched.
    #[error("it leads to an address from which nothing is fetched (see fetch.allow_private_networks)")]
    Address,
    /// It points elsewhere.
    #[error("it answers with a redirect, and none is followed")]
    Redirect,
    /// It answers, and not with success.
    #[error("it answers with status {0}")]
    Status(u16),
    /// What came is of another type than was asked for.
    #[error("it answers with another content type than was asked for")]
    ContentType,
    /// What came is longer than allowed.
    #[error("its answer is too long")]
    TooLong,
    /// It took too long.
    #[error("it took too long")]
    TooSlow,
    /// There was no connection, or it broke, or what came is no HTTP.
    #[error("it could not be reached: {0}")]
    Unreachable(String),
}

impl From<reqwest::Error> for Reason {
    fn from(error: reqwest::Error) -> Self {
        let causes = std::iter::successors(error.source(), |cause| (**cause).source());
        if causes.into_iter().any(|cause| cause.is::<LeadsNowhere>()) {
            return Self::Address;
        }
        if error.is_timeout() { Self::TooSlow } else { Self::Unreachable(in_words(&error.without_url())) }
    }
}

/// Why nothing can be fetched at all, as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// The extra certificates.
    #[error("fetch.extra_trust_roots must hold certificates in PEM: {0}")]
    ExtraRoots(String),
    /// The client cannot be made.
    #[error("the client for outgoing fetches cannot be made: {0}")]
    Client(String),
}

/// An error and all that led to it, on one line.
pub(super) fn in_words(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| (**cause).source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
