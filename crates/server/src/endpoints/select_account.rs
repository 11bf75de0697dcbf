//! Choosing among the accounts that are signed in at a browser: the page, and what its buttons mean. It is shown and answered at
//! `/login`, where the dispatcher sends whoever has to choose.

use poem::{Response, http::StatusCode};
use vestibule_oidc::Present;

use super::{
    browser::Browser,
    flow::{Found, Stop, Target},
    form::hidden,
    reply::{page, see_other, with_cookies},
};
use crate::{
    pages::{Choice, SelectAccount},
    state::{State, app_of, person_of},
};

/// The field that names the account that was chosen, by the public id of its session.
pub(super) const ACCOUNT: &str = "account";

/// An account to choose, by the public id of its session.
pub(super) fn choice_of(present: &Present) -> Choice {
    Choice { value: present.session.sid.to_string(), person: person_of(&present.user) }
}

/// Everybody who is signed in here, the one whom the request is about first.
pub(super) fn select_account_page(
    state: &State,
    browser: &Browser,
    found: &Found,
    first: Option<&Present>,
) -> Response {
    let to = &found.authorize.request.to;
    let others = browser.accounts().filter(|other| first.is_none_or(|first| first.user.id != other.user.id));
    let view = SelectAccount {
        site: state.site(),
        action: "/login".to_owned(),
        hidden: hidden(state, browser, Some(found.id.as_str())),
        app: Some(app_of(&found.client, Some(to.redirect_uri.as_str()))),
        accounts: first.into_iter().chain(others).map(choice_of).collect(),
        can_cancel: true,
    };
    page(StatusCode::OK, view.render(), &[to.redirect_uri.to_string()])
}

/// The person wants another account than the one that is signed in.
pub(super) async fn switch(state: &State, browser: &Browser, target: Target) -> Result<Response, Stop> {
    let target = target
        .keep(state, |progress, switching| {
            progress.account_chosen_by = None;
            progress.choosing = false;
            *switching = true;
        })
        .await?;
    let who = target.who(browser);
    target.go_on(state, &browser.watched(state), who).await
}

/// The person wants one of the accounts that are signed in to be the active one, and no application waits.
pub(super) async fn switch_to(state: &State, browser: &Browser, sid: Option<&str>) -> Result<Response, Stop> {
    let chosen = browser.choose(state, sid.unwrap_or_default()).await?;
    Ok(with_cookies(see_other("/"), chosen.map(|(_, cookies)| cookies).unwrap_or_default()))
}

/// The person goes on with one of the accounts that are signed in: the one that `sid` names, or the one that it is about.
pub(super) async fn choose(
    state: &State,
    browser: &Browser,
    target: Target,
    sid: Option<&str>,
) -> Result<Response, Stop> {
    let about = || target.who(browser).map(|present| present.session.sid.to_string());
    let Some(sid) = sid.map(str::to_owned).or_else(about) else {
        return target.go_on(state, &browser.watched(state), None).await;
    };
    // Whoever is not signed in any more cannot be chosen: the page is shown again with those who are.
    let Some((present, cookies)) = browser.choose(state, &sid).await? else {
        let who = target.who(browser);
        return target.go_on(state, &browser.watched(state), who).await;
    };
    let chosen = Some(present.user.id);
    let target = target
        .keep(state, |progress, switching| {
            progress.account_chosen_by = chosen;
            *switching = false;
        })
        .await?;
    Ok(with_cookies(
        target.go_on(state, &browser.watched_with(state, &present.session), Some(&present)).await?,
        cookies,
    ))
}
