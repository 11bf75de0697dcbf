//! `/account/sessions`: where somebody is signed in, and ending it.

use poem::{Request, Response, http::StatusCode};
use vestibule_audit::{Kind, ObjectType};
use vestibule_oidc::Unavailable;
use vestibule_sessions::Session;

use super::{Asks, DONE, Visit, done, moment, opened, posted, sign_out_elsewhere};
use crate::{
    endpoints::{
        form::or_unavailable,
        reply::{page, with_cookies},
    },
    pages::{Label, SessionLine, Sessions, action, device_in_words, paths, place_in_words},
    state::State,
};

const ENDED: &str = "ended";
const ENDED_ALL: &str = "ended-all";

/// GET.
pub(crate) async fn sessions_page(state: State, request: Request) -> poem::Result<Response> {
    let visit = opened(&state, &request, paths::SESSIONS, Asks::SignIn).await?;
    or_unavailable(&state, &request, show(&state, &visit, None).await)
}

/// POST.
pub(crate) async fn sessions_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let visit = posted(&state, &mut request, paths::SESSIONS, Asks::SignIn, &[]).await?;
    let answer = match visit.action() {
        Some(action::END) => end(&state, &request, &visit).await,
        Some(action::END_ALL) => end_all(&state, &request, &visit).await,
        _ => show(&state, &visit, None).await,
    };
    or_unavailable(&state, &request, answer)
}

/// Ends one of the person's own. The one of this browser is ended by signing out.
async fn end(state: &State, request: &Request, visit: &Visit) -> Result<Response, Unavailable> {
    let here = visit.present.session.sid;
    let sid = visit.fields.get("session").and_then(|sid| sid.parse().ok()).filter(|sid| *sid != here);
    let ended = match sid {
        Some(sid) => state.provider().end_session_of(visit.present.user.id, sid).await?,
        None => None,
    };
    match ended {
        Some(session) => {
            let event = visit.event(request, Kind::SessionEnded).object(ObjectType::Session, session.sid);
            state.audit(event).await;
            Ok(done(paths::SESSIONS, ENDED))
        }
        None => show(state, visit, Some("There is no such session any more.")).await,
    }
}

async fn end_all(state: &State, request: &Request, visit: &Visit) -> Result<Response, Unavailable> {
    let cookie = sign_out_elsewhere(state, request, visit).await?;
    Ok(with_cookies(done(paths::SESSIONS, ENDED_ALL), cookie))
}

async fn show(state: &State, visit: &Visit, error: Option<&str>) -> Result<Response, Unavailable> {
    let here = visit.present.session.sid;
    let mut sessions = state.provider().sessions_of(visit.present.user.id).await?;
    sessions.sort_by_key(|session| session.sid != here);
    let view = Sessions {
        site: state.site(),
        action: paths::SESSIONS.to_owned(),
        hidden: visit.hidden(state),
        done: match visit.fields.get(DONE) {
            Some(ENDED) => Some(Label::from("That session was ended.")),
            Some(ENDED_ALL) => Some(Label::from("Every other session was ended.")),
            _ => None,
        },
        error: error.map(Label::from),
        sessions: sessions.iter().map(|session| line(state, session, session.sid == here)).collect(),
    };
    Ok(page(StatusCode::OK, view.render(), &[]))
}

fn line(state: &State, session: &Session, here: bool) -> SessionLine {
    SessionLine {
        value: session.sid.to_string(),
        device: Label::from(device_in_words(session.seen_from.agent.as_deref().unwrap_or_default())),
        place: session.seen_from.address.map(|address| Label::from(place_in_words(address))),
        last_seen: moment(state, session.seen_at),
        since: moment(state, session.created_at),
        here,
    }
}
