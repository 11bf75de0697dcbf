//! `/oauth2/register`: applications register themselves (RFC 7591) and look after themselves (RFC 7592).

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde_json::{Value, json};
use vestibule_core::ClientId;
use vestibule_oidc::registration::{Applicant, RegistrationError, Steward};

use super::{dpop::with_challenge, reply::json, sign_in::source};
use crate::{
    http::{Failure, FormError, is_of_type, plain_description, read_whole},
    state::State,
};

/// POST: an application says what it is, and is told who it is from now on.
pub(crate) async fn registration_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let (token, source) = (bearer(&request), source(&request));
    let document = match document(&state, &mut request).await? {
        Ok(document) => document,
        Err(refused) => return Ok(refused),
    };
    let applicant = Applicant { token: token.as_deref(), document: &document, source: &source };
    answered(StatusCode::CREATED, state.provider().register(applicant).await)
}

/// GET: what is registered.
pub(crate) async fn registration_shown(state: State, request: Request) -> poem::Result<Response> {
    let (token, source, client) = (bearer(&request), source(&request), named(&request));
    let steward = Steward { client: &client, token: token.as_deref(), source: &source };
    answered(StatusCode::OK, state.provider().registration(steward).await)
}

/// PUT: what is to be registered in its place.
pub(crate) async fn registration_put(state: State, mut request: Request) -> poem::Result<Response> {
    let (token, source, client) = (bearer(&request), source(&request), named(&request));
    let document = match document(&state, &mut request).await? {
        Ok(document) => document,
        Err(refused) => return Ok(refused),
    };
    let steward = Steward { client: &client, token: token.as_deref(), source: &source };
    answered(StatusCode::OK, state.provider().reregister(steward, &document).await)
}

/// DELETE: the application is no more.
pub(crate) async fn registration_deleted(state: State, request: Request) -> poem::Result<Response> {
    let (token, source, client) = (bearer(&request), source(&request), named(&request));
    let steward = Steward { client: &client, token: token.as_deref(), source: &source };
    match state.provider().unregister(steward).await {
        Ok(()) => Ok(Response::builder().status(StatusCode::NO_CONTENT).finish()),
        Err(error) => refused(&error),
    }
}

fn answered(status: StatusCode, answer: Result<Value, RegistrationError>) -> poem::Result<Response> {
    match answer {
        Ok(document) => {
            let mut response = json(status, &document);
            response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
            Ok(response)
        }
        Err(error) => refused(&error),
    }
}

/// RFC 7591 section 3.2.2, and RFC 6750 section 3.1 for the tokens.
fn refused(error: &RegistrationError) -> poem::Result<Response> {
    let code = error.code();
    let status = match error {
        // Where applications do not register themselves, there is nothing here.
        RegistrationError::Off => return Err(Failure::new(StatusCode::NOT_FOUND, "not_found").into()),
        RegistrationError::Unauthorized(_) => StatusCode::UNAUTHORIZED,
        RegistrationError::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        RegistrationError::RedirectUri(_)
        | RegistrationError::Metadata(_)
        | RegistrationError::InvalidStatement(_)
        | RegistrationError::UnapprovedStatement => StatusCode::BAD_REQUEST,
        RegistrationError::Unavailable(unavailable) => {
            tracing::error!(error = %unavailable, "an application could not be registered");
            StatusCode::SERVICE_UNAVAILABLE
        }
    };
    // What is wrong below is for the log.
    let words = match error {
        RegistrationError::Unavailable(_) => "try again later".to_owned(),
        other => plain_description(&other.to_string()).to_string(),
    };
    tracing::info!(code, reason = %words, "an application was not registered, changed or shown");
    let mut response = json(status, &json!({ "error": code, "error_description": words }));
    if let RegistrationError::TooMany { retry_after } = error {
        response.headers_mut().insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
    }
    if status == StatusCode::UNAUTHORIZED {
        response = with_challenge(response, &format!("Bearer realm=\"vestibule\", error=\"{code}\""));
    }
    Ok(response)
}

/// The body, a JSON text. The inner error is the answer to one that cannot be read.
async fn document(state: &State, request: &mut Request) -> poem::Result<Result<String, Response>> {
    let unreadable = |why: &str| refused(&RegistrationError::Metadata(why.to_owned())).map(Err);
    if !is_of_type(request.headers(), &["application/json"]) {
        return unreadable("the body must be application/json");
    }
    match read_whole(request.take_body(), state.max_body()).await {
        Ok(bytes) => match String::from_utf8(bytes.to_vec()) {
            Ok(text) => Ok(Ok(text)),
            Err(_) => unreadable("the body is not UTF-8"),
        },
        Err(error @ FormError::TooLarge) => Err(Failure::from(error).into()),
        Err(error) => unreadable(&error.to_string()),
    }
}

/// The bearer token of the one `Authorization` header.
fn bearer(request: &Request) -> Option<String> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (headers.next(), headers.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim().to_owned())
}

fn named(request: &Request) -> ClientId {
    request.raw_path_param("client").unwrap_or_default().to_owned().into()
}
