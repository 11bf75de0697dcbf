//! `/oauth2/token`.

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::json;
use vestibule_oidc::token::{TokenError, TokenErrorCode, TokenRequest};

use super::{reply::json, sign_in::source};
use crate::{
    http::{Failure, plain_description, read_form},
    state::State,
};

/// POST: a form, answered in JSON that nobody may keep (RFC 6749 sections 5.1 and 5.2).
pub(crate) async fn token_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let Ok(authorization) = authorization_of(&request) else {
        let words = "the Authorization header is not one line of ASCII";
        return Ok(error(TokenErrorCode::InvalidRequest, words, false));
    };
    if request.uri().query().is_some_and(|query| query.contains("client_secret")) {
        return Ok(error(TokenErrorCode::InvalidRequest, "credentials never stand in the URL", false));
    }
    let parameters = read_form(&mut request, state.max_body()).await.map_err(Failure::from)?;
    let authorization = authorization.as_deref();
    let source = source(&request);
    let asked = TokenRequest { authorization, parameters: &parameters, confirmation: None, source };
    Ok(match state.provider().token(asked).await {
        Ok(tokens) => {
            let mut response = json(StatusCode::OK, &tokens);
            response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
            response
        }
        Err(refused) => refusal(&refused, authorization.is_some()),
    })
}

/// The one `Authorization` header, if any.
fn authorization_of(request: &Request) -> Result<Option<String>, ()> {
    let mut lines = request.headers().get_all(header::AUTHORIZATION).iter();
    let line = lines.next().map(HeaderValue::to_str).transpose().map_err(|_| ())?;
    if lines.next().is_some() { Err(()) } else { Ok(line.map(str::to_owned)) }
}

fn refusal(refused: &TokenError, by_header: bool) -> Response {
    if refused.code() == TokenErrorCode::TemporarilyUnavailable {
        tracing::error!(reason = %refused, "tokens could not be issued");
    }
    error(refused.code(), &refused.hint(), by_header)
}

/// An error of RFC 6749 section 5.2. A client that tried the `Authorization` header is told which scheme is meant.
fn error(code: TokenErrorCode, description: &str, by_header: bool) -> Response {
    let status = match code {
        TokenErrorCode::InvalidClient => StatusCode::UNAUTHORIZED,
        TokenErrorCode::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response =
        json(status, &json!({ "error": code.as_str(), "error_description": plain_description(description) }));
    let headers = response.headers_mut();
    if code == TokenErrorCode::InvalidClient && by_header {
        headers
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"vestibule\", charset=\"UTF-8\""));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    response
}
