//! `/recover` and `/reset-password`: setting a new password without the old one, by a link that is mailed.
//!
//! There is no other way from the one page to the other than the mail (attack A66), and what the first one answers tells
//! nothing of who has an account (attack A60).

use poem::{Request, Response, http::StatusCode};
use secrecy::SecretString;
use vestibule_audit::{Actor, Event, Kind};
use vestibule_oidc::Unavailable;
use vestibule_users::{AskError, PasswordProblem, ResetError, User};

use super::{
    browser::Browser,
    form::{self, Posted, bad_query, hidden, or_unavailable},
    links::{field, later, link_used, new_password, token_of, unavailable},
    reply::{page, with_cookies},
    sign_in::{identifier_label, source},
};
use crate::{
    http::read_query,
    pages::{Label, Notice, Recover, ResetPassword, Trouble, paths},
    state::{State, person_of},
};

const RESET: &str = "/reset-password";

/// GET: where somebody says who they are.
pub(crate) async fn recover_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let html = ask(&state, &browser, "", None);
        Ok(with_cookies(page(StatusCode::OK, html, &[]), browser.introduce(&state)))
    };
    shown.await
}

/// POST: asks for a link. The answer is the same whoever was named.
pub(crate) async fn recover_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let typed = field(&fields, "identifier");
        if typed.trim().is_empty() {
            let error = Label::from("Please type in your username or e-mail address.");
            return Ok(page(StatusCode::OK, ask(&state, &browser, "", Some(error)), &[]));
        }
        match state.recovery().ask(&typed, &source(&request)).await {
            // It may be any name, so that it is none that could not be an address.
            Ok(()) | Err(AskError::NoAddress(_)) => {
                let holds = state.recovery().settings().recovery_link;
                Ok(page(StatusCode::OK, Notice::recover_sent(state.site(), holds).render(), &[]))
            }
            Err(AskError::TryLater { retry_after }) => {
                let error = Label::from(Trouble::TooMany { retry_after });
                let html = ask(&state, &browser, &typed, Some(error));
                Ok(later(StatusCode::TOO_MANY_REQUESTS, html, retry_after))
            }
            Err(AskError::Unavailable(error)) => or_unavailable(&state, &request, Err(unavailable(&error))),
        }
    };
    answered.await
}

fn ask(state: &State, browser: &Browser, typed: &str, error: Option<Label>) -> String {
    let view = Recover {
        site: state.site(),
        action: paths::RECOVER.to_owned(),
        hidden: hidden(state, browser, None),
        identifier_label: identifier_label(state.provider().users().identifiers()),
        identifier: Label::from(typed),
        error,
    };
    view.render()
}

/// GET: the form, for whoever has the link.
pub(crate) async fn reset_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let token = token_of(&query);
        let user = whose(&state, &request, &token).await?;
        let html = choose(&state, &browser, &user, token, &[], None);
        Ok(with_cookies(page(StatusCode::OK, html, &[]), browser.introduce(&state)))
    };
    shown.await
}

/// POST: sets the password and ends whatever was begun with the old one. Nobody is signed in.
pub(crate) async fn reset_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let (token, password) = (token_of(&fields), SecretString::from(field(&fields, "new_password")));
        let (problems, busy) = match state.recovery().reset(&token, &password, &source(&request)).await {
            Ok(user) => {
                or_unavailable(&state, &request, end_everything(&state, &request, &user).await)?;
                return Ok(page(StatusCode::OK, Notice::reset_done(state.site()).render(), &[]));
            }
            Err(ResetError::LinkUsed) => return Err(link_used()),
            Err(ResetError::WeakPassword(problems)) => (problems, None),
            Err(ResetError::Busy { retry_after }) => (Vec::new(), Some(retry_after)),
            Err(ResetError::Unavailable(error)) => {
                return or_unavailable(&state, &request, Err(unavailable(&error)));
            }
        };
        let user = whose(&state, &request, &token).await?;
        let error = busy.map(|retry_after| Label::from(Trouble::Busy { retry_after }));
        let html = choose(&state, &browser, &user, token, &problems, error);
        Ok(match busy {
            Some(retry_after) => later(StatusCode::SERVICE_UNAVAILABLE, html, retry_after),
            None => page(StatusCode::OK, html, &[]),
        })
    };
    answered.await
}

async fn whose(state: &State, request: &Request, token: &SecretString) -> poem::Result<User> {
    let found = state.recovery().look(token).await.map_err(|error| unavailable(&error));
    or_unavailable(state, request, found)?.ok_or_else(link_used)
}

/// Sessions and tokens, and what made a browser known as the person's.
async fn end_everything(state: &State, request: &Request, user: &User) -> Result<(), Unavailable> {
    let event = Event::new(Kind::PasswordReset, Actor::User(user.id)).subject(user.id).source(&source(request));
    state.audit(event).await;
    state.provider().revoke_user(user.id).await?;
    state.provider().sessions().end_all(user.id).await.map_err(Unavailable::because)?;
    Ok(state.throttle().forget_browsers(user.id).await?)
}

fn choose(
    state: &State,
    browser: &Browser,
    user: &User,
    token: SecretString,
    problems: &[PasswordProblem],
    error: Option<Label>,
) -> String {
    let view = ResetPassword {
        site: state.site(),
        action: RESET.to_owned(),
        hidden: hidden(state, browser, None),
        token,
        person: person_of(user),
        password: new_password(state, problems),
        error,
    };
    view.render()
}
