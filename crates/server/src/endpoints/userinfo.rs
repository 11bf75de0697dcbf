//! `/oauth2/userinfo`, by GET and by POST.

use poem::{
    Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use serde_json::json;
use vestibule_oidc::userinfo::UserinfoError;

use super::reply::json;
use crate::{
    http::{Failure, FormError, read_form},
    state::State,
};

/// GET, or POST with the token in the header or in the form (RFC 6750 section 2, OpenID Connect Core section 5.3.1).
pub(crate) async fn userinfo(state: State, mut request: Request) -> poem::Result<Response> {
    let Some(token) = presented(&state, &mut request).await? else {
        return Ok(challenge(StatusCode::UNAUTHORIZED, None));
    };
    let certificate = state.vouching().sender(&request);
    Ok(match state.provider().userinfo(&token, certificate.as_ref()).await {
        Ok(claims) => json(StatusCode::OK, &claims),
        Err(UserinfoError::Unavailable(error)) => {
            tracing::error!(%error, "userinfo could not be answered");
            json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": "temporarily_unavailable" }))
        }
        Err(UserinfoError::Scope) => {
            challenge(StatusCode::FORBIDDEN, Some(("insufficient_scope", "the access token was given without openid")))
        }
        Err(error) => {
            tracing::info!(reason = %error, "an access token was refused at userinfo");
            challenge(StatusCode::UNAUTHORIZED, Some(("invalid_token", "the access token is not valid")))
        }
    })
}

/// The one access token of a request. Two places at once are refused (RFC 6750 section 2), the query always.
async fn presented(state: &State, request: &mut Request) -> poem::Result<Option<String>> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION).iter();
    let first = headers.next().map(HeaderValue::to_str).transpose().map_err(invalid)?;
    if headers.next().is_some() {
        return Err(invalid("there is more than one Authorization header"));
    }
    if request.uri().query().is_some_and(|query| query.contains("access_token")) {
        return Err(invalid("an access token never stands in the URL"));
    }
    let in_header = match first.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => Some(token.trim().to_owned()),
        _ => None,
    };
    let is_form = request.content_type().is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if request.method() != Method::POST || !is_form {
        return Ok(in_header);
    }
    let form = read_form(request, state.max_body()).await.map_err(|error| match error {
        FormError::TooLarge | FormError::Encoded => Failure::from(error).into(),
        error => invalid(error),
    })?;
    let in_body = form.single("access_token").map_err(invalid)?.map(str::to_owned);
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(invalid("the access token stands in the header and in the body")),
        (one, other) => Ok(one.or(other)),
    }
}

/// A request that is malformed (RFC 6750 section 3.1), in words.
fn invalid(words: impl ToString) -> poem::Error {
    poem::Error::from_response(challenge(StatusCode::BAD_REQUEST, Some(("invalid_request", &words.to_string()))))
}

/// RFC 6750 section 3: without a token there is a challenge and nothing more.
fn challenge(status: StatusCode, error: Option<(&str, &str)>) -> Response {
    let (value, mut response) = match error {
        None => ("Bearer realm=\"vestibule\"".to_owned(), Response::builder().status(status).finish()),
        Some((code, description)) => {
            let plain: String =
                description.chars().filter(|c| matches!(c, ' '..='~') && *c != '"' && *c != '\\').collect();
            (
                format!("Bearer realm=\"vestibule\", error=\"{code}\", error_description=\"{plain}\""),
                json(status, &json!({ "error": code, "error_description": plain })),
            )
        }
    };
    if let Ok(value) = HeaderValue::from_str(&value) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
