//! Sessions: the browsers that somebody is signed in at.

use poem::http::Method;
use serde_json::{Value, json};
use vestibule_audit::{Details, Kind, ObjectType};
use vestibule_sessions::Session;

use super::user_of;
use crate::{
    api::{
        call::{Call, Reply},
        moment,
        operation::{Needs, Operation},
        page,
        problem::Problem,
        schema::{Schema, required},
    },
    state::State,
};

const TAG: &str = "Sessions";
const VIEW: Needs = Needs::Permission("vestibule.view_session");
const DELETE: Needs = Needs::Permission("vestibule.delete_session");

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, "/users/{user}/sessions", "list_sessions", VIEW, list)
            .about(TAG, "List a user's sessions")
            .path("user", Schema::uuid())
            .lists(shape()),
        Operation::new(Method::DELETE, "/users/{user}/sessions", "end_sessions", DELETE, end_all)
            .about(TAG, "Sign a user out everywhere")
            .more("Every session and every token that the user has up to now is void.")
            .path("user", Schema::uuid())
            .answers_nothing(),
        Operation::new(Method::GET, "/users/{user}/sessions/{session}", "get_session", VIEW, show)
            .about(TAG, "Read one of a user's sessions")
            .path("user", Schema::uuid())
            .path("session", Schema::uuid())
            .answers(shape()),
        Operation::new(Method::DELETE, "/users/{user}/sessions/{session}", "end_session", DELETE, end)
            .about(TAG, "End one of a user's sessions")
            .more("The tokens that were given in it are void.")
            .path("user", Schema::uuid())
            .path("session", Schema::uuid())
            .answers_nothing(),
    ]
}

fn shape() -> Schema {
    Schema::object([
        required("id", Schema::uuid().about("The `sid` of ID tokens.")),
        required("user", Schema::uuid()),
        required("created_at", Schema::moment().about("When the user signed in at this browser.")),
        required("auth_time", Schema::moment().about("When the user last proved who they are.")),
        required("last_seen_at", Schema::moment()),
        required("expires_at", Schema::moment()),
        required("acr", Schema::line(0, 200).or_null()),
        required("amr", Schema::list(Schema::line(1, 50), 20)),
        required("keep_signed_in", Schema::boolean()),
    ])
    .named("Session")
}

fn written(state: &State, session: &Session) -> Value {
    json!({
        "id": session.sid.to_string(),
        "user": session.user_id.to_string(),
        "created_at": moment::write(session.created_at),
        "auth_time": moment::write(session.auth_time),
        "last_seen_at": moment::write(session.seen_at),
        "expires_at": moment::write(session.expires_at),
        "acr": state.provider().level_of(session),
        "amr": session.amr,
        "keep_signed_in": session.keep_signed_in,
    })
}

/// The sessions of the user in the path that still hold.
async fn sessions_of(state: &State, call: &Call) -> Result<Vec<Session>, Problem> {
    let user = user_of(state, call).await?;
    let provider = state.provider();
    let sessions = provider.sessions().list(user.id).await.map_err(Problem::unavailable)?;
    let mut present = Vec::new();
    for session in sessions {
        if provider.present(session.clone()).await.map_err(Problem::unavailable)?.is_some() {
            present.push(session);
        }
    }
    Ok(present)
}

async fn list(state: State, call: Call) -> Result<Reply, Problem> {
    let sessions = sessions_of(&state, &call).await?;
    let key = |session: &Session| [moment::write(session.created_at), session.sid.to_string()];
    page::of_all(&format!("sessions {}", call.path("user")), &call, sessions, true, key, |session| {
        written(&state, session)
    })
}

async fn show(state: State, call: Call) -> Result<Reply, Problem> {
    let sessions = sessions_of(&state, &call).await?;
    let found = sessions.iter().find(|session| session.sid.to_string() == call.path("session"));
    found.map(|session| Reply::ok(written(&state, session))).ok_or_else(|| Problem::not_found("session"))
}

async fn end(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    let ended = state.provider().end_session_of(user.id, call.id("session", "session")?).await;
    match ended.map_err(Problem::unavailable)? {
        Some(session) => {
            let event = call.event(Kind::SessionEnded).subject(user.id).object(ObjectType::Session, session.sid);
            state.audit(event).await;
            Ok(Reply::nothing())
        }
        None => Err(Problem::not_found("session")),
    }
}

async fn end_all(state: State, call: Call) -> Result<Reply, Problem> {
    let user = user_of(&state, &call).await?;
    let ended = state.provider().sign_out_everywhere(user.id).await.map_err(Problem::unavailable)?;
    let details = Details::new().count(ended.len() as u64);
    state.audit(call.event(Kind::SessionsEnded).subject(user.id).details(details)).await;
    Ok(Reply::nothing())
}
