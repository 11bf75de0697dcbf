//! `/account` itself: what there is, each with its state in a few words.

use poem::{Request, Response, http::StatusCode};
use vestibule_oidc::Unavailable;
use vestibule_users::{Contact, ContactKind};

use super::{Asks, DONE, Visit, moment, opened};
use crate::{
    endpoints::{form::or_unavailable, reply::page},
    pages::{Account, Label, PasswordState, SecondFactorState, paths},
    state::{State, person_of},
};

/// What [`DONE`] holds after the password was changed.
pub(super) const PASSWORD_CHANGED: &str = "password-changed";

/// GET.
pub(crate) async fn account_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::ACCOUNT, Asks::SignIn).await?;
    or_unavailable(&state, &request, show(&state, &visit).await)
}

async fn show(state: &State, visit: &Visit) -> Result<Response, Unavailable> {
    let (user, provider) = (&visit.present.user, state.provider());
    let contacts = provider.users().contacts(user.id).await?;
    let of_kind = |kind: ContactKind| contacts.iter().filter(move |contact| contact.kind == kind);
    let primary = |kind: ContactKind| of_kind(kind).find(|contact| contact.primary);
    let changed = visit.fields.get(DONE) == Some(PASSWORD_CHANGED);
    let view = Account {
        site: state.site(),
        action: "/logout".to_owned(),
        hidden: visit.hidden(state),
        person: person_of(user),
        beside_others: !visit.browser.others.is_empty(),
        done: changed.then(|| Label::from("Your password was changed, and every other session was ended.")),
        password: match user.has_password {
            true => PasswordState::Set { since: user.password_changed_at.map(|at| moment(state, at)) },
            false => PasswordState::None,
        },
        email: primary(ContactKind::Email).map(|email| (label(email), email.verified)),
        more_emails: counted(of_kind(ContactKind::Email).filter(|email| !email.primary).count()),
        phone: primary(ContactKind::Phone).map(label),
        second_factor: second_factor_of(state, visit).await?,
        sessions: counted(provider.sessions_of(user.id).await?.len()),
        applications: counted(provider.allowed_by(user.id).await?.len()),
        tokens: counted(state.api_tokens().list(user.id).await?.len()),
    };
    Ok(page(StatusCode::OK, view.render(), &[]))
}

/// How the person's second factor is, where it is on.
pub(super) async fn second_factor_of(state: &State, visit: &Visit) -> Result<Option<SecondFactorState>, Unavailable> {
    let status = state.provider().second_factors().status(visit.present.user.id).await;
    let status = status.map_err(Unavailable::because)?;
    let on = |since| SecondFactorState { since: moment(state, since), codes_left: status.recovery_codes_left };
    Ok(status.enrolled_at.map(on))
}

fn label(contact: &Contact) -> Label {
    Label::from(contact.value.as_str())
}

fn counted(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
