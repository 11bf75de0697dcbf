//! `/health/live` and `/health/ready`, for operators.

use poem::{Request, Response, http::StatusCode};
use serde_json::json;

use super::reply::json;
use crate::state::State;

/// The process answers.
pub(crate) async fn live(_: State, _: Request) -> Response {
    json(StatusCode::OK, &json!({ "status": "ok" }))
}

/// The process can do its work: database and store answer.
pub(crate) async fn ready(state: State, _: Request) -> Response {
    let (database, ephemeral) = tokio::join!(state.database().ping(), state.ephemeral().ping());
    let word = |ok: bool| if ok { "ok" } else { "unavailable" };
    if let Err(error) = &database {
        tracing::error!(%error, "not ready: the database does not answer");
    }
    if let Err(error) = &ephemeral {
        tracing::error!(%error, "not ready: the store of what expires does not answer");
    }
    let ok = database.is_ok() && ephemeral.is_ok();
    let status = if ok { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "status": word(ok),
        "database": word(database.is_ok()),
        "ephemeral": word(ephemeral.is_ok()),
    });
    json(status, &body)
}
