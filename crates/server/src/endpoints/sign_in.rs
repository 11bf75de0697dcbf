//! The two steps of a sign-in: a way to authenticate, and where it is demanded a second factor. Then a session begins.

use std::time::Duration;

use poem::{Request, http::HeaderValue};
use secrecy::SecretString;
use vestibule_audit::{Actor, Event, Kind, Source};
use vestibule_core::UserId;
use vestibule_ephemeral::Kind as EphemeralKind;
use vestibule_oidc::{Present, Unavailable};
use vestibule_sessions::Authentication;
use vestibule_users::{AuthenticateError, Evidence, Identifiers, Notice, Proven, ThrottleError, Try, User};

use super::browser::Browser;
use crate::{
    http::{ClientAddress, RequestId},
    pages::{Label, SignInError},
    state::State,
};

/// That an account is slowed down is written down once in so long.
const LOCKED_TOLD_EVERY: Duration = Duration::from_secs(900);
/// From when on a wait is told to its person by mail.
const LONG_WAIT: Duration = Duration::from_secs(60);
const LOCKED: EphemeralKind = EphemeralKind::new("locked");

/// Somebody who has passed the first step.
pub(crate) struct FirstStep {
    /// Who, and by which way.
    pub(crate) proven: Proven,
    /// Whether they chose to stay signed in.
    pub(crate) keep: bool,
}

/// What the field asks for, by what people sign in.
pub(crate) fn identifier_label(by: Identifiers) -> Label {
    let words = [(by.username, "username"), (by.email, "e-mail"), (by.phone, "phone number")];
    let words: Vec<&str> = words.into_iter().filter_map(|(asked, word)| asked.then_some(word)).collect();
    let listed = match words.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => words.concat(),
    };
    let mut letters = listed.chars();
    Label::from(letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default())
}

/// Where a request came from, for the audit record.
pub(crate) fn source(request: &Request) -> Source {
    Source { address: ClientAddress::of(request), request_id: Some(RequestId::of(request).as_str().to_owned()) }
}

/// Tries the ways with what was typed. A try is counted before anything is verified.
pub(crate) async fn by_password(
    state: &State,
    request: &Request,
    browser: &Browser,
    identifier: &str,
    password: &SecretString,
) -> Result<Proven, SignInError> {
    let unavailable = |error: &dyn std::fmt::Display| {
        tracing::error!(%error, "nobody can sign in");
        SignInError::Unavailable
    };
    let named = state.provider().users().named(identifier).await.map_err(|error| unavailable(&error))?;
    let user = named.user();
    let attempt = Try {
        typed: identifier,
        user,
        address: ClientAddress::of(request),
        browser: Some(browser.token.as_cookie_value()),
    };
    let permit = match state.throttle().admit(attempt).await {
        Ok(permit) => permit,
        Err(ThrottleError::TryLater { retry_after, .. }) => {
            tell_locked(state, request, user, retry_after);
            return Err(SignInError::TooMany { retry_after });
        }
        Err(ThrottleError::Unavailable(error)) => return Err(unavailable(&error)),
    };
    let evidence = Evidence { password: Some((named, password.clone())), ..Evidence::default() };
    match state.ways().authenticate(&evidence).await {
        Ok(proven) => {
            if let Err(error) = permit.succeeded().await {
                tracing::warn!(%error, "a right password counts as a failed try");
            }
            Ok(proven)
        }
        Err(error) => {
            if matches!(error, AuthenticateError::Busy { .. }) {
                // Nothing was verified, so nothing was tried.
                let _ = permit.succeeded().await;
            } else {
                let mut event = Event::new(Kind::SignInFailed, Actor::Nobody).source(&source(request));
                if let Some(user) = user {
                    event = event.subject(user);
                }
                state.audit(event).await;
            }
            Err(SignInError::from(&error))
        }
    }
}

/// Tries the ways with what others say of who sends the request: a trusted proxy's header, a client certificate. Nothing of it
/// can be guessed at, so that it is not slowed down.
pub(crate) async fn by_vouching(state: &State, request: &Request) -> Option<Proven> {
    let evidence = state.vouching().evidence(request);
    if evidence.remote_user.is_none() && evidence.certificate.is_none() {
        return None;
    }
    match state.ways().authenticate(&evidence).await {
        Ok(proven) => Some(proven),
        Err(AuthenticateError::Refused) => {
            state.audit(Event::new(Kind::SignInFailed, Actor::Nobody).source(&source(request))).await;
            None
        }
        Err(error) => {
            tracing::error!(%error, "nobody can sign in by what others vouch for");
            None
        }
    }
}

/// Writes down that an account is slowed down, and tells its person once the waits are long. Nobody waits for it: the answer takes
/// as long for an account that does not exist.
fn tell_locked(state: &State, request: &Request, user: Option<UserId>, wait: Duration) {
    let Some(user) = user else { return };
    let (state, from) = (state.clone(), source(request));
    tokio::spawn(async move {
        let first = state.ephemeral().mark_seen(LOCKED, &user.to_string(), LOCKED_TOLD_EVERY).await;
        if first.unwrap_or(false) {
            state.audit(Event::new(Kind::Locked, Actor::Nobody).subject(user).source(&from)).await;
        }
        if wait >= LONG_WAIT {
            state.tell(user, Notice::SignInLocked { locked_for: wait }, &from).await;
        }
    });
}

/// Begins a session for somebody who has just proved who they are, under a new id; the one that they had here ends, and whoever
/// else is signed in steps aside. `second` is the method
/// of the second factor, where one was given.
pub(crate) async fn begin_session(
    state: &State,
    request: &Request,
    browser: &Browser,
    first: FirstStep,
    second: Option<&'static str>,
) -> Result<(Present, Vec<HeaderValue>), Unavailable> {
    let FirstStep { proven: Proven { user, way, amr, .. }, keep } = first;
    let mut amr: Vec<String> = amr.into_iter().map(str::to_owned).collect();
    if let Some(second) = second {
        amr.extend([second.to_owned(), "mfa".to_owned()]);
    }
    let authentication = Authentication { auth_time: state.clock().now(), amr };
    let (present, cookies) = replace_session(state, browser, user, authentication, keep).await?;
    let id = present.user.id;
    let event = Event::new(Kind::SignedIn, Actor::User(id)).subject(id).way(way.as_str()).source(&source(request));
    let remembered = state.throttle().remember(id, browser.token.as_cookie_value());
    let (remembered, ()) = tokio::join!(remembered, state.audit(event));
    if let Err(error) = remembered {
        tracing::warn!(%error, "a browser is not known as one where its person signed in");
    }
    Ok((present, cookies))
}

/// Puts a session in the place of the one that this person had here. Nobody inherits anything of another's.
pub(crate) async fn replace_session(
    state: &State,
    browser: &Browser,
    user: User,
    authentication: Authentication,
    keep: bool,
) -> Result<(Present, Vec<HeaderValue>), Unavailable> {
    let sessions = state.provider().sessions();
    // A session that is void is ended and not continued: under the same `sid` the new one would be void too.
    if let (Some(void), None) = (&browser.session, &browser.present) {
        sessions.end(void).await.map_err(Unavailable::because)?;
    }
    let continued = browser.session_of(user.id);
    let started = sessions.start(user.id, authentication, keep, continued, browser.origin.clone());
    let (token, session) = started.await.map_err(Unavailable::because)?;
    let cookies = browser.with_active(state, &token, &session).await?;
    Ok((Present { user, session }, cookies))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_asks_for_what_people_sign_in_by() {
        let label = |username, email, phone| identifier_label(Identifiers { username, email, phone });
        assert_eq!(label(true, true, false).as_str(), "Username or e-mail");
        assert_eq!(label(true, true, true).as_str(), "Username, e-mail or phone number");
        assert_eq!(label(false, true, false).as_str(), "E-mail");
        assert_eq!(label(false, false, true).as_str(), "Phone number");
    }
}
