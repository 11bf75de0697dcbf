//! Forms of our own pages: who may post them, and what they carry.

use poem::{Request, http::StatusCode};
use vestibule_core::{Malformed, Parameters};
use vestibule_oidc::Unavailable;

use super::{browser::Browser, reply::unavailable_page};
use crate::{
    http::{Failure, check_origin, read_form, read_query},
    pages::Hidden,
    state::State,
};

/// The field that carries the CSRF token.
const CSRF: &str = "csrf_token";
/// The field, and the query parameter, that names the request that waits.
pub(crate) const REQUEST: &str = "request";

/// A form of ours that came from the browser it was given to.
pub(crate) struct Posted {
    pub(crate) browser: Browser,
    pub(crate) fields: Parameters,
}

/// What a form carries unseen.
pub(crate) fn hidden(state: &State, browser: &Browser, request: Option<&str>) -> Hidden {
    let mut fields: Hidden = vec![(CSRF, state.csrf().token_for(&browser.token))];
    fields.extend(request.map(|request| (REQUEST, request.to_owned())));
    fields
}

/// Reads a posted form of ours. One from a foreign page is answered 403, whatever it carries (attack A15).
pub(crate) async fn read(state: &State, request: &mut Request) -> poem::Result<Posted> {
    read_repeatable(state, request, &[]).await
}

/// The same, of a form where the fields named in `repeatable` may stand several times.
pub(super) async fn read_repeatable(state: &State, request: &mut Request, repeatable: &[&str]) -> poem::Result<Posted> {
    if let Err(error) = check_origin(request, state.public_url()) {
        tracing::warn!(%error, "a form was refused");
        return Err(Failure::new(StatusCode::FORBIDDEN, "invalid_form").into());
    }
    let fields = read_form(request, state.max_body()).await.map_err(Failure::from)?;
    if let Some(double) = fields.first_duplicate(repeatable) {
        return Err(Failure::invalid_request(double.to_string()).into());
    }
    let browser = or_unavailable(state, request, Browser::of(state, request).await)?;
    let token = fields.get(CSRF).unwrap_or_default();
    if !browser.is_known() || !state.csrf().verify(&browser.token, token) {
        tracing::warn!("a form was refused: its CSRF token is missing or not this browser's");
        return Err(Failure::new(StatusCode::FORBIDDEN, "invalid_form").into());
    }
    Ok(Posted { browser, fields })
}

/// The parameters that an application lets a browser post: those of the query count too, so that one in each place is a
/// double (attack A08).
pub(crate) async fn read_parameters(state: &State, request: &mut Request) -> poem::Result<Parameters> {
    let query = read_query(request).map_err(bad_query)?;
    let body = read_form(request, state.max_body()).await.map_err(Failure::from)?;
    Ok(query.chain(body))
}

/// For `?` on what may be unavailable, in a handler that answers pages.
pub(crate) fn or_unavailable<T>(state: &State, request: &Request, result: Result<T, Unavailable>) -> poem::Result<T> {
    result.map_err(|error| poem::Error::from_response(unavailable_page(state, request, &error)))
}

/// For `?` on a query that does not parse.
pub(crate) fn bad_query(error: Malformed) -> poem::Error {
    Failure::invalid_request(error.to_string()).into()
}
