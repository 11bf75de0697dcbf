//! What comes after a sign-out: where the person wanted to go, by way of a page that tells applications, if any are to be told.

use poem::{
    Response,
    http::{HeaderValue, StatusCode, header},
};
use vestibule_oidc::{Member, end_session::ReturnTo};

use super::reply::{page, with_cookies};
use crate::{http::leaving_policy, pages::Leaving, state::State};

/// Sessions that were ended at a browser.
#[derive(Default)]
pub(super) struct Ended {
    /// What says so to the browser.
    pub(super) cookies: Vec<HeaderValue>,
    /// The applications that were given tokens in them.
    pub(super) members: Vec<Member>,
}

/// Leads on after a sign-out: to `back` or, where that is nothing, by `otherwise`. Where applications are told by way of the
/// browser, a page of ours comes first.
pub(super) async fn leave(
    state: &State,
    ended: Ended,
    back: Option<&ReturnTo>,
    otherwise: impl FnOnce() -> Response,
) -> Response {
    let frames = state.provider().front_channel(&ended.members).await.unwrap_or_else(|error| {
        // They are signed out all the same.
        tracing::error!(%error, "applications could not be told by way of the browser that a session ended");
        Vec::new()
    });
    let response = if frames.is_empty() { otherwise() } else { telling(state, frames, back) };
    with_cookies(response, ended.cookies)
}

fn telling(state: &State, frames: Vec<String>, back: Option<&ReturnTo>) -> Response {
    let policy = HeaderValue::try_from(leaving_policy(&frames));
    let onward = back.map(ReturnTo::location);
    let mut response = page(StatusCode::OK, Leaving { site: state.site(), frames, onward }.render(), &[]);
    let headers = response.headers_mut();
    // Without it, the page has the policy that lets it frame nothing.
    if let Ok(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
