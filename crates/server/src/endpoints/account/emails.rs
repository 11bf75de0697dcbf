//! `/account/emails`: the addresses and numbers that somebody is reached by. Only an address that was shown to be theirs can
//! become the one that messages go to.
//!
//! An address is added by a link that is sent there ([`verify_email`](crate::endpoints::verify_email)); until that is used,
//! nothing has changed. What the page says is the same whoever goes by that address (attack A60).

use poem::{Request, Response, http::StatusCode};
use vestibule_audit::{Details, Kind};
use vestibule_oidc::Unavailable;
use vestibule_users::{AskError, Contact, ContactError, ContactKind, Notice};

use super::{Asks, DONE, Visit, done, opened, posted};
use crate::{
    endpoints::{
        form::or_unavailable,
        links::{later, unavailable},
        reply::page,
        sign_in::source,
    },
    pages::{EmailLine, Emails, Label, PhoneLine, Trouble, action, paths},
    state::State,
};

const PRIMARY: &str = "primary";
const REMOVED: &str = "removed";
const SENT: &str = "sent";

/// What is wrong with what was sent.
#[derive(Default)]
struct Wrong {
    /// What was typed as a new address, and what is wrong with it.
    typed: Label,
    with_typed: Option<Label>,
    /// What is wrong with the rest.
    with_the_rest: Option<Label>,
}

impl From<&str> for Wrong {
    fn from(words: &str) -> Self {
        Self { with_the_rest: Some(Label::from(words)), ..Self::default() }
    }
}

/// GET.
pub(crate) async fn emails_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::EMAILS, Asks::Fresh).await?;
    or_unavailable(&state, &request, show(&state, &visit, Wrong::default()).await)
}

/// POST.
pub(crate) async fn emails_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, paths::EMAILS, Asks::Fresh, &[]).await?;
    let address = visit.fields.get("address").unwrap_or_default();
    let answer = match visit.action() {
        Some(action::MAKE_PRIMARY) => make_primary(&state, &request, &visit, address).await,
        Some(action::REMOVE) => remove(&state, &request, &visit, address).await,
        Some(action::SEND_LINK) => send_again(&state, &request, &visit, address).await,
        Some(_) => show(&state, &visit, Wrong::default()).await,
        None => add(&state, &request, &visit, visit.fields.get("email").unwrap_or_default()).await,
    };
    or_unavailable(&state, &request, answer)
}

/// Has a link sent to an address that is to be theirs.
async fn add(state: &State, request: &Request, visit: &Visit, typed: &str) -> Result<Response, Unavailable> {
    let contacts = state.provider().users().contacts(visit.present.user.id).await?;
    if contacts.iter().any(|contact| is_email(contact) && contact.verified && contact.value == typed.trim()) {
        return explained(state, visit, ContactError::Known).await;
    }
    send(state, request, visit, typed).await
}

/// Has another link sent to an address of theirs that is not confirmed yet.
async fn send_again(state: &State, request: &Request, visit: &Visit, address: &str) -> Result<Response, Unavailable> {
    let contacts = state.provider().users().contacts(visit.present.user.id).await?;
    let waits = |contact: &Contact| is_email(contact) && contact.value == address && !contact.verified;
    if !contacts.iter().any(waits) {
        return explained(state, visit, ContactError::NoSuchContact).await;
    }
    send(state, request, visit, address).await
}

async fn send(state: &State, request: &Request, visit: &Visit, address: &str) -> Result<Response, Unavailable> {
    let wrong = |words: Label| Wrong { typed: Label::from(address), with_typed: Some(words), with_the_rest: None };
    match state.recovery().ask_verification(visit.present.user.id, address, &source(request)).await {
        Ok(()) => Ok(done(paths::EMAILS, SENT)),
        Err(AskError::NoAddress(why)) => show(state, visit, wrong(Label::from(why))).await,
        Err(AskError::TryLater { retry_after }) => {
            let html = view(state, visit, wrong(Label::from(Trouble::TooMany { retry_after }))).await?.render();
            Ok(later(StatusCode::TOO_MANY_REQUESTS, html, retry_after))
        }
        Err(AskError::Unavailable(error)) => Err(unavailable(&error)),
    }
}

async fn make_primary(state: &State, request: &Request, visit: &Visit, address: &str) -> Result<Response, Unavailable> {
    let (users, user) = (state.provider().users(), visit.present.user.id);
    // What was not shown to be theirs never becomes the primary one here, whatever the present one is.
    let contacts = users.contacts(user).await?;
    let is_verified = |contact: &Contact| is_email(contact) && contact.value == address && contact.verified;
    if !contacts.iter().any(is_verified) {
        return explained(state, visit, ContactError::NotVerified).await;
    }
    let before = contacts.into_iter().find(|contact| is_email(contact) && contact.primary);
    match users.make_primary(user, ContactKind::Email, address).await {
        Ok(_) => {
            if let Some(before) = before.filter(|before| before.value != address) {
                state.tell(user, Notice::EmailChanged { before: before.value }, &source(request)).await;
            }
            changed(state, request, visit, PRIMARY).await
        }
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
    show(state, visit, Wrong::from(words)).await
}

async fn show(state: &State, visit: &Visit, wrong: Wrong) -> Result<Response, Unavailable> {
    Ok(page(StatusCode::OK, view(state, visit, wrong).await?.render(), &[]))
}

async fn view(state: &State, visit: &Visit, wrong: Wrong) -> Result<Emails, Unavailable> {
    let contacts = state.provider().users().contacts(visit.present.user.id).await?;
    Ok(Emails {
        site: state.site(),
        action: paths::EMAILS.to_owned(),
        hidden: visit.hidden(state),
        done: match visit.fields.get(DONE) {
            Some(PRIMARY) => Some(Label::from("Messages go to that address from now on.")),
            Some(REMOVED) => Some(Label::from("That address was removed.")),
            Some(SENT) => {
                Some(Label::from("A link is on its way to that address. Open it to confirm that it is yours."))
            }
            _ => None,
        },
        emails: contacts.iter().filter(|contact| is_email(contact)).map(email).collect(),
        phones: contacts.iter().filter(|contact| !is_email(contact)).map(phone).collect(),
        can_send: true,
        email: wrong.typed,
        email_error: wrong.with_typed,
        error: wrong.with_the_rest,
    })
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
