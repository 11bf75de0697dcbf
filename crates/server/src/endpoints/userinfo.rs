//! `/oauth2/userinfo`, by GET and by POST.

use poem::{
    Request, Response,
    http::{HeaderValue, Method, StatusCode, header},
};
use serde_json::json;
use vestibule_oidc::{
    DpopRefusal, PresentedError, PresentedToken, TokenScheme,
    client::SenderCertificate,
    discovery::path,
    userinfo::{Told, UserinfoError},
};

use super::{
    dpop::{self, with_challenge},
    reply::json,
};
use crate::{
    http::{Failure, FormError, read_form},
    state::State,
};

/// GET, or POST with the token in the header or in the form (RFC 6750 section 2, OpenID Connect Core section 5.3.1); bound by
/// DPoP, in the header with its proof (RFC 9449 section 7).
pub(crate) async fn userinfo(state: State, mut request: Request) -> poem::Result<Response> {
    let Some((scheme, token)) = presented(&state, &mut request).await? else {
        let response = Response::builder().status(StatusCode::UNAUTHORIZED).finish();
        let response = with_challenge(response, "Bearer realm=\"vestibule\"");
        return Ok(dpop::with_nonce(&state, with_challenge(response, &dpop::challenge(None))));
    };
    let certificate = state.vouching().sender(&request).as_ref().map(SenderCertificate::confirmation);
    let proofs = dpop::proofs(&request);
    let presented = PresentedToken {
        token: &token,
        scheme,
        request: dpop::spoken_of(&request, path::USERINFO, &proofs),
        certificate: certificate.as_ref(),
    };
    let response = match state.provider().userinfo(&presented).await {
        Ok(Told::Plain(claims)) => json(StatusCode::OK, &claims),
        Ok(Told::Jwt(token)) => Response::builder().status(StatusCode::OK).content_type("application/jwt").body(token),
        Err(error) => refusal(scheme, &error),
    };
    Ok(dpop::with_nonce(&state, response))
}

fn refusal(scheme: TokenScheme, error: &UserinfoError) -> Response {
    match error {
        UserinfoError::Unavailable(_) | UserinfoError::Token(PresentedError::Dpop(DpopRefusal::Unavailable(_))) => {
            tracing::error!(%error, "userinfo could not be answered");
            return json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "error": "temporarily_unavailable" }));
        }
        _ => tracing::info!(reason = %error, "an access token was refused at userinfo"),
    }
    match error {
        UserinfoError::Scope => {
            let words = "the access token was given without openid";
            challenge(StatusCode::FORBIDDEN, scheme, "insufficient_scope", words)
        }
        UserinfoError::NotEncrypted(error) => {
            challenge(StatusCode::BAD_REQUEST, scheme, "invalid_request", &error.to_string())
        }
        UserinfoError::Token(PresentedError::Dpop(refusal)) => {
            challenge(StatusCode::UNAUTHORIZED, TokenScheme::Dpop, refusal.code(), &refusal.to_string())
        }
        // Whoever holds the token may hold its key too, and is told which scheme to use.
        UserinfoError::Token(error @ PresentedError::Downgraded) => {
            challenge(StatusCode::UNAUTHORIZED, TokenScheme::Dpop, "invalid_token", &error.to_string())
        }
        _ => challenge(StatusCode::UNAUTHORIZED, scheme, "invalid_token", "the access token is not valid"),
    }
}

/// The one access token of a request. Two places at once are refused (RFC 6750 section 2), the query always.
async fn presented(state: &State, request: &mut Request) -> poem::Result<Option<(TokenScheme, String)>> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION).iter();
    let first = headers.next().map(HeaderValue::to_str).transpose().map_err(invalid)?;
    if headers.next().is_some() {
        return Err(invalid("there is more than one Authorization header"));
    }
    if request.uri().query().is_some_and(|query| query.contains("access_token")) {
        return Err(invalid("an access token never stands in the URL"));
    }
    let in_header = match first.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => {
            Some((TokenScheme::Bearer, token.trim().to_owned()))
        }
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("DPoP") => {
            Some((TokenScheme::Dpop, token.trim().to_owned()))
        }
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
    let in_body = form.single("access_token").map_err(invalid)?.map(|token| (TokenScheme::Bearer, token.to_owned()));
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(invalid("the access token stands in the header and in the body")),
        (one, other) => Ok(one.or(other)),
    }
}

/// A request that is malformed (RFC 6750 section 3.1), in words.
fn invalid(words: impl ToString) -> poem::Error {
    let words = words.to_string();
    poem::Error::from_response(challenge(StatusCode::BAD_REQUEST, TokenScheme::Bearer, "invalid_request", &words))
}

/// A refusal with its challenge (RFC 6750 section 3, RFC 9449 section 7.1).
fn challenge(status: StatusCode, scheme: TokenScheme, code: &str, description: &str) -> Response {
    let plain: String = description.chars().filter(|c| matches!(c, ' '..='~') && *c != '"' && *c != '\\').collect();
    let response = json(status, &json!({ "error": code, "error_description": plain }));
    let challenge = match scheme {
        TokenScheme::Bearer => {
            format!("Bearer realm=\"vestibule\", error=\"{code}\", error_description=\"{plain}\"")
        }
        TokenScheme::Dpop => dpop::challenge(Some((code, &plain))),
    };
    with_challenge(response, &challenge)
}
