//! Who sits at a browser, as far as it still holds.

use vestibule_core::UserId;
use vestibule_sessions::Session;
use vestibule_tokens::{Authentication, Subject};
use vestibule_users::User;

use crate::{
    Provider, Unavailable,
    authorize::SignedIn,
    levels::{LevelWish, Missing, Need, Shown},
};

/// A person at a browser: the session is alive, not revoked, and the person may sign in.
#[derive(Clone, Debug)]
pub struct Present {
    /// Who.
    pub user: User,
    /// In which session.
    pub session: Session,
}

impl Present {
    /// For the dispatcher, which must be told whether a second factor is demanded of them, and what is missing for the level that
    /// was asked for.
    #[must_use]
    pub fn signed_in(&self, demands_two: bool, missing: Missing) -> SignedIn {
        SignedIn {
            user: self.user.id,
            auth_time: self.session.auth_time,
            lacks_second_factor: demands_two && !self.has_two_factors(),
            missing,
        }
    }

    /// Whether they have proved themselves by two factors in this session.
    #[must_use]
    pub fn has_two_factors(&self) -> bool {
        self.shown().has(Need::SecondFactor)
    }

    /// How they have proved themselves.
    #[must_use]
    pub fn shown(&self) -> Shown<'_> {
        Shown { methods: &self.session.amr, at: self.session.auth_time }
    }
}

impl Provider {
    /// Whose session this is. A session of a person who is gone, deactivated or signed out everywhere is nobody's.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn present(&self, session: Session) -> Result<Option<Present>, Unavailable> {
        if self.is_void(&session) {
            return Ok(None);
        }
        let user = self.users().get(session.user_id).await?.filter(|user| user.active);
        Ok(user.map(|user| Present { user, session }))
    }

    /// What is missing of `shown` for the levels that a request asks for.
    #[must_use]
    pub fn missing(&self, wish: &LevelWish, shown: Shown<'_>) -> Missing {
        self.levels().missing(wish, shown, self.clock().now())
    }

    /// An authentication of before, with the level that it has now.
    pub(crate) fn holding(&self, how: Authentication) -> Authentication {
        self.levels().as_of(self.clock().now(), how)
    }

    /// The level of a session, as it is now.
    #[must_use]
    pub fn level_of(&self, session: &Session) -> Option<&str> {
        let shown = Shown { methods: &session.amr, at: session.auth_time };
        self.levels().reached(shown, self.clock().now())
    }

    /// The sessions of a person that hold, the most recently used first.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn sessions_of(&self, user: UserId) -> Result<Vec<Session>, Unavailable> {
        let mut sessions = self.sessions().list(user).await.map_err(Unavailable::because)?;
        sessions.retain(|session| !self.is_void(session));
        Ok(sessions)
    }

    /// Whether the log says that the session has ended, whatever the store holds. What a session has survived on purpose does
    /// not count.
    pub(crate) fn is_void(&self, session: &Session) -> bool {
        let subjects = [Subject::Session(session.sid), Subject::User(session.user_id)];
        let since = session.renewed_at.map_or(session.auth_time, |renewed| renewed.max(session.auth_time));
        self.tokens().revocations().is_void(&subjects, since)
    }
}
