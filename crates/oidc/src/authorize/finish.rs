//! The end of an authorization request: the code.

use vestibule_core::GrantId;
use vestibule_sessions::Session;

use super::{Answer, ErrorCode, ValidRequest};
use crate::{Provider, Unavailable, code::CodeGrant};

impl Provider {
    /// Issues the code for a request that the dispatcher called finished, in the session that it looked at. Whoever calls
    /// this has taken the waiting request, so that it ends once.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn finish(&self, request: ValidRequest, session: &Session) -> Result<Answer, Unavailable> {
        if !self.spend(&request).await? {
            let words = "the pushed request was answered before, or waited for too long";
            return Ok(Answer::error(&request.to, self.issuer(), ErrorCode::InvalidRequestUri, words));
        }
        let grant = CodeGrant {
            grant: GrantId::random(self.random()),
            client: request.to.client_id.clone(),
            user: session.user_id,
            redirect_uri: request.to.redirect_uri.clone(),
            redirect_uri_named: request.to.redirect_uri_named,
            scope: request.scope,
            nonce: request.nonce,
            code_challenge: request.code_challenge,
            session: session.sid,
            session_expires_at: Some(session.expires_at),
            auth_time: session.auth_time,
            acr: session.acr.clone(),
            amr: session.amr.clone(),
            issued_at: self.clock().now(),
            resources: request.resources,
            confirmation: request.confirmation,
        };
        let code = self.codes().issue(&grant).await?;
        tracing::info!(client_id = %grant.client, user = %grant.user, grant = %grant.grant, "a code was issued");
        Ok(Answer::code(&request.to, self.issuer(), &code))
    }

    /// Spends a request that was pushed, since it is answered now: of any number of answers, one (RFC 9126 section 7.3). Any
    /// other request is taken where it waits, and this is always `true` of it.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn spend(&self, request: &ValidRequest) -> Result<bool, Unavailable> {
        match &request.pushed {
            Some(id) => self.pushed().spend(id).await,
            None => Ok(true),
        }
    }
}
