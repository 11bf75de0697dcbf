//! `/account/emails`: the addresses and numbers that somebody is reached by. Only an address that was shown to be theirs can
//! become the one that messages go to.

use poem::{Request, Response, http::StatusCode};
use vestibule_audit::{Details, Kind};
use vestibule_oidc::Unavailable;
use vestibule_users::{Contact, ContactError, ContactKind};

use super::{Asks, DONE, Visit, done, opened, posted};
use crate::{
    endpoints::{form::or_unavailable, reply::page},
    pages::{EmailLine, Emails, Label, PhoneLine, action, paths},
    state::State,
};

const PRIMARY: &str = "primary";
const REMOVED: &str = "removed";

/// GET.
pub(crate) async fn emails_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::EMAILS, Asks::Fresh).await?;
    or_unavailable(&state, &request, show(&state, &visit, None).await)
}

/// POST.
pub(crate) async fn emails_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, paths::EMAILS, Asks::Fresh, &[]).await?;
    let address = visit.fields.get("address").unwrap_or_default();
    let answer = match visit.action() {
        Some(action::MAKE_PRIMARY) => make_primary(&state, &request, &visit, address).await,
        Some(action::REMOVE) => remove(&state, &request, &visit, address).await,
        _ => show(&state, &visit, None).await,
    };
    or_unavailable(&state, &request, answer)
}

async fn make_primary(state: &State, request: &Request, visit: &Visit, address: &str) -> Result<Response, Unavailable> {
    let (users, user) = (state.provider().users(), visit.present.user.id);
    // What was not shown to be theirs never becomes the primary one here, whatever the present one is.
    let contacts = users.contacts(user).await?;
    let is_verified = |contact: &Contact| is_email(contact) && contact.value == address && contact.verified;
    if !contacts.iter().any(is_verified) {
        return show(state, visit, Some("Only a confirmed address of yours can be the primary one.")).await;
    }
    match users.make_primary(user, ContactKind::Email, address).await {
        Ok(_) => changed(state, request, visit, PRIMARY).await,
        Err(error) => explained(state, visit, error).await,
    }
}

async fn remove(state: &State, request: &Request, visit: &Visit, address: &str) -> Result<Response, Unavailable> {
    let (users, user) = (state.provider().users(), visit.present.user.id);
    // By the primary one the account is recovered; somebody without any could not be helped.
    let contacts = users.contacts(user).await?;
    if contacts.iter().any(|contact| is_email(contact) && contact.primary && contact.value == address) {
        return explained(state, visit, ContactError::Primary).await;
    }
    match users.remove_contact(user, ContactKind::Email, address).await {
        Ok(()) => changed(state, request, visit, REMOVED).await,
        Err(error) => explained(state, visit, error).await,
    }
}

async fn changed(state: &State, request: &Request, visit: &Visit, what: &'static str) -> Result<Response, Unavailable> {
    let event = visit.event(request, Kind::EmailChanged).details(Details::new().reason(what));
    state.audit(event).await;
    Ok(done(paths::EMAILS, what))
}

/// The page with what was wrong, in words for the person.
async fn explained(state: &State, visit: &Visit, error: ContactError) -> Result<Response, Unavailable> {
    let words = match error {
        ContactError::Unavailable(error) => return Err(error.into()),
        ContactError::NoSuchUser(_) => return Err(Unavailable::because(error)),
        ContactError::Primary => "Messages go to this address. Make another one the primary one first.",
        ContactError::IsUsername => "You sign in by this address, so it cannot be removed.",
        ContactError::NotVerified => "Only a confirmed address of yours can be the primary one.",
        ContactError::Taken => "Another account goes by this address.",
        ContactError::NoSuchContact | ContactError::Invalid { .. } => "You have no such address any more.",
        ContactError::Known => "You have this address already.",
        ContactError::TooMany => "You have as many addresses as you can have. Remove one first.",
    };
    show(state, visit, Some(words)).await
}

async fn show(state: &State, visit: &Visit, error: Option<&str>) -> Result<Response, Unavailable> {
    let contacts = state.provider().users().contacts(visit.present.user.id).await?;
    let view = Emails {
        site: state.site(),
        action: paths::EMAILS.to_owned(),
        hidden: visit.hidden(state),
        done: match visit.fields.get(DONE) {
            Some(PRIMARY) => Some(Label::from("Messages go to that address from now on.")),
            Some(REMOVED) => Some(Label::from("That address was removed.")),
            _ => None,
        },
        emails: contacts.iter().filter(|contact| is_email(contact)).map(email).collect(),
        phones: contacts.iter().filter(|contact| !is_email(contact)).map(phone).collect(),
        can_send: false,
        email: Label::default(),
        email_error: None,
        error: error.map(Label::from),
    };
    Ok(page(StatusCode::OK, view.render(), &[]))
}

fn is_email(contact: &Contact) -> bool {
    contact.kind == ContactKind::Email
}

fn email(contact: &Contact) -> EmailLine {
    EmailLine {
        value: contact.value.clone(),
        address: Label::from(contact.value.as_str()),
        primary: contact.primary,
        verified: contact.verified,
        can_be_primary: contact.verified && !contact.primary,
        can_be_removed: !contact.primary,
    }
}

fn phone(contact: &Contact) -> PhoneLine {
    PhoneLine { number: Label::from(contact.value.as_str()), primary: contact.primary, verified: contact.verified }
}
