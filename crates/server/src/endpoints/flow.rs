//! What waits for a person, and the way on: every page returns here, and the dispatcher says what comes next.
//!
//! Two kinds of things wait for somebody to sign in: an application's request ([`Found`]), and a page of ours ([`Enter`]).
//! Pages that both can need (sign-in, second factor) deal with a [`Target`].

use std::sync::Arc;

use poem::{Request, Response, http::StatusCode};
use serde::{Deserialize, Serialize};
use vestibule_oidc::{
    Present, Unavailable,
    authorize::{Answer, ErrorCode, Next, Progress, ValidRequest, dispatch},
    client::Client,
    end_session::EndSession,
};
use vestibule_sessions::{FinishError, PendingError, RequestId, UpdateError, Waiting};

use super::{
    browser::Browser,
    form::REQUEST,
    reply::{error_page, see_other, unavailable_page, with_cookies},
    watched::Watched,
};
use crate::{pages::paths, state::State};

pub(crate) use super::target::{Enter, Target};

/// What a browser is on its way for. It waits on our side, bound to the browser that began it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// An application waits for an answer.
    Authorize(Box<Authorize>),
    /// A page of ours waits for somebody who is signed in.
    Enter(Enter),
    /// A person is asked whether to sign out.
    SignOut(EndSession),
}

/// An authorization request on its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Authorize {
    pub(crate) request: ValidRequest,
    pub(crate) progress: Progress,
    /// Whether the person wants to sign in with another account than the one that is signed in.
    pub(crate) switching: bool,
}

/// An authorization request that was found waiting for this browser.
pub(crate) struct Found {
    pub(crate) id: RequestId,
    pub(super) waiting: Waiting<Purpose>,
    pub(crate) authorize: Authorize,
    pub(crate) client: Arc<Client>,
}

/// Why a page cannot be shown, or a step not be made.
pub(crate) enum Stop {
    /// What waited is gone, or waits for another browser.
    Gone,
    /// Another tab was quicker: the dispatcher says how that left it.
    MovedOn(RequestId),
    /// Something does not answer.
    Unavailable(Unavailable),
}

impl From<Unavailable> for Stop {
    fn from(error: Unavailable) -> Self {
        Self::Unavailable(error)
    }
}

impl From<PendingError> for Stop {
    fn from(error: PendingError) -> Self {
        match error {
            PendingError::Unknown | PendingError::OtherBrowser => Self::Gone,
            PendingError::Unavailable(why) => Self::Unavailable(Unavailable::because(why)),
        }
    }
}

impl Stop {
    /// As the error of a handler that answers pages.
    pub(crate) fn error(&self, state: &State, request: &Request) -> poem::Error {
        poem::Error::from_response(self.page(state, request))
    }

    /// What the person is shown.
    pub(crate) fn page(&self, state: &State, request: &Request) -> Response {
        match self {
            Self::Gone => error_page(state, request, StatusCode::BAD_REQUEST, "expired", None),
            Self::MovedOn(id) => see_other(&address("/login", id)),
            Self::Unavailable(error) => unavailable_page(state, request, error),
        }
    }
}

/// Finds what waits under `id` for this browser.
pub(crate) async fn load(state: &State, browser: &Browser, id: &str) -> Result<(RequestId, Waiting<Purpose>), Stop> {
    let id = RequestId::parse(id).ok_or(Stop::Gone)?;
    let waiting = state.waiting().load(&id, &browser.token).await?;
    Ok((id, waiting))
}

/// Finds an authorization request that waits under `id` for this browser.
pub(crate) async fn load_authorize(state: &State, browser: &Browser, id: &str) -> Result<Found, Stop> {
    let (id, waiting) = load(state, browser, id).await?;
    found(state, id, waiting).await
}

/// The authorization request in what waits.
pub(super) async fn found(state: &State, id: RequestId, waiting: Waiting<Purpose>) -> Result<Found, Stop> {
    let Purpose::Authorize(authorize) = waiting.payload.clone() else { return Err(Stop::Gone) };
    let authorize = *authorize;
    let client = state.provider().clients().find(&authorize.request.to.client_id).await?.ok_or(Stop::Gone)?;
    Ok(Found { id, waiting, authorize, client })
}

impl Authorize {
    pub(crate) fn new(request: ValidRequest, state: &State) -> Self {
        Self { request, progress: Progress::begun(state.clock().now()), switching: false }
    }

    /// Who of those at the browser it is about: whoever was chosen for it, else the person whom a hint means, else the active
    /// one. Whoever has just signed in is not passed over for a `login_hint`, which proves nothing.
    pub(crate) fn who<'a>(&self, browser: &'a Browser) -> Option<&'a Present> {
        let active = browser.present.as_ref();
        let registered = self.progress.registered.map(|new| new.user);
        let meant = [self.progress.account_chosen_by, registered, self.request.hinted_user].into_iter().flatten();
        if let Some(present) = meant.into_iter().find_map(|user| browser.account_of(user)) {
            return Some(present);
        }
        if active.is_some_and(|active| active.session.auth_time >= self.progress.began_at) {
            return active;
        }
        let hint = self.request.login_hint.as_deref();
        hint.and_then(|hint| browser.accounts().find(|present| is_called(present, hint))).or(active)
    }

    /// Whether the person has to say which of several accounts it is: none of them is the active one, and none is meant.
    pub(crate) fn has_to_choose(&self, next: &Next, browser: &Browser) -> bool {
        let nobody_is_meant = self.request.hinted_user.is_none() && self.progress.registered.is_none();
        *next == Next::SignIn && browser.is_ambiguous() && !self.switching && nobody_is_meant
    }

    /// Who counts as signed in for this request: somebody who wants to be another does not, until they have signed in.
    pub(crate) fn counts<'a>(&self, present: Option<&'a Present>) -> Option<&'a Present> {
        present.filter(|present| !self.switching || present.session.auth_time >= self.progress.began_at)
    }

    /// Asks the dispatcher.
    pub(crate) async fn next(
        &self,
        state: &State,
        client: &Client,
        present: Option<&Present>,
    ) -> Result<Next, Unavailable> {
        let counted = self.counts(present);
        let (granted, signed_in) = match counted {
            Some(present) => {
                // Whoever is not asked for consent is not looked up for what was allowed.
                let granted = match client.first_party {
                    true => vestibule_core::ScopeSet::default(),
                    false => state.provider().still_allowed(present.user.id, &client.id).await?,
                };
                let missing = state.provider().missing(&self.request.level, present.shown());
                let asks = Some((client, missing.second_factor()));
                let demand = state.provider().second_factor(&present.user, asks).await?;
                (granted, Some(present.signed_in(demand.is_demanded(), missing)))
            }
            None => (vestibule_core::ScopeSet::default(), None),
        };
        let now = state.clock().now();
        Ok(dispatch::next(&self.request, &self.progress, signed_in, &granted, !client.first_party, now))
    }
}

/// The first step of a request that just came in: an answer at once where nothing is missing (or no page may be shown), else
/// the request waits and the browser goes to a page.
pub(crate) async fn begin(
    state: &State,
    browser: &Browser,
    client: &Client,
    authorize: Authorize,
) -> Result<Response, Unavailable> {
    let who = authorize.who(browser);
    let next = authorize.next(state, client, who).await?;
    let next = if authorize.has_to_choose(&next, browser) { Next::SelectAccount } else { next };
    if authorize.request.is_silent()
        && let Some((code, words)) = next.error_without_page()
    {
        return Ok(refuse(state, &browser.watched(state), &authorize, code, words));
    }
    match (&next, who) {
        (Next::Finish, Some(present)) => {
            browser.uses(state, present).await?;
            let request = authorize.request.clone();
            let answer = state.provider().finish(authorize.request, client, &present.session).await?;
            Ok(browser.watched(state).answer(state, &request, answer))
        }
        (Next::OtherUser, _) => Ok(other_user(state, &browser.watched(state), &authorize)),
        (Next::Unmet, _) => Ok(unmet(state, &browser.watched(state), &authorize)),
        _ => wait(state, browser, &Purpose::Authorize(Box::new(authorize)), &next).await.map(|(_, response)| response),
    }
}

/// Lets something wait for this browser, and sends it to the page that it needs.
pub(crate) async fn wait(
    state: &State,
    browser: &Browser,
    purpose: &Purpose,
    next: &Next,
) -> Result<(RequestId, Response), Unavailable> {
    let id = state.waiting().begin(&browser.token, purpose).await.map_err(Unavailable::because)?;
    let response = with_cookies(see_other(&page_for(next, &id)), browser.introduce(state));
    Ok((id, response))
}

/// The step after a page has done its part. What waited is taken once, before a code is issued. `watched` is what the application
/// may watch of the browser, with whoever has just signed in.
pub(crate) async fn go_on(
    state: &State,
    watched: &Watched,
    found: Found,
    present: Option<&Present>,
) -> Result<Response, Stop> {
    let next = found.authorize.next(state, &found.client, present).await?;
    match (&next, present) {
        (Next::Finish, Some(present)) => {
            finish(state, &found.id, found.waiting).await?;
            let request = found.authorize.request.clone();
            let answer = state.provider().finish(found.authorize.request, &found.client, &present.session).await?;
            Ok(watched.answer(state, &request, answer))
        }
        (Next::OtherUser, _) => {
            finish(state, &found.id, found.waiting).await?;
            Ok(other_user(state, watched, &found.authorize))
        }
        (Next::Unmet, _) => {
            finish(state, &found.id, found.waiting).await?;
            // A request that was pushed is answered by this.
            state.provider().spend(&found.authorize.request).await?;
            Ok(unmet(state, watched, &found.authorize))
        }
        _ => Ok(see_other(&page_for(&next, &found.id))),
    }
}

/// The person gives up: the application hears `access_denied`.
pub(crate) async fn deny(state: &State, watched: &Watched, found: Found) -> Result<Response, Stop> {
    finish(state, &found.id, found.waiting).await?;
    // A request that was pushed is answered by this.
    state.provider().spend(&found.authorize.request).await?;
    Ok(refuse(state, watched, &found.authorize, ErrorCode::AccessDenied, "the person said no"))
}

/// Keeps what the person has done so far.
pub(crate) async fn keep(state: &State, found: Found, authorize: Authorize) -> Result<Found, Stop> {
    let Found { id, waiting, client, .. } = found;
    let waiting = update(state, &id, waiting, Purpose::Authorize(Box::new(authorize.clone()))).await?;
    Ok(Found { id, waiting, authorize, client })
}

/// Puts `purpose` in the place of what waits, where nobody else has changed it.
pub(super) async fn update(
    state: &State,
    id: &RequestId,
    waiting: Waiting<Purpose>,
    purpose: Purpose,
) -> Result<Waiting<Purpose>, Stop> {
    state.waiting().update(waiting, purpose).await.map_err(|error| match error {
        UpdateError::Conflict => Stop::MovedOn(id.clone()),
        UpdateError::Unavailable(why) => Unavailable::because(why).into(),
    })
}

/// Takes what waits: of any number of tabs, one, and only one that holds it as it is now.
pub(crate) async fn finish(state: &State, id: &RequestId, waiting: Waiting<Purpose>) -> Result<Purpose, Stop> {
    state.waiting().finish(waiting).await.map_err(|error| match error {
        FinishError::AlreadyFinished => Stop::Gone,
        FinishError::Changed => Stop::MovedOn(id.clone()),
        FinishError::Unavailable(why) => Unavailable::because(why).into(),
    })
}

fn refuse(state: &State, watched: &Watched, authorize: &Authorize, code: ErrorCode, words: &str) -> Response {
    let answer = Answer::error(&authorize.request.to, state.provider().issuer(), code, words);
    watched.answer(state, &authorize.request, answer)
}

fn other_user(state: &State, watched: &Watched, authorize: &Authorize) -> Response {
    refuse(state, watched, authorize, ErrorCode::LoginRequired, "another person signed in than the one that was meant")
}

/// Unmet Authentication Requirements 1.0 section 2: the person signed in, and not as the application must have it.
fn unmet(state: &State, watched: &Watched, authorize: &Authorize) -> Response {
    let words = "the person did not sign in by a way that leads to what claims makes essential";
    refuse(state, watched, authorize, ErrorCode::UnmetAuthenticationRequirements, words)
}

/// Whether somebody signs in by the name that an application gives as a hint.
fn is_called(present: &Present, hint: &str) -> bool {
    let names = [Some(present.user.username.as_str()), present.user.email.as_deref()];
    names.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(hint.trim()))
}

/// The page for a step.
pub(super) fn page_for(next: &Next, id: &RequestId) -> String {
    match next {
        Next::Consent(_) => address("/consent", id),
        Next::SecondFactor => address("/second-factor", id),
        Next::Register => address(paths::REGISTER, id),
        Next::SignIn | Next::Reauthenticate | Next::SelectAccount | Next::OtherUser | Next::Unmet | Next::Finish => {
            address("/login", id)
        }
    }
}

/// A page of ours, for what waits under `id`.
pub(crate) fn address(page: &str, id: &RequestId) -> String {
    format!("{page}?{REQUEST}={}", id.as_str())
}
