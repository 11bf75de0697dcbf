//! Ending what a person has: one browser session, or everything.

use vestibule_core::{ClientId, PublicSessionId, UserId};
use vestibule_sessions::{Session, SessionToken};
use vestibule_tokens::{Revocation, Subject};

use crate::{Provider, Unavailable, provider::LONGEST_ACCESS_TOKEN};

impl Provider {
    /// Ends a browser session, and with it every token that was minted in it. The log comes first: should the store fail
    /// afterwards, the session is void all the same.
    ///
    /// # Errors
    /// A database or store that does not answer.
    pub async fn end_session(&self, token: &SessionToken, session: &Session) -> Result<(), Unavailable> {
        self.revoke(Subject::Session(session.sid), None).await?;
        self.sessions().end(token).await.map_err(Unavailable::because)?;
        tracing::info!(user = %session.user_id, "a session was ended");
        Ok(())
    }

    /// Ends one of a person's sessions by its public id, with every token that was minted in it; answers whether there was one.
    ///
    /// # Errors
    /// A database or store that does not answer.
    pub async fn end_session_of(&self, user: UserId, sid: PublicSessionId) -> Result<Option<Session>, Unavailable> {
        let sessions = self.sessions().list(user).await.map_err(Unavailable::because)?;
        if !sessions.iter().any(|session| session.sid == sid) {
            return Ok(None);
        }
        self.revoke(Subject::Session(sid), None).await?;
        let ended = self.sessions().end_one(user, sid).await.map_err(Unavailable::because)?;
        tracing::info!(%user, "a session was ended");
        Ok(ended)
    }

    /// Signs a person out everywhere: what they have is void, and their sessions are gone. The log comes first.
    ///
    /// # Errors
    /// A database or store that does not answer.
    pub async fn sign_out_everywhere(&self, user: UserId) -> Result<Vec<Session>, Unavailable> {
        self.revoke_user(user).await?;
        self.sessions().end_all(user).await.map_err(Unavailable::because)
    }

    /// Voids every session and token that a person has up to now. What they sign in for afterwards is not hit.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn revoke_user(&self, user: UserId) -> Result<(), Unavailable> {
        let now = self.clock().now();
        self.revoke(Subject::User(user), Some(now)).await
    }

    /// Voids every token that an application has.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn revoke_client(&self, client: &ClientId) -> Result<(), Unavailable> {
        self.revoke(Subject::Client(client.clone()), None).await
    }

    async fn revoke(
        &self,
        subject: Subject,
        issued_before: Option<vestibule_core::Timestamp>,
    ) -> Result<(), Unavailable> {
        // Sessions live longer than tokens, and an entry about a person must outlive both.
        let expires_at = self.clock().now() + LONGEST_ACCESS_TOKEN.max(self.sessions().longest());
        Ok(self.tokens().revocations().revoke(Revocation { subject, issued_before, expires_at }).await?)
    }
}
