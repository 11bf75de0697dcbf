//! Browser sessions: begun, found, prolonged, ended.

use std::{sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};
use vestibule_core::{Clock, HashKey, PublicSessionId, Random, Timestamp, UserId};
use vestibule_ephemeral::{Ephemeral, Kind};

use crate::{Authentication, Origin, Pending, Policy, Session, SessionToken, Unavailable};

const SESSION: Kind = Kind::new("session");

/// How long a use of a session may go unrecorded at most: a page with ten images is one write, not eleven.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// A short idle time must not end a session that is used: its uses are recorded at least so many times within it.
const TOUCHES_WITHIN_IDLE: u32 = 8;

/// The sessions of this provider, and the requests that wait at its browsers. A clone is the same.
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    ephemeral: Ephemeral,
    /// For session ids.
    session_key: HashKey,
    /// What the keys of other purposes derive from.
    key: HashKey,
    clock: Clock,
    random: Random,
    policy: Policy,
}

impl Sessions {
    /// On a store, with the provider's hash key.
    #[must_use]
    pub fn new(ephemeral: Ephemeral, key: HashKey, clock: Clock, random: Random, policy: Policy) -> Self {
        let session_key = key.for_purpose("session");
        Self { shared: Arc::new(Shared { ephemeral, session_key, key, clock, random, policy }) }
    }

    /// The requests that wait at browsers, with a payload of one type.
    #[must_use]
    pub fn pending<P: Serialize + DeserializeOwned>(&self) -> Pending<P> {
        let Shared { ephemeral, key, random, policy, .. } = &*self.shared;
        Pending::new(ephemeral.clone(), key, random.clone(), policy.pending)
    }

    /// How long a session can last at most: what is said about sessions must be remembered at least so long.
    #[must_use]
    pub fn longest(&self) -> Duration {
        self.shared.policy.absolute.max(self.shared.policy.keep_absolute)
    }

    /// How long a request waits for a person at most.
    #[must_use]
    pub fn longest_wait(&self) -> Duration {
        self.shared.policy.pending
    }

    /// Begins a session for someone who has just proved who they are, by a sign-in or a step-up: always under a new id.
    ///
    /// `previous` is what the browser held until now. It is dead from now on. Where it was a session of the same user, the new
    /// one is its continuation: it has the same `sid` and `created_at`. Another user inherits nothing.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer. The previous session may be dead then.
    pub async fn start(
        &self,
        user_id: UserId,
        authentication: Authentication,
        keep_signed_in: bool,
        previous: Option<&SessionToken>,
        from: Origin,
    ) -> Result<(SessionToken, Session), Unavailable> {
        // Taken before the new one is put, so that of two parallel step-ups only one continues it, and so that a failure
        // between the two leaves nobody signed in rather than a session under an old id.
        let previous = match previous {
            Some(token) => self.end(token).await?.filter(|session| session.user_id == user_id),
            None => None,
        };
        let (random, policy, now) = (&self.shared.random, &self.shared.policy, self.shared.clock.now());
        let session = Session {
            user_id,
            sid: previous.as_ref().map_or_else(|| PublicSessionId::random(random), |session| session.sid),
            created_at: previous.as_ref().map_or(now, |session| session.created_at),
            renewed_at: previous.and_then(|session| session.renewed_at),
            auth_time: authentication.auth_time,
            amr: authentication.amr,
            keep_signed_in,
            expires_at: now + policy.absolute_of(keep_signed_in),
            seen_at: now,
            seen_from: from,
        };
        Ok((self.keep(&session).await?, session))
    }

    /// Lets a session that was ended with all others of its user go on, under a new id and a new `sid`. What was proved in it is
    /// as old as it was, and it ends when it would have ended. `ended` is the moment up to which everything was ended; the new
    /// one counts as begun after it.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer.
    pub async fn renew(
        &self,
        session: Session,
        ended: Timestamp,
        from: Origin,
    ) -> Result<(SessionToken, Session), Unavailable> {
        let now = self.shared.clock.now();
        let session = Session {
            sid: PublicSessionId::random(&self.shared.random),
            renewed_at: Some(now.max(ended + Duration::from_millis(1))),
            seen_at: now,
            seen_from: from,
            ..session
        };
        Ok((self.keep(&session).await?, session))
    }

    /// Puts a session into the store, under a new id.
    async fn keep(&self, session: &Session) -> Result<SessionToken, Unavailable> {
        let token = SessionToken::new(&self.shared.random);
        let (value, owner, ttl) = (encode(session), session.user_id.to_string(), self.ttl(session));
        self.shared.ephemeral.put(SESSION, &self.key_of(&token), &value, ttl, Some(&owner)).await?;
        Ok(token)
    }

    /// The session that a browser's cookie names. Finding it is using it: that moves its idle end.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer.
    pub async fn find(&self, cookie: &str, from: &Origin) -> Result<Option<(SessionToken, Session)>, Unavailable> {
        let Some(token) = SessionToken::parse(cookie) else { return Ok(None) };
        let key = self.key_of(&token);
        let Some(value) = self.shared.ephemeral.get(SESSION, &key).await? else { return Ok(None) };
        let Some(session) = self.decode(&value) else { return Ok(None) };
        Ok(self.used(&key, &value, session, from).await?.map(|session| (token, session)))
    }

    /// The session that a browser's cookie names, which is not used by that: one that is signed in beside another.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer.
    pub async fn look(&self, cookie: &str) -> Result<Option<(SessionToken, Session)>, Unavailable> {
        let Some(token) = SessionToken::parse(cookie) else { return Ok(None) };
        let Some(value) = self.shared.ephemeral.get(SESSION, &self.key_of(&token)).await? else { return Ok(None) };
        Ok(self.decode(&value).map(|session| (token, session)))
    }

    /// Records that a session is used, where that was not recorded a moment ago.
    async fn used(
        &self,
        key: &str,
        value: &[u8],
        mut session: Session,
        from: &Origin,
    ) -> Result<Option<Session>, Unavailable> {
        let now = self.shared.clock.now();
        let idle = self.shared.policy.idle_of(session.keep_signed_in);
        if now.since(session.seen_at) >= TOUCH_EVERY.min(idle / TOUCHES_WITHIN_IDLE) {
            session.seen_at = now;
            session.seen_from = from.clone();
            // Of parallel uses one swap is enough; and a session that was ended meanwhile is not found.
            self.shared.ephemeral.swap(SESSION, key, value, &encode(&session)).await?;
            if !self.shared.ephemeral.touch(SESSION, key, self.ttl(&session)).await? {
                return Ok(None);
            }
        }
        Ok(Some(session))
    }

    /// Uses a user's session by its public id, as an application does that was given tokens in it: that moves its idle end. Where
    /// it was last seen from stays as it was.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer.
    pub async fn use_one(&self, user_id: UserId, sid: PublicSessionId) -> Result<Option<Session>, Unavailable> {
        let entries = self.shared.ephemeral.list(SESSION, &user_id.to_string()).await?;
        for (key, value) in entries {
            match self.decode(&value) {
                Some(session) if session.sid == sid => {
                    let from = session.seen_from.clone();
                    return self.used(&key, &value, session, &from).await;
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Ends a session, and answers what it was; to exactly one of parallel callers.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer; it may have ended.
    pub async fn end(&self, token: &SessionToken) -> Result<Option<Session>, Unavailable> {
        self.end_key(&self.key_of(token)).await
    }

    /// Ends one of a user's sessions by its public id, as an account page names it.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer; it may have ended.
    pub async fn end_one(&self, user_id: UserId, sid: PublicSessionId) -> Result<Option<Session>, Unavailable> {
        for (key, session) in self.owned_by(user_id).await? {
            if session.sid == sid {
                return self.end_key(&key).await;
            }
        }
        Ok(None)
    }

    /// Ends all sessions of a user, and answers what they were. One that begins at the same moment may stay: what must not
    /// outlive this is stopped by the revocation log as well.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer; some may have ended.
    pub async fn end_all(&self, user_id: UserId) -> Result<Vec<Session>, Unavailable> {
        let mut ended = Vec::new();
        for (key, _) in self.owned_by(user_id).await? {
            ended.extend(self.end_key(&key).await?);
        }
        Ok(ended)
    }

    /// The sessions of a user, the most recently used first.
    ///
    /// # Errors
    /// [`Unavailable`] where the store does not answer.
    pub async fn list(&self, user_id: UserId) -> Result<Vec<Session>, Unavailable> {
        let mut sessions: Vec<_> = self.owned_by(user_id).await?.into_iter().map(|(_, session)| session).collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.seen_at));
        Ok(sessions)
    }

    async fn end_key(&self, key: &str) -> Result<Option<Session>, Unavailable> {
        let taken = self.shared.ephemeral.take(SESSION, key, None).await?;
        Ok(taken.live().and_then(|value| self.decode(&value)))
    }

    async fn owned_by(&self, user_id: UserId) -> Result<Vec<(String, Session)>, Unavailable> {
        let entries = self.shared.ephemeral.list(SESSION, &user_id.to_string()).await?;
        Ok(entries.into_iter().filter_map(|(key, value)| Some((key, self.decode(&value)?))).collect())
    }

    fn key_of(&self, token: &SessionToken) -> String {
        self.shared.session_key.digest(token.as_cookie_value()).to_key()
    }

    /// How long the store keeps a session that is used now: until its idle end, and never beyond its absolute one.
    fn ttl(&self, session: &Session) -> Duration {
        let left = session.expires_at.since(self.shared.clock.now());
        left.min(self.shared.policy.idle_of(session.keep_signed_in))
    }

    /// A session that has not reached its absolute end.
    fn decode(&self, value: &[u8]) -> Option<Session> {
        match serde_json::from_slice::<Session>(value) {
            Ok(session) => (session.expires_at > self.shared.clock.now()).then_some(session),
            Err(error) => {
                tracing::warn!(%error, "A stored session cannot be read, and counts as ended");
                None
            }
        }
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").field("policy", &self.shared.policy).finish_non_exhaustive()
    }
}

fn encode(session: &Session) -> Vec<u8> {
    serde_json::to_vec(session).expect("a session has only names and values that JSON has")
}
