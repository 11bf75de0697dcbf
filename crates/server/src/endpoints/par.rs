//! `/oauth2/par`: an application leaves an authorization request before it sends a browser (RFC 9126).

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::json;
use vestibule_oidc::{
    authorize::{ErrorCode, PushError},
    discovery::path,
    token::TokenRequest,
};

use super::{
    dpop,
    reply::json,
    sign_in::source,
    token::{asked, refusal},
};
use crate::{http::plain_description, state::State};

/// POST: a `request_uri` for the request in the body.
pub(crate) async fn par_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let asked = match asked(&state, &mut request).await? {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused),
    };
    let proofs = dpop::proofs(&request);
    let proof = asked.proof();
    let push = TokenRequest {
        authorization: proof.authorization,
        parameters: proof.parameters,
        certificate: proof.certificate,
        dpop: dpop::spoken_of(&request, path::PAR, &proofs),
        source: source(&request),
    };
    let response = match state.provider().push(push).await {
        Ok(pushed) => {
            let mut response = json(StatusCode::CREATED, &pushed);
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store"));
            response
        }
        Err(PushError::Client(error)) => refusal(&error, asked.by_header()),
        Err(PushError::Refused(code, words)) => refused(code, &words),
    };
    Ok(dpop::with_nonce(&state, response))
}

/// RFC 9126 section 2.3: the errors of the authorization endpoint, in JSON.
fn refused(code: ErrorCode, words: &str) -> Response {
    let status = match code {
        ErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    json(status, &json!({ "error": code.as_str(), "error_description": plain_description(words) }))
}
