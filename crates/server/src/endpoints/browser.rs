//! The browser that a request comes from: its two cookies, and who is signed in by them.
//!
//! `vestibule_browser` names the browser and nothing more; requests that wait for a page are bound to it. `vestibule_session`
//! is the session of the person signed in; it changes with every sign-in.

use std::time::Duration;

use poem::{
    Request,
    http::{HeaderValue, header},
};
use vestibule_oidc::{Present, Unavailable};
use vestibule_sessions::{BrowserToken, Origin, SessionToken};

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
    /// Where it speaks from.
    pub(crate) origin: Origin,
}

impl Browser {
    /// Reads the cookies and finds the session.
    pub(crate) async fn of(state: &State, request: &Request) -> Result<Self, Unavailable> {
        let (cookies, rules) = (Cookies::read(request), state.cookies());
        let known = rules.value(&cookies, CookieName::Browser).and_then(BrowserToken::parse);
        let is_new = known.is_none();
        let token = known.unwrap_or_else(|| BrowserToken::new(state.random()));
        let agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        let origin = Origin::new(ClientAddress::of(request), agent);
        let found = match rules.value(&cookies, CookieName::Session) {
            Some(cookie) => state.provider().sessions().find(cookie, &origin).await.map_err(Unavailable::because)?,
            None => None,
        };
        let (session, present) = match found {
            Some((session, held)) => (Some(session), state.provider().present(held).await?),
            None => (None, None),
        };
        Ok(Self { token, is_new, session, present, origin })
    }

    /// Whether the browser was here before. One that was not cannot be the one that a waiting request is bound to.
    pub(crate) fn is_known(&self) -> bool {
        !self.is_new
    }

    /// The cookie to set for a browser that has no name yet.
    pub(crate) fn introduce(&self, state: &State) -> Option<HeaderValue> {
        let set = || state.cookies().set(CookieName::Browser, self.token.as_cookie_value(), Some(BROWSER_AGE));
        self.is_new.then(set)
    }
}

/// The cookie of a session. Without `keep` it ends with the browser.
pub(crate) fn session_cookie(state: &State, token: &SessionToken, keep: Option<Duration>) -> HeaderValue {
    state.cookies().set(CookieName::Session, token.as_cookie_value(), keep)
}

/// The cookie that ends a session's cookie.
pub(crate) fn no_session_cookie(state: &State) -> HeaderValue {
    state.cookies().clear(CookieName::Session)
}
