//! Ending what a person has: one browser session, everything, or what they let one application have.

use std::time::Duration;

use vestibule_core::{ClientId, GrantId, PublicSessionId, ScopeSet, UserId};
use vestibule_sessions::{Origin, Session, SessionToken};
use vestibule_tokens::{Revocation, Subject};

use crate::{
    Provider, Unavailable, documents::is_address, grants::Whose, logout::Member, provider::LONGEST_ACCESS_TOKEN,
};

impl Provider {
    /// Ends a browser session, and with it every token that was minted in it. The log comes first: should the store fail
    /// afterwards, the session is void all the same. Answers which applications hear of it: those that are told by way of the
    /// browser are for the page that comes next ([`Provider::front_channel`]).
    ///
    /// # Errors
    /// A database or store that does not answer.
    pub async fn end_session(&self, token: &SessionToken, session: &Session) -> Result<Vec<Member>, Unavailable> {
        self.revoke(Subject::Session(session.sid), None).await?;
        let members = self.end_what_stands_on(&Whose::Session(session.sid)).await?;
        self.sessions().end(token).await.map_err(Unavailable::because)?;
        tracing::info!(user = %session.user_id, "a session was ended");
        Ok(members)
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
        self.end_what_stands_on(&Whose::Session(sid)).await?;
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

    /// Voids every session, grant and token that a person has up to now. What they sign in for afterwards is not hit.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn revoke_user(&self, user: UserId) -> Result<(), Unavailable> {
        let now = self.clock().now();
        self.revoke(Subject::User(user), Some(now)).await?;
        self.end_what_stands_on(&Whose::User(user)).await?;
        Ok(())
    }

    /// Ends whatever a person has but the session at this browser, which goes on under another id. `None` where that had ended
    /// meanwhile: of two who do this at the same moment, the later one stays.
    ///
    /// # Errors
    /// A database or store that does not answer. The session at this browser may have ended then.
    pub async fn sign_out_elsewhere(
        &self,
        user: UserId,
        here: &SessionToken,
        from: Origin,
    ) -> Result<Option<(SessionToken, Session)>, Unavailable> {
        // The moment comes first, and the session is looked at once it is taken: what is ended elsewhere between the two is not
        // brought back.
        let until = self.clock().now();
        let here = self.sessions().end(here).await.map_err(Unavailable::because)?;
        let here = here.filter(|session| session.user_id == user && !self.is_void(session));
        self.revoke(Subject::User(user), Some(until)).await?;
        self.end_what_stands_on(&Whose::User(user)).await?;
        self.sessions().end_all(user).await.map_err(Unavailable::because)?;
        tracing::info!(%user, "everything of a user was ended but one session");
        match here {
            Some(session) => {
                let renewed = self.sessions().renew(session, until, from).await;
                renewed.map(Some).map_err(Unavailable::because)
            }
            None => Ok(None),
        }
    }

    /// Takes back what a person let an application have, with every token that it got by that, also where the application is one
    /// that nobody is asked for. Answers what it was.
    ///
    /// # Errors
    /// A database that does not answer: then it may be that only the tokens are void.
    pub async fn withdraw(&self, user: UserId, client: &ClientId) -> Result<ScopeSet, Unavailable> {
        let offline = self.grants().offline_of(user).await?;
        let kept = offline.iter().filter(|kept| kept.client == *client).map(|kept| &kept.scope);
        let granted = kept.fold(self.consents().granted(user, client).await?, |all, more| all.union(more));
        if granted.is_empty() {
            return Ok(granted);
        }
        // Before, so that no token outlives a failure in between; and after, for what was minted while it was still allowed.
        self.revoke(Subject::Consent(user, client.clone()), Some(self.clock().now())).await?;
        self.consents().forget(user, client).await?;
        self.end_grants(&Whose::Consent(user, client.clone())).await?;
        self.revoke(Subject::Consent(user, client.clone()), Some(self.clock().now())).await?;
        tracing::info!(%user, client_id = %client, "a user took back what an application was allowed");
        Ok(granted)
    }

    /// Voids every token that an application has, and those that it might still get: its id never comes back. Where that is the
    /// address of a document, it may, and only what was given until now is void.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn revoke_client(&self, client: &ClientId) -> Result<(), Unavailable> {
        let until = is_address(client).then(|| self.clock().now());
        self.revoke(Subject::Client(client.clone()), until).await
    }

    pub(crate) async fn revoke(
        &self,
        subject: Subject,
        issued_before: Option<vestibule_core::Timestamp>,
    ) -> Result<(), Unavailable> {
        // A grant ends with its row, and what is left of it are tokens. Sessions live longer than those, since their store may have
        // failed when they ended; and an entry about a person must outlive all that they have.
        let lasts = match subject {
            Subject::Grant(_) | Subject::Token(_) => LONGEST_ACCESS_TOKEN,
            Subject::Session(_) | Subject::Client(_) => LONGEST_ACCESS_TOKEN.max(self.sessions().longest()),
            Subject::User(_) | Subject::Consent(..) => self.longest_life(),
        };
        let expires_at = self.clock().now() + lasts;
        Ok(self.tokens().revocations().revoke(Revocation { subject, issued_before, expires_at }).await?)
    }

    /// Ends the grants of sessions, and has the applications told that were given tokens in them.
    async fn end_what_stands_on(&self, whose: &Whose) -> Result<Vec<Member>, Unavailable> {
        self.end_grants(whose).await?;
        self.roll().end(whose).await
    }

    /// Ends grants, with every token that was minted from them.
    pub(crate) async fn end_grants(&self, whose: &Whose) -> Result<Vec<GrantId>, Unavailable> {
        Ok(self.grants().end(self.tokens().revocations(), whose).await?)
    }

    /// How long what is given today can live: a token, a session, or what a refresh token stands for.
    pub(crate) fn longest_life(&self) -> Duration {
        LONGEST_ACCESS_TOKEN.max(self.sessions().longest()).max(self.grants().policy().absolute)
    }
}
