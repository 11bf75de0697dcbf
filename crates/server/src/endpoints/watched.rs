//! What applications watch of a browser (OpenID Connect Session Management 1.0): whether the same people are signed in.
//!
//! A cookie holds what stands for them. It is no secret, goes to frames in pages of applications, and opens nothing: the cookies of
//! sessions stay with our own pages. It is set with whatever changes who is signed in, and once more with an answer to an
//! application where the browser holds another (a session that has run out meanwhile).

use std::time::Duration;

use poem::{
    Request, Response,
    http::{HeaderValue, header},
};
use vestibule_oidc::authorize::{Answer, ValidRequest};
use vestibule_sessions::Session;

use super::{
    accounts::{Account, MOST},
    browser::Browser,
    reply::{deliver, with_cookies},
};
use crate::{
    http::{CookieName, MayBeFramed, checking_policy},
    pages::CheckSession,
    state::State,
};

/// How long a browser may keep the page: it never changes but with the program.
const PAGE_CACHE: &str = "public, max-age=300";

/// What stands for those who are signed in at a browser.
pub(crate) struct Watched {
    value: String,
    /// How long the cookie lasts; nothing here: as long as the browser is open.
    age: Option<Duration>,
    /// Whether the browser holds it, or is told besides.
    told: bool,
    /// Whether the cookies of sessions can have come. A frame in a page of another site sends this one, and none of those: nothing
    /// is to be learned from that.
    certain: bool,
}

impl Watched {
    /// Of the active session and those beside it, in a browser that holds something else.
    pub(super) fn of(state: &State, active: Option<&Session>, others: &[Account]) -> Self {
        let sids: Vec<_> = others.iter().map(|other| other.present.session.sid).collect();
        let value = state.provider().browser_state(active.map(|session| session.sid), &sids);
        let sessions = active.into_iter().chain(others.iter().map(|other| &other.present.session));
        let now = state.clock().now();
        let kept = sessions.filter(|session| session.keep_signed_in).map(|session| session.expires_at.since(now));
        Self { value, age: kept.max(), told: false, certain: true }
    }

    /// The cookie that says so.
    pub(super) fn cookie(&self, state: &State) -> HeaderValue {
        match self.value.is_empty() {
            true => state.cookies().clear(CookieName::State),
            false => state.cookies().set(CookieName::State, &self.value, self.age),
        }
    }

    /// Answers an application, with what it may ask about afterwards.
    pub(super) fn answer(&self, state: &State, request: &ValidRequest, answer: Answer) -> Response {
        if !self.certain || !request.scope.contains("openid") {
            return deliver(state, answer);
        }
        let session_state = state.provider().session_state(&request.to, &self.value);
        let cookie = (session_state.is_some() && !self.told).then(|| self.cookie(state));
        with_cookies(deliver(state, answer.with_session_state(session_state)), cookie)
    }
}

impl Browser {
    /// What is watched of this browser, as it came.
    pub(super) fn watched(&self, state: &State) -> Watched {
        let active = self.present.as_ref().map(|present| &present.session);
        let watched = Watched::of(state, active, &self.others);
        let told = self.state.as_deref().unwrap_or_default() == watched.value;
        let certain = self.is_known() || self.accounts().next().is_some();
        Watched { told, certain, ..watched }
    }

    /// What is watched once `session` is the active one, as [`Browser::with_active`] has told the browser.
    pub(super) fn watched_with(&self, state: &State, session: &Session) -> Watched {
        let mut others = self.beside(session.user_id);
        others.truncate(MOST - 1);
        Watched { told: true, ..Watched::of(state, Some(session), &others) }
    }
}

/// `/oauth2/check_session`: the page that applications frame to ask (section 3.3).
pub(crate) async fn check_session(state: State, _: Request) -> Response {
    let html = CheckSession { cookie: state.cookies().name(CookieName::State) }.render();
    let mut response = Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, checking_policy())
        .header(header::CACHE_CONTROL, PAGE_CACHE)
        .body(html);
    response.extensions_mut().insert(MayBeFramed);
    response
}
