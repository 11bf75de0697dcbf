//! `/account/second-factor`: on, off, and new recovery codes.
//!
//! ```text
//! off ──turn on──▶ being set up ──a code of the app──▶ on, and the session is one of two factors
//!  ▲                                                    │
//!  └────────────── turn off, where no rule wants it ────┘
//! ```
//! What is being set up stands on our side; the form carries a code alone.

use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use secrecy::SecretString;
use vestibule_audit::{Actor, Details, Event, Kind};
use vestibule_oidc::Unavailable;
use vestibule_users::{Notice, SecondFactorError as Refusal};

use super::{Asks, DONE, Visit, done, home::second_factor_of, opened, posted};
use crate::{
    endpoints::{
        flow::Stop,
        reply::{page, see_other, with_cookies},
        second_factor::{enrolment_link, refused, step_up},
        sign_in,
    },
    pages::{
        EnrolReason, EnrolSecondFactor, Label, RecoveryCodes, SecondFactorError, SecondFactorSettings, action, paths,
    },
    state::{State, person_of},
};

const OFF: &str = "off";

/// GET.
pub(crate) async fn settings_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::SECOND_FACTOR, Asks::FreshWithBothFactors).await?;
    show(&state, &visit, None).await.map_err(|stop| stop.error(&state, &request))
}

/// POST.
pub(crate) async fn settings_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, paths::SECOND_FACTOR, Asks::FreshWithBothFactors, &[]).await?;
    let answer = match (visit.action(), visit.fields.get("code")) {
        (Some(action::TURN_ON), _) => show_enrolment(&state, &visit, None).await,
        (Some(action::TURN_OFF), _) => turn_off(&state, &request, &visit).await,
        (Some(action::NEW_CODES), _) => new_codes(&state, &request, &visit).await,
        (None, Some(code)) => confirm(&state, &request, &visit, code).await,
        _ => show(&state, &visit, None).await,
    };
    answer.map_err(|stop| stop.error(&state, &request))
}

async fn show(state: &State, visit: &Visit, error: Option<&str>) -> Result<Response, Stop> {
    let view = SecondFactorSettings {
        site: state.site(),
        action: paths::SECOND_FACTOR.to_owned(),
        hidden: visit.hidden(state),
        done: (visit.fields.get(DONE) == Some(OFF)).then(|| Label::from("The second factor was turned off.")),
        error: error.map(Label::from),
        state: second_factor_of(state, visit).await?,
        required: state.provider().requires_second_factor(&visit.present.user).await?,
    };
    Ok(page(StatusCode::OK, view.render(), &[]))
}

/// What an app has to know. A failed try shows the same once more, so that nobody has to scan twice.
async fn show_enrolment(state: &State, visit: &Visit, error: Option<SecondFactorError>) -> Result<Response, Stop> {
    let Some(link) = enrolment_link(state, &visit.present.user, error.is_some()).await? else {
        // It is on: another tab was quicker.
        return Ok(see_other(paths::SECOND_FACTOR));
    };
    let view = EnrolSecondFactor {
        site: state.site(),
        action: paths::SECOND_FACTOR.to_owned(),
        hidden: visit.hidden(state),
        person: person_of(&visit.present.user),
        link,
        reason: EnrolReason::Chosen,
        error,
    };
    let (status, wait) = match error {
        Some(SecondFactorError::TooMany { retry_after }) => (StatusCode::TOO_MANY_REQUESTS, Some(retry_after)),
        Some(SecondFactorError::Unavailable) => (StatusCode::SERVICE_UNAVAILABLE, None),
        _ => (StatusCode::OK, None),
    };
    let mut response = page(status, view.render(), &[]);
    if let Some(wait) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, wait.as_secs().max(1).into());
    }
    Ok(response)
}

async fn confirm(state: &State, request: &Request, visit: &Visit, code: &str) -> Result<Response, Stop> {
    let user = &visit.present.user;
    match state.provider().second_factors().confirm(user.id, code).await {
        Ok(codes) => {
            let event = visit.event(request, Kind::SecondFactorEnabled).details(Details::new().factor("totp"));
            state.audit(event).await;
            state.tell(user.id, Notice::SecondFactorChanged { on: true }, &sign_in::source(request)).await;
            let (_, cookies) = step_up(state, &visit.browser, user.clone()).await?;
            Ok(with_cookies(show_codes(state, visit, codes), cookies))
        }
        Err(error) => {
            let event = Event::new(Kind::SecondFactorFailed, Actor::Nobody).subject(user.id);
            state.audit(event.source(&sign_in::source(request))).await;
            show_enrolment(state, visit, Some(refused(&error))).await
        }
    }
}

async fn new_codes(state: &State, request: &Request, visit: &Visit) -> Result<Response, Stop> {
    match state.provider().second_factors().new_recovery_codes(visit.present.user.id).await {
        Ok(codes) => {
            state.audit(visit.event(request, Kind::RecoveryCodesRenewed)).await;
            Ok(show_codes(state, visit, codes))
        }
        Err(Refusal::NotEnrolled) => Ok(see_other(paths::SECOND_FACTOR)),
        Err(error) => Err(Unavailable::because(error).into()),
    }
}

async fn turn_off(state: &State, request: &Request, visit: &Visit) -> Result<Response, Stop> {
    if state.provider().requires_second_factor(&visit.present.user).await? {
        return show(state, visit, Some("Your account needs a second factor, so it stays on.")).await;
    }
    let factors = state.provider().second_factors();
    if factors.disable(visit.present.user.id).await.map_err(Unavailable::because)? {
        let event = visit.event(request, Kind::SecondFactorDisabled).details(Details::new().factor("totp"));
        state.audit(event).await;
        let off = Notice::SecondFactorChanged { on: false };
        state.tell(visit.present.user.id, off, &sign_in::source(request)).await;
    }
    Ok(done(paths::SECOND_FACTOR, OFF))
}

fn show_codes(state: &State, visit: &Visit, codes: Vec<SecretString>) -> Response {
    let person = person_of(&visit.present.user);
    let view = RecoveryCodes { site: state.site(), person, codes, next: paths::SECOND_FACTOR.to_owned() };
    page(StatusCode::OK, view.render(), &[])
}
