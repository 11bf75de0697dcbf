//! `/consent`: asking a person what an application may have.

use poem::{Request, Response, http::StatusCode};
use vestibule_core::ScopeSet;
use vestibule_oidc::{Present, Unavailable, authorize::Next, client::Api};

use super::{
    browser::Browser,
    flow::{self, Found, Stop},
    form::{self, Posted, REQUEST, bad_query, hidden, or_unavailable},
    reply::page_of_app,
};
use crate::{
    http::read_query,
    pages::{Consent, ScopeLine, action},
    state::{State, app_of, person_of},
};

/// The field that names the session that was asked: a page shown to one person is never another's answer (attack A16).
const SESSION: &str = "session";
/// The field that names what was shown: nothing that was not is granted (attack A33).
const SHOWN: &str = "scope";

/// GET: the page, where the dispatcher wants it.
pub(crate) async fn consent_page(state: State, request: Request) -> poem::Result<Response> {
    let shown = async {
        let query = read_query(&request).map_err(bad_query)?;
        let browser = or_unavailable(&state, &request, Browser::of(&state, &request).await)?;
        let shown = async {
            let id = query.get(REQUEST).map(str::to_owned).ok_or(Stop::Gone)?;
            let found = flow::load_authorize(&state, &browser, &id).await?;
            show(&state, &browser, found).await
        };
        shown.await.map_err(|stop| stop.error(&state, &request))
    };
    shown.await
}

/// POST: the person's answer. The buttons say which. A form that comes without either allows: its CSRF token and the session
/// that it names bind it to the page that was shown, and scripts that post back what is hidden are promised to get through.
pub(crate) async fn consent_posted(state: State, mut request: Request) -> poem::Result<Response> {
    let answered = async {
        let Posted { browser, fields } = form::read(&state, &mut request).await?;
        let answer = async {
            let found = flow::load_authorize(&state, &browser, fields.get(REQUEST).ok_or(Stop::Gone)?).await?;
            let who = found.authorize.who(&browser);
            let Some(present) = found.authorize.counts(who).cloned() else {
                return flow::go_on(&state, &browser.watched(&state), found, who).await;
            };
            if fields.get(SESSION) != Some(present.session.sid.to_string().as_str()) {
                // Somebody else signed in since the page was shown: ask them.
                return flow::go_on(&state, &browser.watched(&state), found, Some(&present)).await;
            }
            match fields.get("action") {
                Some(action::DENY) => flow::deny(&state, &browser.watched(&state), found).await,
                Some(action::SWITCH) => {
                    let mut authorize = found.authorize.clone();
                    // Where others are signed in too, one of them may be meant.
                    authorize.progress.choosing = !browser.others.is_empty();
                    authorize.progress.account_chosen_by = None;
                    authorize.switching = browser.others.is_empty();
                    authorize.progress.began_at = state.clock().now();
                    let found = flow::keep(&state, found, authorize).await?;
                    flow::go_on(&state, &browser.watched(&state), found, Some(&present)).await
                }
                Some(action::ALLOW) | None => {
                    let shown: ScopeSet = fields.get(SHOWN).unwrap_or_default().parse().unwrap_or_default();
                    allow(&state, &browser, found, &present, &shown).await
                }
                Some(_) => flow::go_on(&state, &browser.watched(&state), found, Some(&present)).await,
            }
        };
        answer.await.map_err(|stop| stop.error(&state, &request))
    };
    answered.await
}

/// Remembers what was allowed: only what was asked for and shown.
async fn allow(
    state: &State,
    browser: &Browser,
    mut found: Found,
    present: &Present,
    shown: &ScopeSet,
) -> Result<Response, Stop> {
    let Next::Consent(asked) = found.authorize.next(state, &found.client, Some(present)).await? else {
        return flow::go_on(state, &browser.watched(state), found, Some(present)).await;
    };
    let allowed = asked.filter(|scope| shown.contains(scope));
    state.provider().consents().grant(present.user.id, &found.client.id, &allowed).await?;
    if asked.is_subset(shown) {
        found.authorize.progress.consented_by = Some(present.user.id);
    }
    // Where this was the last step, nothing is kept before what waits is taken: a second click that came at the same moment
    // holds the same version of it, so that one of the two gets the code, and not neither.
    if !matches!(found.authorize.next(state, &found.client, Some(present)).await?, Next::Finish) {
        let authorize = found.authorize.clone();
        found = flow::keep(state, found, authorize).await?;
    }
    flow::go_on(state, &browser.watched(state), found, Some(present)).await
}

async fn show(state: &State, browser: &Browser, found: Found) -> Result<Response, Stop> {
    let who = found.authorize.who(browser);
    let next = found.authorize.next(state, &found.client, who).await?;
    let counted = found.authorize.counts(who).cloned();
    let (Next::Consent(asked), Some(present)) = (next, counted) else {
        return flow::go_on(state, &browser.watched(state), found, who).await;
    };
    let to = &found.authorize.request.to;
    let mut carried = hidden(state, browser, Some(found.id.as_str()));
    carried.push((SESSION, present.session.sid.to_string()));
    carried.push((SHOWN, asked.to_string()));
    let view = Consent {
        site: state.site(),
        action: "/consent".to_owned(),
        hidden: carried,
        person: person_of(&present.user),
        app: app_of(&found.client, Some(to.redirect_uri.as_str())),
        scopes: in_words(state, &asked).await?,
    };
    Ok(page_of_app(StatusCode::OK, view.render(), Some(&view.app), &[to.redirect_uri.to_string()]))
}

/// Each scope in words: the standard ones in ours, those of an API in the words that it was registered with, and attributes by
/// the names that they were declared with.
pub(super) async fn in_words(state: &State, asked: &ScopeSet) -> Result<Vec<ScopeLine>, Unavailable> {
    let apis = state.provider().apis().list().await?;
    let carried = state.attributes().carried().await?;
    let labels = |scope: &str| -> Vec<&str> {
        carried.iter().filter(|attribute| attribute.scope == scope).map(|attribute| attribute.label.as_str()).collect()
    };
    let standard = vestibule_oidc::STANDARD_SCOPES;
    let others = asked.iter().filter(|scope| !standard.contains(scope));
    let order = standard.into_iter().filter(|scope| asked.contains(scope)).chain(others);
    let line = |scope: &str| {
        let labels = labels(scope);
        match ScopeLine::standard(scope).or_else(|| of_api(&apis, scope)) {
            Some(line) => Some(line.and_attributes(&labels)),
            None if labels.is_empty() => None,
            None => Some(ScopeLine::of_attributes(scope, &labels)),
        }
    };
    Ok(order.filter_map(line).collect())
}

fn of_api(apis: &[Api], scope: &str) -> Option<ScopeLine> {
    apis.iter().find_map(|api| {
        let owned = api.scopes.iter().find(|owned| owned.scope == scope)?;
        let name = api.name.as_deref().unwrap_or(&api.identifier);
        Some(ScopeLine::of_api(scope, name, owned.description.as_deref()))
    })
}
