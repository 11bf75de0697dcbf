//! `/oauth2/authorize`, by GET and by POST.
//!
//! A POST comes from another site, so that the browser holds our SameSite=Lax cookies back. The request is proved, kept for a
//! moment, and taken up again by a GET of ours, where the cookies arrive.

use std::time::Duration;

use poem::{Request, Response, http::StatusCode};
use vestibule_ephemeral::{Found as Stored, Kind};
use vestibule_oidc::{
    Unavailable,
    authorize::{AuthorizeError, PageError},
};

use super::{
    browser::Browser,
    flow::{self, Authorize, Purpose, Stop},
    form::read_parameters,
    reply::{deliver, error_page, see_other, unavailable_page},
};
use crate::{http::read_query, state::State};

/// Requests on their way from a POST to the GET that takes them up.
const POSTED: Kind = Kind::once("posted");
/// How long that may take.
const POSTED_LIFETIME: Duration = Duration::from_secs(60);

/// GET: the parameters stand in the query.
pub(crate) async fn authorize_by_get(state: State, request: Request) -> Response {
    let parameters = match read_query(&request) {
        Ok(parameters) => parameters,
        Err(error) => return page_error(&state, &request, &error.into()),
    };
    match state.provider().authorize(&parameters).await {
        Ok((client, valid)) => {
            let authorize = Authorize::new(valid, &state);
            begin(&state, &request, &client, authorize).await
        }
        Err(error) => refused(&state, &request, error),
    }
}

/// POST: the parameters stand in the body (OpenID Connect Core section 3.1.2.1).
pub(crate) async fn authorize_by_post(state: State, mut request: Request) -> poem::Result<Response> {
    let parameters = read_parameters(&state, &mut request).await?;
    Ok(match state.provider().authorize(&parameters).await {
        Ok((_, valid)) => match keep(&state, &Purpose::Authorize(Box::new(Authorize::new(valid, &state)))).await {
            Ok(id) => see_other(&format!("/oauth2/authorize/posted/{id}")),
            Err(error) => unavailable_page(&state, &request, &error),
        },
        Err(error) => refused(&state, &request, error),
    })
}

/// The GET that takes up what a POST left.
pub(crate) async fn authorize_posted(state: State, request: Request) -> poem::Result<Response> {
    let taken = take_up(&state, &request).await.map_err(|stop| stop.error(&state, &request))?;
    let Purpose::Authorize(authorize) = taken else { return Err(Stop::Gone.error(&state, &request)) };
    Ok(match state.provider().clients().find(&authorize.request.to.client_id).await {
        Ok(Some(client)) => begin(&state, &request, &client, *authorize).await,
        Ok(None) => page_error(&state, &request, &PageError::InvalidClient),
        Err(error) => unavailable_page(&state, &request, &error),
    })
}

/// Keeps what was posted, under a name that only the browser is told.
pub(super) async fn keep(state: &State, pending: &Purpose) -> Result<String, Unavailable> {
    let id = state.random().token();
    state.ephemeral().put(POSTED, &id, &serde_json::to_vec(pending)?, POSTED_LIFETIME, None).await?;
    Ok(id)
}

/// Takes up what was posted, once.
pub(super) async fn take_up(state: &State, request: &Request) -> Result<Purpose, Stop> {
    let id = request.raw_path_param("id").unwrap_or_default();
    match state.ephemeral().take(POSTED, id, None).await.map_err(Unavailable::from)? {
        Stored::Live(value) => Ok(serde_json::from_slice(&value).map_err(Unavailable::from)?),
        Stored::Spent(_) | Stored::Missing => Err(Stop::Gone),
    }
}

async fn begin(
    state: &State,
    request: &Request,
    client: &vestibule_oidc::client::Client,
    authorize: Authorize,
) -> Response {
    let answer = async {
        let browser = Browser::of(state, request).await?;
        flow::begin(state, &browser, client, authorize).await
    };
    answer.await.unwrap_or_else(|error| unavailable_page(state, request, &error))
}

fn refused(state: &State, request: &Request, error: AuthorizeError) -> Response {
    match error {
        AuthorizeError::Page(error) => page_error(state, request, &error),
        AuthorizeError::Redirect(answer) => deliver(state, answer),
        AuthorizeError::Unavailable(error) => unavailable_page(state, request, &error),
    }
}

fn page_error(state: &State, request: &Request, error: &PageError) -> Response {
    tracing::info!(error = error.code(), reason = %error, "an authorization request was answered by a page");
    error_page(state, request, StatusCode::BAD_REQUEST, error.code(), Some(&error.to_string()))
}
