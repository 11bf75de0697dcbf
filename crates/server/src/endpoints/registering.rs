//! What an account is made for: an application's request, or a page of ours, that waits at the browser where somebody began.
//!
//! It comes along by its id, first in the form and then beside the link on our side, and never as an address. The id is good for
//! nothing at another browser than the one that began: whoever opens the link elsewhere has an account, and goes on with nobody's
//! request (login CSRF, attack A16).

use poem::{Request, Response};
use vestibule_core::UserId;
use vestibule_oidc::authorize::Registered;

use super::{
    browser::Browser,
    flow::{self, Stop, Target},
};
use crate::state::State;

/// What waits under `id` for this browser. Where nothing does any more, an account can be made all the same.
pub(super) async fn waiting(
    state: &State,
    request: &Request,
    browser: &Browser,
    id: Option<&str>,
) -> poem::Result<Option<Target>> {
    let Some(id) = id else { return Ok(None) };
    match Target::load(state, browser, id).await {
        Ok(target) => Ok(Some(target)),
        Err(Stop::Gone) => Ok(None),
        Err(stop) => Err(stop.error(state, request)),
    }
}

/// The person has an account, and signs in with that; whoever is signed in here is asked which it shall be.
pub(super) async fn sign_in_instead(state: &State, browser: &Browser, target: Target) -> Result<Response, Stop> {
    let target = target
        .keep(state, |progress, _| {
            progress.has_account = true;
            progress.choosing = true;
        })
        .await?;
    let who = target.who(browser);
    target.go_on(state, &browser.watched(state), who).await
}

/// Where somebody goes on who has just made an account.
pub(super) enum Onward {
    /// Nothing waited for them.
    Nowhere,
    /// What waited, waits at this browser.
    Here {
        /// The application's name, where it is one.
        app: Option<String>,
        /// The page to go on at.
        next: String,
    },
    /// What waited, waits at another browser, or no more.
    Elsewhere,
}

impl Onward {
    /// For `user`, whose account was made for what waits under `id`. The account is there, so that nothing here can fail.
    pub(super) async fn of(state: &State, browser: &Browser, user: UserId, id: Option<&str>) -> Self {
        let Some(id) = id else { return Self::Nowhere };
        match Self::here(state, browser, user, id).await {
            Ok(here) => here,
            Err(stop) => {
                if let Stop::Unavailable(error) = &stop {
                    tracing::error!(%error, "what a new account was made for cannot go on");
                }
                Self::Elsewhere
            }
        }
    }

    async fn here(state: &State, browser: &Browser, user: UserId, id: &str) -> Result<Self, Stop> {
        let target = Target::load(state, browser, id).await?;
        let new = Registered { user, at: state.clock().now() };
        let target = target
            .keep(state, |progress, switching| {
                progress.registered = Some(new);
                // Who was chosen before is not the one.
                progress.account_chosen_by = None;
                *switching = false;
            })
            .await?;
        let app = target.app().map(|found| found.client.name.clone());
        Ok(Self::Here { app, next: flow::address("/login", target.id()) })
    }
}
