//! `/oauth2/authorize`, by GET and by POST.
//!
//! A POST comes from another site, so that the browser holds our SameSite=Lax cookies back. The request is proved, kept for a
//! moment, and taken up again by a GET of ours, where the cookies arrive.

use std::time::Duration;

use poem::{Request, Response, http::StatusCode};
use vestibule_core::Parameters;
use vestibule_ephemeral::{Found as Stored, Kind};
use vestibule_oidc::{
    Unavailable,
    authorize::{Answer, AuthorizeError, Delivery, PageError},
    client::{Client, SelfRegistered},
};

use super::{
    browser::Browser,
    flow::{self, Authorize, Purpose, Stop},
    form::read_parameters,
    reply::{deliver, error_page, page, see_other, unavailable_page},
};
use crate::{
    http::read_query,
    pages::{App, FormPost, Label, Notice},
    state::{State, app_of},
};

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
        Err(error) => refused(&state, &request, &parameters, error).await,
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
        Err(error) => refused(&state, &request, &parameters, error).await,
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

async fn refused(state: &State, request: &Request, sent: &Parameters, error: AuthorizeError) -> Response {
    match error {
        AuthorizeError::Page(error) => page_error(state, request, &error),
        AuthorizeError::Unavailable(error) => unavailable_page(state, request, &error),
        AuthorizeError::Redirect(answer) => match state.provider().clients().find(answer.client_id()).await {
            Ok(Some(client)) if is_a_stranger(&client) && sent.get("prompt") != Some("none") => {
                ask_before_leaving(state, &client, answer)
            }
            Ok(_) => deliver(state, answer),
            Err(error) => unavailable_page(state, request, &error),
        },
    }
}

/// Whether nobody here knows whose application it is.
fn is_a_stranger(client: &Client) -> bool {
    matches!(client.self_registered, Some(SelfRegistered::Open | SelfRegistered::Document))
}

/// An address of ours that leads at once to wherever a stranger registered would lend it our name (RFC 9700 section 4.11.2). So a
/// person sees first where it goes.
fn ask_before_leaving(state: &State, client: &Client, answer: Answer) -> Response {
    match answer.deliver() {
        Delivery::Redirect(location) => {
            let App { name, host, .. } = app_of(client, Some(&location));
            let there = host.map_or_else(|| name.to_string(), |host| format!("{name} ({host})"));
            let words = vec![
                Label::from(format!(
                    "{there} sent you here with a request that it may not make. Nothing of yours was given to it."
                )),
                Label::from("If you did not mean to go there, close this page."),
            ];
            let title = Label::from("Something is wrong with the app");
            let notice = Notice::new(state.site(), title, words).with_next("Go back to the app", location);
            page(StatusCode::BAD_REQUEST, Notice { id: "app-error", ..notice }.render(), &[])
        }
        Delivery::Form { action, fields } => {
            // Without its script, the form waits for its button.
            let html = FormPost { site: state.site(), action: action.clone(), fields }.render();
            page(StatusCode::BAD_REQUEST, html, &[action])
        }
    }
}

fn page_error(state: &State, request: &Request, error: &PageError) -> Response {
    tracing::info!(error = error.code(), reason = %error, "an authorization request was answered by a page");
    error_page(state, request, StatusCode::BAD_REQUEST, error.code(), Some(&error.to_string()))
}
