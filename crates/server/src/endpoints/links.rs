//! What the pages behind mailed links have in common.

use std::time::Duration;

use poem::{
    Response,
    http::{StatusCode, header},
};
use secrecy::SecretString;
use vestibule_core::Parameters;
use vestibule_oidc::Unavailable;
use vestibule_users::{PasswordProblem, RecoveryUnavailable};

use super::reply::page;
use crate::{
    http::Failure,
    pages::{Label, NewPassword},
    state::State,
};

/// The query parameter of a link, and the field of the form behind it.
pub(crate) const TOKEN: &str = "token";

/// What a link carries.
pub(crate) fn token_of(parameters: &Parameters) -> SecretString {
    SecretString::from(parameters.get(TOKEN).unwrap_or_default())
}

/// What a field holds; nothing, where it was not sent.
pub(crate) fn field(fields: &Parameters, name: &str) -> String {
    fields.get(name).unwrap_or_default().to_owned()
}

/// For whoever comes with a link that is not good, or not any more.
pub(crate) fn link_used() -> poem::Error {
    Failure::new(StatusCode::BAD_REQUEST, "link_used").into()
}

/// For a page that this deployment does not have.
pub(crate) fn not_here() -> poem::Error {
    Failure::new(StatusCode::NOT_FOUND, "not_found").into()
}

/// A page that is to be sent again later, and when.
pub(crate) fn later(status: StatusCode, html: String, retry_after: Duration) -> Response {
    wait(page(status, html, &[]), retry_after)
}

/// An answer that says when to try again.
pub(crate) fn wait(mut response: Response, retry_after: Duration) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
    response
}

/// What a page says about a password to be chosen.
pub(crate) fn new_password(state: &State, problems: &[PasswordProblem]) -> NewPassword {
    let rules = state.provider().users().password_rules().describe();
    NewPassword {
        rules: rules.into_iter().map(Label::from).collect(),
        problems: problems.iter().map(|problem| Label::from(problem.message.as_str())).collect(),
    }
}

/// For `?` on what recovery cannot do now.
pub(crate) fn unavailable(error: &RecoveryUnavailable) -> Unavailable {
    Unavailable::because(error)
}
