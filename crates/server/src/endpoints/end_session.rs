//! `/oauth2/end_session`: RP-initiated logout, by GET and by POST.

use poem::{Request, Response, http::StatusCode};
use vestibule_oidc::{
    Unavailable,
    end_session::{EndSession, EndSessionError},
};

use super::{
    accounts::no_session_cookies,
    authorize::{keep, take_up},
    browser::Browser,
    flow::{Purpose, Stop, address},
    form::{bad_query, read_parameters},
    leaving::{Ended, leave},
    logout::signed_out,
    reply::{error_page, see_other, unavailable_page, with_cookies},
};
use crate::{http::read_query, state::State};

/// GET: the parameters stand in the query.
pub(crate) async fn end_session_by_get(state: State, request: Request) -> poem::Result<Response> {
    let parameters = read_query(&request).map_err(bad_query)?;
    Ok(match state.provider().read_end_session(&parameters).await {
        Ok(end) => sign_out(&state, &request, end).await,
        Err(error) => refused(&state, &request, &error),
    })
}

/// POST: the parameters stand in the body. Taken up by a GET, where the cookies arrive.
pub(crate) async fn end_session_by_post(state: State, mut request: Request) -> poem::Result<Response> {
    let parameters = read_parameters(&state, &mut request).await?;
    Ok(match state.provider().read_end_session(&parameters).await {
        Ok(end) => match keep(&state, &Purpose::SignOut(end)).await {
            Ok(id) => see_other(&format!("/oauth2/end_session/posted/{id}")),
            Err(error) => unavailable_page(&state, &request, &error),
        },
        Err(error) => refused(&state, &request, &error),
    })
}

/// The GET that takes up what a POST left.
pub(crate) async fn end_session_posted(state: State, request: Request) -> poem::Result<Response> {
    match take_up(&state, &request).await.map_err(|stop| stop.error(&state, &request))? {
        Purpose::SignOut(end) => Ok(sign_out(&state, &request, end).await),
        Purpose::Authorize(_) | Purpose::Enter(_) => Err(Stop::Gone.error(&state, &request)),
    }
}

/// Signs out at once where the hint proves this very session, and asks otherwise (attack A55).
async fn sign_out(state: &State, request: &Request, end: EndSession) -> Response {
    let answer = async {
        let browser = Browser::of(state, request).await?;
        let proved = browser.accounts().find(|present| end.is_proved_for(&present.session));
        let ended = match proved {
            // What an application proves is its own session: others at this browser are not its business.
            Some(present) => browser.end_one(state, present).await?,
            None if browser.accounts().next().is_none() => {
                Ended { cookies: no_session_cookies(state), members: Vec::new() }
            }
            // Somebody is signed in, and the application was not given any of these sessions: ask.
            None => {
                let purpose = Purpose::SignOut(end);
                let id = state.waiting().begin(&browser.token, &purpose).await.map_err(Unavailable::because)?;
                return Ok(with_cookies(see_other(&address("/logout", &id)), browser.introduce(state)));
            }
        };
        // Without a hint of ours nothing leads away from here by itself.
        let back = end.return_to.as_ref().filter(|_| end.has_hint());
        let otherwise = || match back {
            Some(back) => see_other(&back.location()),
            None => signed_out(state, Some(&end)),
        };
        Ok::<_, Unavailable>(leave(state, ended, back, otherwise).await)
    };
    answer.await.unwrap_or_else(|error| unavailable_page(state, request, &error))
}

fn refused(state: &State, request: &Request, error: &EndSessionError) -> Response {
    let code = match error {
        EndSessionError::Unavailable(error) => return unavailable_page(state, request, error),
        EndSessionError::PostLogoutRedirectUri => "invalid_redirect_uri",
        EndSessionError::InvalidRequest(_) | EndSessionError::OtherClient => "invalid_request",
    };
    error_page(state, request, StatusCode::BAD_REQUEST, code, Some(&error.to_string()))
}
