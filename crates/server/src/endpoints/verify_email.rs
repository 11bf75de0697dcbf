//! `/verify-email`: showing by a mailed link that an address is somebody's.
//!
//! Programs that look through mail open links, so opening one does nothing; a person presses the button. It need not be at the
//! browser where it was asked for, but where somebody else is signed in, it is not theirs to press.

use poem::{Request, Response, http::StatusCode};
use secrecy::SecretString;
use vestibule_audit::{Actor, Event, Kind};
use vestibule_users::{Verification, VerifyError};

use super::{
    browser::Browser,
    form::{self, Posted, bad_query, hidden, or_unavailable},
    links::{link_used, token_of, unavailable},
    reply::{page, with_cookies},
    sign_in::source,
};
use crate::{
    http::read_query,
    pages::{Label, Notice, VerifyEmail, paths},
    state::{State, person_of},
};

const ACTION: &str = "/verify-email";

/// GET: the button.
pub(crate) async fn verify_email_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let token = token_of(&query);
        let verification = what_for(&state, &request, &token).await?;
        let answer = match stranger(&state, &browser, &verification) {
            Some(refusal) => refusal,
            None => show(&state, &browser, token, &verification),
        };
        Ok(with_cookies(answer, browser.introduce(&state)))
    };
    shown.await
}

/// POST: the address is verified.
pub(crate) async fn verify_email_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let token = token_of(&fields);
        let verification = what_for(&state, &request, &token).await?;
        if let Some(refusal) = stranger(&state, &browser, &verification) {
            return Ok(refusal);
        }
        match state.recovery().verify(&token).await {
            Ok(Verification { user, address }) => {
                let event = Event::new(Kind::EmailVerified, Actor::User(user.id)).subject(user.id);
                state.audit(event.source(&source(&request))).await;
                let done = Notice::email_verified(state.site(), &Label::from(address));
                let done = done.with_next("Go to your account", paths::ACCOUNT);
                Ok(page(StatusCode::OK, done.render(), &[]))
            }
            Err(VerifyError::LinkUsed) => Err(link_used()),
            Err(VerifyError::Taken) => {
                let words =
                    vec![Label::from("It can be the address of one account only, and it is another one's by now.")];
                Ok(refused(&state, "This address belongs to another account", words))
            }
            Err(VerifyError::Refused(why)) => {
                Ok(refused(&state, "This address can’t be confirmed", vec![Label::from(why)]))
            }
            Err(VerifyError::Unavailable(error)) => or_unavailable(&state, &request, Err(unavailable(&error))),
        }
    };
    answered.await
}

async fn what_for(state: &State, request: &Request, token: &SecretString) -> poem::Result<Verification> {
    let found = state.recovery().look_verification(token).await.map_err(|error| unavailable(&error));
    or_unavailable(state, request, found)?.ok_or_else(link_used)
}

/// What is shown where somebody else is signed in.
fn stranger(state: &State, browser: &Browser, verification: &Verification) -> Option<Response> {
    let present = browser.present.as_ref()?;
    (present.user.id != verification.user.id).then(|| {
        let words = format!(
            "You are signed in as {}. If the other account is yours too, sign out here, and open the link again.",
            person_of(&present.user).name
        );
        refused(state, "This link belongs to another account", vec![Label::from(words)])
    })
}

fn refused(state: &State, title: &str, words: Vec<Label>) -> Response {
    page(StatusCode::FORBIDDEN, Notice::new(state.site(), Label::from(title), words).render(), &[])
}

fn show(state: &State, browser: &Browser, token: SecretString, verification: &Verification) -> Response {
    let view = VerifyEmail {
        site: state.site(),
        action: ACTION.to_owned(),
        hidden: hidden(state, browser, None),
        token,
        address: Label::from(verification.address.as_str()),
        username: Label::from(verification.user.username.as_str()),
        error: None,
    };
    page(StatusCode::OK, view.render(), &[])
}
