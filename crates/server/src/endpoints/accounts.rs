//! Several accounts that are signed in at one browser.
//!
//! Each has a session of its own, with an id of its own; nothing of one is in another. The session cookie holds the one that is
//! active, two more cookies the others: those who chose to stay signed in in one that outlives the window, the rest in one that
//! does not. An id in these cookies is as much a secret as the one that is active, and no sooner found: the store knows its keyed
//! hash. They are kept with the browser and not under its name, since that name is there before anybody signs in (attack A17).
//!
//! ```text
//! sign in as another ──▶ the active one steps aside, the new one is active
//! sign in as one of them ──▶ their session goes on under a new id, and is active
//! choose (a form of ours, with its token) ──▶ the chosen one is active
//! sign out ──▶ all of them end; where an application proves its own session, that one
//! ```

use std::time::Duration;

use poem::http::HeaderValue;
use vestibule_core::UserId;
use vestibule_oidc::{Present, Unavailable};
use vestibule_sessions::{Session, SessionToken};

use super::{
    browser::{Browser, no_session_cookie, session_cookie},
    leaving::Ended,
    watched::Watched,
};
use crate::{
    http::{CookieName, Cookies},
    state::State,
};

/// The most accounts that are signed in at one browser. Who comes after that ends the one that was not seen for the longest time.
pub(super) const MOST: usize = 5;

/// The cookies of those who are signed in besides.
const COOKIES: [CookieName; 2] = [CookieName::Accounts, CookieName::KeptAccounts];

/// What divides ids in such a cookie. None of them holds it.
const DIVIDER: char = '.';

/// Somebody who is signed in beside the active one.
#[derive(Clone)]
pub(crate) struct Account {
    pub(crate) token: SessionToken,
    pub(crate) present: Present,
}

/// Who is signed in beside `active`, as far as it still holds, and the cookies that say so. One person stands once.
pub(super) async fn read(
    state: &State,
    cookies: &Cookies,
    active: Option<&Present>,
) -> Result<(Vec<Account>, Vec<CookieName>), Unavailable> {
    let provider = state.provider();
    let (mut others, mut carried) = (Vec::<Account>::new(), Vec::new());
    for name in COOKIES {
        let Some(value) = state.cookies().value(cookies, name) else { continue };
        carried.push(name);
        for id in value.split(DIVIDER).take(MOST - 1) {
            let Some((token, session)) = provider.sessions().look(id).await.map_err(Unavailable::because)? else {
                continue;
            };
            let Some(present) = provider.present(session).await? else { continue };
            let user = present.user.id;
            let known = active.into_iter().chain(others.iter().map(|other| &other.present));
            if !known.map(|present| present.user.id).any(|known| known == user) {
                others.push(Account { token, present });
            }
        }
    }
    others.sort_by_key(|other| std::cmp::Reverse(other.present.session.seen_at));
    others.truncate(MOST - 1);
    Ok((others, carried))
}

impl Browser {
    /// The session by which a user is signed in here.
    pub(super) fn session_of(&self, user: UserId) -> Option<&SessionToken> {
        if self.present.as_ref().is_some_and(|present| present.user.id == user) {
            return self.session.as_ref();
        }
        self.others.iter().find(|other| other.present.user.id == user).map(|other| &other.token)
    }

    /// Everybody who is signed in here but one.
    pub(super) fn beside(&self, user: UserId) -> Vec<Account> {
        let active = self.session.clone().zip(self.present.clone());
        let active = active.map(|(token, present)| Account { token, present });
        let all = active.into_iter().chain(self.others.iter().cloned());
        all.filter(|account| account.present.user.id != user).collect()
    }

    /// The cookies for `session` as the active one and everybody else beside it. Those who are too many end.
    pub(super) async fn with_active(
        &self,
        state: &State,
        token: &SessionToken,
        session: &Session,
    ) -> Result<Vec<HeaderValue>, Unavailable> {
        let mut others = self.beside(session.user_id);
        while others.len() > MOST - 1 {
            if let Some(Account { token, present }) = others.pop() {
                state.provider().end_session(&token, &present.session).await?;
            }
        }
        let left = session.expires_at.since(state.clock().now());
        let mut cookies = vec![session_cookie(state, token, session.keep_signed_in.then_some(left))];
        cookies.extend(self.cookies_of(state, &others));
        cookies.push(Watched::of(state, Some(session), &others).cookie(state));
        Ok(cookies)
    }

    /// The cookies of those who are signed in besides; one that is not needed any more is cleared.
    fn cookies_of(&self, state: &State, others: &[Account]) -> Vec<HeaderValue> {
        let now = state.clock().now();
        let cookie = |name: CookieName| {
            let kept = name == CookieName::KeptAccounts;
            let stay = || others.iter().filter(|other| other.present.session.keep_signed_in == kept);
            let ids: Vec<&str> = stay().map(|other| other.token.as_cookie_value()).collect();
            if ids.is_empty() {
                return self.carried.contains(&name).then(|| state.cookies().clear(name));
            }
            let longest = stay().map(|other| other.present.session.expires_at.since(now)).max();
            let age = longest.filter(|_| kept).map(|age| age.max(Duration::from_secs(1)));
            Some(state.cookies().set(name, &ids.join(&DIVIDER.to_string()), age))
        };
        COOKIES.into_iter().filter_map(cookie).collect()
    }

    /// Lets one of those who are signed in be the active one, by the public id of their session. None where there is none such.
    pub(super) async fn choose(
        &self,
        state: &State,
        sid: &str,
    ) -> Result<Option<(Present, Vec<HeaderValue>)>, Unavailable> {
        let Some(present) = self.accounts().find(|present| present.session.sid.to_string() == sid) else {
            return Ok(None);
        };
        let is_active = self.present.as_ref().is_some_and(|active| active.session.sid == present.session.sid);
        let cookies = match self.session_of(present.user.id) {
            Some(token) if !is_active => self.with_active(state, token, &present.session).await?,
            _ => Vec::new(),
        };
        Ok(Some((present.clone(), cookies)))
    }

    /// Records that the session of `present` is used, where it is not the active one: that was found by its cookie.
    pub(super) async fn uses(&self, state: &State, present: &Present) -> Result<(), Unavailable> {
        let other = self.others.iter().find(|other| other.present.session.sid == present.session.sid);
        if let Some(other) = other {
            let sessions = state.provider().sessions();
            sessions.find(other.token.as_cookie_value(), &self.origin).await.map_err(Unavailable::because)?;
        }
        Ok(())
    }

    /// Ends every session at this browser, on our side.
    pub(super) async fn end_all(&self, state: &State) -> Result<Ended, Unavailable> {
        let mut members = Vec::new();
        for present in self.accounts() {
            if let Some(token) = self.session_of(present.user.id) {
                members.extend(state.provider().end_session(token, &present.session).await?);
            }
        }
        Ok(Ended { cookies: no_session_cookies(state), members })
    }

    /// Ends the session of one of those who are signed in, and leaves the others.
    pub(super) async fn end_one(&self, state: &State, present: &Present) -> Result<Ended, Unavailable> {
        let user = present.user.id;
        let members = match self.session_of(user) {
            Some(token) => state.provider().end_session(token, &present.session).await?,
            None => Vec::new(),
        };
        if self.present.as_ref().is_some_and(|active| active.user.id == user) {
            let state_cookie = Watched::of(state, None, &self.others).cookie(state);
            return Ok(Ended { cookies: vec![no_session_cookie(state), state_cookie], members });
        }
        let others: Vec<Account> = self.others.iter().filter(|other| other.present.user.id != user).cloned().collect();
        let mut cookies = self.cookies_of(state, &others);
        let active = self.present.as_ref().map(|present| &present.session);
        cookies.push(Watched::of(state, active, &others).cookie(state));
        Ok(Ended { cookies, members })
    }
}

/// The cookies that end all cookies of sessions.
pub(super) fn no_session_cookies(state: &State) -> Vec<HeaderValue> {
    let others = COOKIES.into_iter().chain([CookieName::State]).map(|name| state.cookies().clear(name));
    std::iter::once(no_session_cookie(state)).chain(others).collect()
}
