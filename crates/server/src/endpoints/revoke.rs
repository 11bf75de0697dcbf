//! `/oauth2/revoke` (RFC 7009).

use poem::{Request, Response, http::StatusCode};
use vestibule_oidc::revocation::RevocationRequest;

use super::token::{asked, refusal};
use crate::state::State;

/// POST: a form with the token. Whatever it was, it is dead now, and there is nothing more to say (section 2.2).
pub(crate) async fn revoke_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let (authorization, parameters) = match asked(&state, &mut request).await? {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused),
    };
    let authorization = authorization.as_deref();
    Ok(match state.provider().revoke_token(RevocationRequest { authorization, parameters: &parameters }).await {
        Ok(()) => Response::builder().status(StatusCode::OK).finish(),
        Err(refused) => refusal(&refused, authorization.is_some()),
    })
}
