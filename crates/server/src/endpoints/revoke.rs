//! `/oauth2/revoke` (RFC 7009).

use poem::{Request, Response, http::StatusCode};

use super::token::{asked, refusal};
use crate::state::State;

/// POST: a form with the token. Whatever it was, it is dead now, and there is nothing more to say (section 2.2).
pub(crate) async fn revoke_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let asked = match asked(&state, &mut request).await? {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused),
    };
    Ok(match state.provider().revoke_token(asked.proof()).await {
        Ok(()) => Response::builder().status(StatusCode::OK).finish(),
        Err(refused) => refusal(&refused, asked.by_header()),
    })
}
