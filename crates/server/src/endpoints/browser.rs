//! The browser that a request comes from: its cookies, and who is signed in by them.
//!
//! `vestibule_browser` names the browser and nothing more; requests that wait for a page are bound to it. `vestibule_session`
//! is the session of the person signed in; it changes with every sign-in. Where several people, or one with several accounts,
//! are signed in at the same browser, [`super::accounts`] knows the others.

use std::time::Duration;

use poem::{
    Request,
    http::{HeaderValue, header},
};
use vestibule_core::UserId;
use vestibule_oidc::{Present, Unavailable};
use vestibule_sessions::{BrowserToken, Origin, SessionToken};

use super::accounts::{self, Account};
use crate::{
    http::{ClientAddress, CookieName, Cookies},
    state::State,
};

/// How long a browser keeps its name.
const BROWSER_AGE: Duration = Duration::from_secs(400 * 86_400);

/// A browser, and who sits at it.
pub(crate) struct Browser {
    /// Its own cookie, or a new one that an answer must set.
    pub(crate) token: BrowserToken,
    is_new: bool,
    /// The session that its cookie names, alive or not yet looked at by the dispatcher.
    pub(crate) session: Option<SessionToken>,
    /// Who is signed in, as far as it still holds.
    pub(crate) present: Option<Present>,
    /// Who is signed in besides, the most recently seen first.
    pub(crate) others: Vec<Account>,
    /// The cookies by which it said so.
    pub(super) carried: Vec<CookieName>,
    /// What it says of who is signed in, for applications that watch it.
    pub(super) state: Option<String>,
    /// Where it speaks from.
    pub(crate) origin: Origin,
}

impl Browser {
    /// Reads the cookies and finds the sessions.
    pub(crate) async fn of(state: &State, request: &Request) -> Result<Self, Unavailable> {
        let (cookies, rules) = (Cookies::read(request), state.cookies());
        let known = rules.value(&cookies, CookieName::Browser).and_then(BrowserToken::parse);
        let is_new = known.is_none();
        let token = known.unwrap_or_else(|| BrowserToken::new(state.random()));
        let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let origin = Origin::new(ClientAddress::of(request), agent);
        let active = rules.value(&cookies, CookieName::Session).unwrap_or_default();
        let (session, present) = found(state, active, &origin).await?;
        let (others, carried) = accounts::read(state, &cookies, present.as_ref()).await?;
        let told = rules.value(&cookies, CookieName::State).map(str::to_owned);
        let mut browser = Self { token, is_new, session, present, others, carried, state: told, origin };
        browser.promote(state).await?;
        Ok(browser)
    }

    /// Where the active session is over and one other is left, that is who is signed in. Where there are several, nobody says
    /// which.
    async fn promote(&mut self, state: &State) -> Result<(), Unavailable> {
        if self.present.is_some() || self.others.len() != 1 {
            return Ok(());
        }
        if let Some(only) = self.others.pop() {
            (self.session, self.present) = found(state, only.token.as_cookie_value(), &self.origin).await?;
        }
        Ok(())
    }

    /// Whether the browser was here before. One that was not cannot be the one that a waiting request is bound to.
    pub(crate) fn is_known(&self) -> bool {
        !self.is_new
    }

    /// Everybody who is signed in here, the active one first.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &Present> {
        self.present.iter().chain(self.others.iter().map(|account| &account.present))
    }

    /// The account of a user, where they are signed in here.
    pub(crate) fn account_of(&self, user: UserId) -> Option<&Present> {
        self.accounts().find(|present| present.user.id == user)
    }

    /// Whether several people are signed in and none of them is the active one: then somebody has to say who it is.
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.present.is_none() && self.others.len() > 1
    }

    /// The cookie to set for a browser that has no name yet.
    pub(crate) fn introduce(&self, state: &State) -> Option<HeaderValue> {
        let set = || state.cookies().set(CookieName::Browser, self.token.as_cookie_value(), Some(BROWSER_AGE));
        self.is_new.then(set)
    }
}

/// The session that a cookie names, and whose it is as far as it holds.
async fn found(
    state: &State,
    cookie: &str,
    origin: &Origin,
) -> Result<(Option<SessionToken>, Option<Present>), Unavailable> {
    Ok(match state.provider().sessions().find(cookie, origin).await.map_err(Unavailable::because)? {
        Some((session, held)) => (Some(session), state.provider().present(held).await?),
        None => (None, None),
    })
}

/// The cookie of a session. Without `keep` it ends with the browser.
pub(crate) fn session_cookie(state: &State, token: &SessionToken, keep: Option<Duration>) -> HeaderValue {
    state.cookies().set(CookieName::Session, token.as_cookie_value(), keep)
}

/// The cookie that ends a session's cookie.
pub(crate) fn no_session_cookie(state: &State) -> HeaderValue {
    state.cookies().clear(CookieName::Session)
}
