//! How answers are written: pages, redirects, JSON, and the errors among them.

use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use serde::Serialize;
use vestibule_oidc::{
    Unavailable,
    authorize::{Answer, Delivery},
};

use crate::{
    http::{RequestId, page_policy, posting_policy},
    pages::{App, ErrorPage, FormPost},
    state::State,
};

/// A page whose forms lead to ourselves and to `form_targets` besides (Chromium applies `form-action` to the redirect after a
/// POST too).
pub(crate) fn page(status: StatusCode, html: String, form_targets: &[String]) -> Response {
    page_of_app(status, html, None, form_targets)
}

/// The same for a page that shows the logo of `app`.
pub(crate) fn page_of_app(status: StatusCode, html: String, app: Option<&App>, form_targets: &[String]) -> Response {
    let logo = app.and_then(|app| app.logo_uri.as_ref()).map(ToString::to_string);
    Response::builder()
        .status(status)
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, page_policy(form_targets, logo.as_deref()))
        .body(html)
}

/// 303 to `location`: the browser follows with GET, so that a form's content never travels on (RFC 9700 section 4.12).
pub(crate) fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, location).finish(),
        // Locations are built from ASCII; this is where it would show if one were not.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into(),
    }
}

/// Delivers an answer to its application, by way of the browser.
pub(crate) fn deliver(state: &State, answer: Answer) -> Response {
    match answer.deliver() {
        Delivery::Redirect(location) => see_other(&location),
        Delivery::Form { action, fields } => Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, posting_policy(&action))
            .body(FormPost { site: state.site(), action, fields }.render()),
    }
}

/// `response` with cookies.
pub(crate) fn with_cookies(mut response: Response, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => Response::builder().status(status).content_type("application/json").body(body),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into(),
    }
}

/// An error page that does not redirect. `code` is stable; `detail` is for the developer of the application.
pub(crate) fn error_page(
    state: &State,
    request: &Request,
    status: StatusCode,
    code: &str,
    detail: Option<&str>,
) -> Response {
    let id = RequestId::of(request);
    let mut error = ErrorPage::new(state.site(), code, id.as_str());
    if let Some(detail) = detail {
        error = error.with_detail(detail);
    }
    page(status, error.render(), &[])
}

/// The page for when something of ours does not answer.
pub(crate) fn unavailable_page(state: &State, request: &Request, error: &Unavailable) -> Response {
    tracing::error!(%error, "a page could not be made");
    error_page(state, request, StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None)
}
