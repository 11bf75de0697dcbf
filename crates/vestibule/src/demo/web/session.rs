//! Who sits at which browser: a map in memory, behind a random id in a cookie.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use openidconnect::{AccessToken, Nonce, PkceCodeVerifier, core::CoreIdToken};
use serde_json::{Map, Value};
use vestibule_core::{Clock, Random, Timestamp};

use super::notes::Notes;

/// The most sessions that are kept; beyond them the one unused for longest goes.
const MOST_SESSIONS: usize = 1000;
/// The most sign-ins that one browser may have begun and not ended: so many tabs.
const MOST_BEGUN: usize = 8;
/// How long a session lives unused.
const IDLE: Duration = Duration::from_secs(3600);

/// A sign-in that was begun: what its answer must match.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) state: String,
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

/// Somebody who signed in, with what the provider said of them.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) id_token: CoreIdToken,
    pub(super) id_token_header: Map<String, Value>,
    pub(super) id_token_claims: Map<String, Value>,
    pub(super) userinfo: Map<String, Value>,
    pub(super) access_token: AccessToken,
}

#[derive(Default)]
struct Session {
    begun: VecDeque<Begun>,
    person: Option<Arc<Person>>,
    notes: Option<Arc<Notes>>,
    used: Timestamp,
}

/// All sessions.
pub(super) struct Sessions {
    by_id: Mutex<HashMap<String, Session>>,
    clock: Clock,
    random: Random,
}

impl Sessions {
    pub(super) fn new(clock: Clock, random: Random) -> Self {
        Self { by_id: Mutex::default(), clock, random }
    }

    /// Remembers a sign-in that begins, in the session `id` or a new one. Gives the id of the session.
    pub(super) fn begin(&self, id: Option<&str>, begun: Begun) -> String {
        let mut sessions = self.lock();
        let id = id.filter(|id| sessions.contains_key(*id)).map_or_else(|| self.random.token(), str::to_owned);
        self.make_room(&mut sessions, &id);
        let session = sessions.entry(id.clone()).or_default();
        session.used = self.clock.now();
        session.begun.push_back(begun);
        if session.begun.len() > MOST_BEGUN {
            session.begun.pop_front();
        }
        id
    }

    /// The sign-in that this browser began with `state`. It can be ended once.
    pub(super) fn take_begun(&self, id: &str, state: &str) -> Option<Begun> {
        let mut sessions = self.lock();
        let begun = &mut sessions.get_mut(id)?.begun;
        let position = begun.iter().position(|begun| begun.state == state)?;
        begun.remove(position)
    }

    /// Signs a person in under a new id: one that somebody else may have planted in this browser becomes worthless.
    pub(super) fn sign_in(&self, old: &str, person: Person) -> String {
        let mut sessions = self.lock();
        let mut session = sessions.remove(old).unwrap_or_default();
        let id = self.random.token();
        self.make_room(&mut sessions, &id);
        session.person = Some(Arc::new(person));
        session.notes = None;
        session.used = self.clock.now();
        sessions.insert(id.clone(), session);
        id
    }

    /// Who is signed in, and the notes that they last asked for.
    pub(super) fn person(&self, id: &str) -> Option<(Arc<Person>, Option<Arc<Notes>>)> {
        let mut sessions = self.lock();
        let session = sessions.get_mut(id)?;
        session.used = self.clock.now();
        session.person.clone().map(|person| (person, session.notes.clone()))
    }

    /// Keeps what the API answered, to show it.
    pub(super) fn keep_notes(&self, id: &str, notes: Notes) {
        if let Some(session) = self.lock().get_mut(id) {
            session.notes = Some(Arc::new(notes));
        }
    }

    /// Ends the session, and says whose it was.
    pub(super) fn sign_out(&self, id: &str) -> Option<Arc<Person>> {
        self.lock().remove(id)?.person
    }

    /// The sessions that are not too old.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        let mut sessions = self.by_id.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        sessions.retain(|_, session| now.since(session.used) < IDLE);
        sessions
    }

    fn make_room(&self, sessions: &mut HashMap<String, Session>, id: &str) {
        if sessions.len() < MOST_SESSIONS || sessions.contains_key(id) {
            return;
        }
        let oldest = sessions.iter().min_by_key(|(_, session)| session.used).map(|(id, _)| id.clone());
        if let Some(oldest) = oldest {
            sessions.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(state: &str) -> Begun {
        let verifier = PkceCodeVerifier::new("v".repeat(43));
        Begun { state: state.to_owned(), nonce: Nonce::new("n".to_owned()), verifier }
    }

    fn sessions() -> (Sessions, Clock) {
        let clock = Clock::system();
        (Sessions::new(clock.clone(), Random::system()), clock)
    }

    #[test]
    fn a_sign_in_is_ended_once_and_by_the_browser_that_began_it() {
        let (sessions, _) = sessions();
        let (mine, other) = (sessions.begin(None, begun("a")), sessions.begin(None, begun("b")));
        assert!(sessions.take_begun(&other, "a").is_none());
        assert!(sessions.take_begun(&mine, "a").is_some());
        assert!(sessions.take_begun(&mine, "a").is_none());
    }

    #[test]
    fn an_id_that_we_never_gave_is_not_taken_over() {
        let (sessions, _) = sessions();
        assert_ne!(sessions.begin(Some("planted"), begun("a")), "planted");
    }

    #[test]
    fn two_tabs_can_begin_in_one_session_and_only_so_many() {
        let (sessions, _) = sessions();
        let id = sessions.begin(None, begun("0"));
        for tab in 1..=MOST_BEGUN {
            assert_eq!(sessions.begin(Some(&id), begun(&tab.to_string())), id);
        }
        assert!(sessions.take_begun(&id, "0").is_none());
        assert!(sessions.take_begun(&id, "1").is_some());
    }

    #[test]
    fn sessions_are_bounded_in_number_and_age() {
        let (sessions, clock) = sessions();
        let first = sessions.begin(None, begun("a"));
        clock.advance(Duration::from_secs(1));
        for _ in 0..MOST_SESSIONS {
            sessions.begin(None, begun("b"));
        }
        assert_eq!(sessions.lock().len(), MOST_SESSIONS);
        assert!(sessions.take_begun(&first, "a").is_none());
        clock.advance(IDLE);
        assert_eq!(sessions.lock().len(), 0);
    }
}
