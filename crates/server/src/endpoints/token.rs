//! `/oauth2/token`.

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::json;
use vestibule_core::Parameters;
use vestibule_oidc::token::{TokenError, TokenErrorCode, TokenRequest};

use super::{reply::json, sign_in::source};
use crate::{
    http::{Failure, plain_description, read_form},
    state::State,
};

/// POST: a form, answered in JSON that nobody may keep (RFC 6749 sections 5.1 and 5.2).
pub(crate) async fn token_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let (authorization, parameters) = match asked(&state, &mut request).await? {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused),
    };
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

/// What an application asks of an endpoint that it proves itself at: the `Authorization` header, and the form. The inner error is
/// the answer to a request that cannot be read.
pub(super) async fn asked(
    state: &State,
    request: &mut Request,
) -> poem::Result<Result<(Option<String>, Parameters), Response>> {
    let authorization = match authorization_of(request) {
        Ok(authorization) => authorization,
        Err(refused) => return Ok(Err(refused)),
    };
    if request.uri().query().is_some_and(|query| query.contains("client_secret")) {
        return Ok(Err(error(TokenErrorCode::InvalidRequest, "credentials never stand in the URL", false)));
    }
    let parameters = read_form(request, state.max_body()).await.map_err(Failure::from)?;
    Ok(Ok((authorization, parameters)))
}

/// The one `Authorization` header, if any; the error is the answer to another.
pub(super) fn authorization_of(request: &Request) -> Result<Option<String>, Response> {
    let mut lines = request.headers().get_all(header::AUTHORIZATION).iter();
    match (lines.next().map(HeaderValue::to_str).transpose(), lines.next()) {
        (Ok(line), None) => Ok(line.map(str::to_owned)),
        _ => {
            let words = "the Authorization header is not one line of ASCII";
            Err(error(TokenErrorCode::InvalidRequest, words, false))
        }
    }
}

pub(super) fn refusal(refused: &TokenError, by_header: bool) -> Response {
    if refused.code() == TokenErrorCode::TemporarilyUnavailable {
        tracing::error!(reason = %refused, "an application could not be answered");
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
