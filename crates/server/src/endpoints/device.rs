//! `/device`: a person types the code that a device shows, and says whether it may have what it asks for (RFC 8628 section 3.3).
//!
//! ```text
//! GET /device ──▶ signed in? ──▶ the code is typed ──▶ which app, what it asks for ──▶ #allow or #deny ──▶ a notice
//! ```
//! Each code that is posted is counted as a guess before it is looked up, the one that comes with the answer too.

use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use vestibule_audit::{Details, Kind};
use vestibule_core::ScopeSet;
use vestibule_oidc::{DeviceAnswer, DeviceError, Guess, SecondFactorStep, Unavailable, discovery::path};

use super::{
    account::{Asks, Visit, opened, posted},
    consent,
    form::or_unavailable,
    reply::page,
};
use crate::{
    http::ClientAddress,
    pages::{DeviceCode, DeviceConfirm, Label, Notice, action, paths, wait_in_words},
    state::{State, app_of, person_of},
};

/// The field, and the query parameter, that holds the code.
const USER_CODE: &str = "user_code";
/// The field that names the session that was asked.
const SESSION: &str = "session";
/// The field that names what was shown: nothing that was not is granted (attack A33).
const SHOWN: &str = "scope";

/// GET: where the code is typed. One in the address is filled in, for the person to compare with what the device shows.
pub(crate) async fn device_page(state: State, request: Request) -> poem::Result<Response> {
    let here =
        request.uri().query().map_or_else(|| path::DEVICE.to_owned(), |query| format!("{}?{query}", path::DEVICE));
    let visit = opened(&state, &request, &here, Asks::SignIn).await?;
    Ok(ask_for_code(&state, &visit, StatusCode::OK, None))
}

/// POST: the code, and then the answer.
pub(crate) async fn device_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, path::DEVICE, Asks::SignIn, &[]).await?;
    let guess = Guess { address: ClientAddress::of(&request), session: visit.present.session.sid };
    let typed = visit.fields.get(USER_CODE).unwrap_or_default();
    let answer = match state.provider().device_behind(typed, guess, &visit.present).await {
        Ok(answer) => answer,
        Err(error) => return or_unavailable(&state, &request, refused(&state, &visit, error)),
    };
    if answer.second_factor == SecondFactorStep::Show {
        visit.also(&state, &request, &with_code(&answer), Asks::FreshWithBothFactors).await?;
    }
    or_unavailable(&state, &request, go_on(&state, &request, &visit, answer).await)
}

/// What comes after a code that was right.
async fn go_on(state: &State, request: &Request, visit: &Visit, answer: DeviceAnswer) -> Result<Response, Unavailable> {
    if answer.second_factor == SecondFactorStep::Enrol {
        return Ok(enrol_first(state));
    }
    let asked_here = visit.fields.get(SESSION) == Some(visit.present.session.sid.to_string().as_str());
    let shown: ScopeSet = visit.fields.get(SHOWN).unwrap_or_default().parse().unwrap_or_default();
    match visit.action() {
        Some(action::ALLOW) if asked_here && answer.scope == shown => {
            let event = visit.event(request, Kind::ConsentGranted).client(answer.client.id.clone());
            let event = event.details(Details::new().scopes(answer.scope.iter()));
            if !state.provider().allow_device(answer, &visit.present).await? {
                return Ok(ask_for_code(state, visit, StatusCode::OK, Some(UNKNOWN)));
            }
            state.audit(event).await;
            let words = "You can go back to your device. It will go on by itself in a moment.";
            Ok(notice(state, "device-allowed", "Your device is connected", words))
        }
        Some(action::DENY) => {
            if !state.provider().deny_device(answer).await? {
                return Ok(ask_for_code(state, visit, StatusCode::OK, Some(UNKNOWN)));
            }
            Ok(notice(state, "device-denied", "Your device is not connected", "It was told that you said no."))
        }
        _ => confirm(state, visit, &answer).await,
    }
}

async fn confirm(state: &State, visit: &Visit, answer: &DeviceAnswer) -> Result<Response, Unavailable> {
    let mut carried = visit.hidden(state);
    carried.push((SESSION, visit.present.session.sid.to_string()));
    carried.push((SHOWN, answer.scope.to_string()));
    carried.push((USER_CODE, answer.user_code()));
    let view = DeviceConfirm {
        site: state.site(),
        action: path::DEVICE.to_owned(),
        hidden: carried,
        person: person_of(&visit.present.user),
        app: app_of(&answer.client, None),
        user_code: Label::from(answer.user_code()),
        scopes: consent::in_words(state, &answer.scope).await?,
    };
    Ok(page(StatusCode::OK, view.render(), &[]))
}

const UNKNOWN: &str =
    "No device waits under this code. Codes are good for ten minutes and for one answer; look at the device again.";

fn refused(state: &State, visit: &Visit, error: DeviceError) -> Result<Response, Unavailable> {
    match error {
        DeviceError::Unknown => Ok(ask_for_code(state, visit, StatusCode::OK, Some(UNKNOWN))),
        DeviceError::TryLater { retry_after } => {
            let words = format!("Too many codes were tried. Please try again in {}.", wait_in_words(retry_after));
            let mut response = ask_for_code(state, visit, StatusCode::TOO_MANY_REQUESTS, Some(&words));
            response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
            Ok(response)
        }
        DeviceError::Unavailable(error) => Err(error),
    }
}

fn ask_for_code(state: &State, visit: &Visit, status: StatusCode, error: Option<&str>) -> Response {
    let view = DeviceCode {
        site: state.site(),
        action: path::DEVICE.to_owned(),
        hidden: visit.hidden(state),
        user_code: Label::from(visit.fields.get(USER_CODE).unwrap_or_default()),
        error: error.map(Label::from),
    };
    page(status, view.render(), &[])
}

/// The page where the person comes back to, with the code filled in.
fn with_code(answer: &DeviceAnswer) -> String {
    format!("{}?{USER_CODE}={}", path::DEVICE, answer.user_code())
}

fn enrol_first(state: &State) -> Response {
    let title = Label::from("A second factor is needed");
    let words = Label::from("This app wants people to have a second factor. Set one up, and type the code again.");
    let view = Notice::new(state.site(), title, vec![words]).with_next("Set it up", paths::SECOND_FACTOR);
    page(StatusCode::OK, view.render(), &[])
}

fn notice(state: &State, id: &'static str, title: &str, words: &str) -> Response {
    let view = Notice { id, ..Notice::new(state.site(), Label::from(title), vec![Label::from(words)]) };
    page(StatusCode::OK, view.render(), &[])
}
