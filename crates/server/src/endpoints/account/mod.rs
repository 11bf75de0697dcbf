//! `/account`: what people look after themselves. Each page is for whoever is signed in, and changes what is theirs alone: whose
//! it is, says the session and no field of a form.
//!
//! ```text
//! nobody is signed in ───────────────▶ /login ──────────────┐
//! signed in too long ago for this ───▶ "Confirm it's you" ──┼──▶ the page
//! a second factor is missing ────────▶ /second-factor ──────┘
//! ```
//! A form that comes without what its page asks for changes nothing and is led the same way, back to the page. After a change
//! the browser is sent to a page that says what was done, so that opening it again does nothing.

pub(crate) mod applications;
pub(crate) mod emails;
mod fields;
pub(crate) mod home;
pub(crate) mod password;
pub(crate) mod profile;
pub(crate) mod second_factor;
pub(crate) mod sessions;
pub(crate) mod tokens;

use std::time::Duration;

use poem::{Request, Response, http::HeaderValue};
use vestibule_audit::{Actor, Event, Kind};
use vestibule_core::{Parameters, Timestamp};
use vestibule_oidc::{Present, Unavailable, authorize::Next};

use super::{
    browser::Browser,
    flow::Enter,
    form::{self, Posted, bad_query, hidden, or_unavailable},
    reply::see_other,
    sign_in,
};
use crate::{
    http::read_query,
    pages::{Hidden, Moment},
    state::State,
};

/// How long a sign-in counts as fresh: what it takes to change by what somebody signs in.
const FRESH: Duration = Duration::from_secs(600);

/// The query parameter by which a page is told what was done just before.
const DONE: &str = "done";

/// What a page asks of whoever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// That they are signed in.
    SignIn,
    /// That they signed in a short time ago.
    Fresh,
    /// That too, and with the second factor where they have one.
    FreshWithBothFactors,
}

/// Somebody who is let in, and what they sent.
pub(super) struct Visit {
    browser: Browser,
    pub(super) present: Present,
    /// The query, or the fields of a form.
    pub(super) fields: Parameters,
}

/// A page is opened. Whoever is not let in is led to where they can do what is missing.
pub(super) async fn opened(state: &State, request: &Request, path: &str, asks: Asks) -> poem::Result<Visit> {
    let fields = read_query(request).map_err(bad_query)?;
    let browser = or_unavailable(state, request, Browser::of(state, request).await)?;
    Visit::admit(state, request, browser, fields, path, asks).await
}

/// A form is posted. The fields named in `repeatable` may stand several times in it.
pub(super) async fn posted(
    state: &State,
    request: &mut Request,
    path: &str,
    asks: Asks,
    repeatable: &[&str],
) -> poem::Result<Visit> {
    let Posted { browser, fields } = form::read_repeatable(state, request, repeatable).await?;
    Visit::admit(state, request, browser, fields, path, asks).await
}

impl Visit {
    async fn admit(
        state: &State,
        request: &Request,
        browser: Browser,
        fields: Parameters,
        path: &str,
        asks: Asks,
    ) -> poem::Result<Self> {
        let admitted = admit(state, &browser, path, asks).await;
        match or_unavailable(state, request, admitted)? {
            Ok(present) => Ok(Self { browser, present, fields }),
            Err(elsewhere) => Err(poem::Error::from_response(elsewhere)),
        }
    }

    /// Asks for more than the page itself did.
    pub(super) async fn also(&self, state: &State, request: &Request, path: &str, asks: Asks) -> poem::Result<()> {
        match or_unavailable(state, request, admit(state, &self.browser, path, asks).await)? {
            Ok(_) => Ok(()),
            Err(elsewhere) => Err(poem::Error::from_response(elsewhere)),
        }
    }

    /// Which button was pressed.
    pub(super) fn action(&self) -> Option<&str> {
        self.fields.get("action")
    }

    /// What forms of the page carry unseen.
    pub(super) fn hidden(&self, state: &State) -> Hidden {
        hidden(state, &self.browser, None)
    }

    /// That the person did this, from where they are.
    pub(super) fn event(&self, request: &Request, kind: Kind) -> Event {
        let user = self.present.user.id;
        Event::new(kind, Actor::User(user)).subject(user).source(&sign_in::source(request))
    }
}

/// Who is let in; or the answer that leads to what is missing.
async fn admit(
    state: &State,
    browser: &Browser,
    path: &str,
    asks: Asks,
) -> Result<Result<Present, Response>, Unavailable> {
    let now = state.clock().now();
    let is_fresh = |present: &Present| now.since(present.session.auth_time) < FRESH;
    let stale = asks != Asks::SignIn && !browser.present.as_ref().is_some_and(is_fresh);
    let enter = Enter::to(path, stale, state);
    let enter = if asks == Asks::FreshWithBothFactors { enter.with_both_factors() } else { enter };
    match (enter.next(state, browser.present.as_ref()).await?, &browser.present) {
        (Next::Finish, Some(present)) => Ok(Ok(present.clone())),
        _ => enter.begin(state, browser).await.map(Err),
    }
}

/// Ends whatever the person has but this session: every other session, and every token of applications. The answer is the
/// session's new cookies; none where it had ended at the same moment.
async fn sign_out_elsewhere(state: &State, request: &Request, visit: &Visit) -> Result<Vec<HeaderValue>, Unavailable> {
    let (user, browser) = (visit.present.user.id, &visit.browser);
    let Some(token) = &browser.session else { return Ok(Vec::new()) };
    let renewed = state.provider().sign_out_elsewhere(user, token, browser.origin.clone()).await?;
    let known = async {
        state.throttle().forget_browsers(user).await?;
        state.throttle().remember(user, browser.token.as_cookie_value()).await
    };
    if let Err(error) = known.await {
        tracing::warn!(%error, "browsers where a person signed in are still known as such");
    }
    state.audit(visit.event(request, Kind::SessionsEnded)).await;
    Ok(match renewed {
        Some((token, session)) => browser.with_active(state, &token, &session).await?,
        None => Vec::new(),
    })
}

/// To a page that says what was done.
fn done(path: &str, what: &str) -> Response {
    see_other(&format!("{path}?{DONE}={what}"))
}

fn moment(state: &State, at: Timestamp) -> Moment {
    Moment::new(at, state.clock().now())
}
