//! The end of an authorization request: the code, and the tokens that come through the browser with it or in its place.

use serde_json::Map;
use vestibule_core::{GrantId, ScopeSet};
use vestibule_sessions::Session;
use vestibule_tokens::{AccessTokenClaims, Authentication, Confirmation, IdTokenClaims, MintedAccessToken};

use super::{Answer, ErrorCode, ValidRequest};
use crate::{
    Provider, Unavailable,
    client::{AccessTokenFormat, Client, NotEncrypted},
    code::CodeGrant,
    levels::Shown,
    target::{Target, TargetError},
};

/// Why nothing is issued after all.
enum Failed {
    Told(ErrorCode, String),
    Unavailable(Unavailable),
}

impl<E: Into<Unavailable>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<NotEncrypted> for Failed {
    fn from(error: NotEncrypted) -> Self {
        match error {
            NotEncrypted::Unavailable(error) => Self::Unavailable(error),
            error => Self::Told(ErrorCode::InvalidRequest, error.to_string()),
        }
    }
}

/// What one answer is made of.
struct Finishing<'a> {
    provider: &'a Provider,
    client: &'a Client,
    request: &'a ValidRequest,
    session: &'a Session,
    /// All that this answer gives is of this grant, so that the replay of its code ends its tokens too.
    grant: GrantId,
}

impl Provider {
    /// Issues what a request asks for that the dispatcher called finished, in the session that it looked at. Whoever calls this
    /// has taken the waiting request, so that it ends once.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn finish(
        &self,
        request: ValidRequest,
        client: &Client,
        session: &Session,
    ) -> Result<Answer, Unavailable> {
        if !self.spend(&request).await? {
            let words = "the pushed request was answered before, or waited for too long";
            return Ok(Answer::error(&request.to, self.issuer(), ErrorCode::InvalidRequestUri, words));
        }
        let grant = GrantId::random(self.random());
        let finishing = Finishing { provider: self, client, request: &request, session, grant };
        match finishing.issue().await {
            Ok(parameters) => Ok(Answer::new(&request.to, self.issuer(), parameters)),
            Err(Failed::Told(code, words)) => Ok(Answer::error(&request.to, self.issuer(), code, &words)),
            Err(Failed::Unavailable(error)) => Err(error),
        }
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

impl Finishing<'_> {
    /// The access token comes first: it alone can still be refused, and then there is no code either.
    async fn issue(&self) -> Result<Vec<(&'static str, String)>, Failed> {
        let asked = self.request.response_type;
        let mut parameters = Vec::new();
        let access = if asked.token {
            let target = self.target().await?;
            Some((self.access_token(&target)?, target))
        } else {
            None
        };
        let code = if asked.code { Some(self.code().await?) } else { None };
        let id_token = if asked.id_token {
            self.join().await?;
            Some(self.id_token(access.as_ref().map(|(token, _)| &*token.token), code.as_deref()).await?)
        } else {
            None
        };
        tracing::info!(
            client_id = %self.client.id,
            user = %self.session.user_id,
            grant = %self.grant,
            token = access.as_ref().map(|(token, _)| tracing::field::display(token.id)),
            response_type = asked.name(),
            "an authorization request was answered"
        );
        parameters.extend(code.map(|code| ("code", code)));
        if let Some((token, target)) = access {
            parameters.push(("access_token", token.token));
            parameters.push(("token_type", Confirmation::token_type(None).to_owned()));
            parameters.push(("expires_in", target.lifetime.as_secs().to_string()));
            parameters.push(("scope", target.scope.to_string()));
        }
        parameters.extend(id_token.map(|token| ("id_token", token)));
        Ok(parameters)
    }

    fn authentication(&self) -> Authentication {
        let Session { auth_time, amr, .. } = self.session;
        Authentication { time: *auth_time, acr: self.level(), amr: amr.clone() }
    }

    fn level(&self) -> Option<String> {
        let shown = Shown { methods: &self.session.amr, at: self.session.auth_time };
        let now = self.provider.clock().now();
        self.provider.levels().told(&self.request.level, shown, now).map(str::to_owned)
    }

    async fn code(&self) -> Result<String, Unavailable> {
        let Self { request, session, .. } = self;
        let grant = CodeGrant {
            grant: self.grant,
            client: request.to.client_id.clone(),
            user: session.user_id,
            redirect_uri: request.to.redirect_uri.clone(),
            redirect_uri_named: request.to.redirect_uri_named,
            scope: request.scope.clone(),
            nonce: request.nonce.clone(),
            code_challenge: request.code_challenge.clone(),
            session: session.sid,
            session_expires_at: Some(session.expires_at),
            auth_time: session.auth_time,
            acr: self.level(),
            amr: session.amr.clone(),
            issued_at: self.provider.clock().now(),
            resources: request.resources.clone(),
            confirmation: request.confirmation.clone(),
            claims: request.claims.clone(),
        };
        self.provider.codes().issue(&grant).await
    }

    /// The API of the access token, chosen as the token endpoint does.
    async fn target(&self) -> Result<Target, Failed> {
        let Self { client, request, .. } = self;
        match self.provider.target(client, &request.scope, &request.resources, &[]).await {
            Ok(target) => Ok(target),
            Err(TargetError::Unavailable(error)) => Err(Failed::Unavailable(error)),
            Err(error) => Err(Failed::Told(ErrorCode::InvalidTarget, error.to_string())),
        }
    }

    /// Bound to no key: the rules let no application get here whose tokens are.
    fn access_token(&self, target: &Target) -> Result<MintedAccessToken, Unavailable> {
        let claims = AccessTokenClaims {
            user: Some(self.session.user_id),
            client: self.client.id.clone(),
            sector: self.client.sector(),
            audience: target.identifier.clone(),
            scope: target.scope.clone(),
            authentication: Some(self.authentication()),
            session: Some(self.session.sid),
            grant: Some(self.grant),
            confirmation: None,
            actor: None,
            userinfo_claims: self.request.claims.userinfo.iter().cloned().collect(),
            lifetime: target.lifetime,
        };
        let tokens = self.provider.tokens();
        Ok(match target.format {
            AccessTokenFormat::Jwt => tokens.mint_access_token(claims, target.algorithm)?,
            AccessTokenFormat::Opaque => tokens.mint_opaque_access_token(claims)?,
        })
    }

    /// Has the application hear of the end of the session.
    async fn join(&self) -> Result<(), Failed> {
        let Self { provider, client, session, .. } = self;
        if provider.joins(client, session.user_id, session.sid, || provider.is_void(session)).await? {
            return Ok(());
        }
        Err(Failed::Told(ErrorCode::LoginRequired, "the session has ended meanwhile".to_owned()))
    }

    /// Where nothing leads to userinfo, the ID token says what the scopes bring (OpenID Connect Core section 5.4).
    async fn id_token(&self, access_token: Option<&str>, code: Option<&str>) -> Result<String, Failed> {
        let Self { request, session, .. } = self;
        let alone = access_token.is_none() && code.is_none();
        let scope = if alone { request.scope.clone() } else { ScopeSet::default() };
        let extra = if alone || !request.claims.id_token.is_empty() {
            let single = &request.claims.id_token;
            let told = self.provider.told_of(session.user_id, self.client, &scope, single).await?;
            told.ok_or_else(|| Failed::Told(ErrorCode::AccessDenied, "the person is here no more".to_owned()))?
        } else {
            Map::new()
        };
        let claims = IdTokenClaims {
            user: session.user_id,
            client: self.client.id.clone(),
            sector: self.client.sector(),
            nonce: request.nonce.clone(),
            authentication: self.authentication(),
            session: Some(session.sid),
            access_token: access_token.map(str::to_owned),
            code: code.map(str::to_owned),
            state: request.to.state.clone(),
            extra,
            lifetime: self.provider.settings().id_token_lifetime,
        };
        let token = self.provider.tokens().mint_id_token(claims, self.provider.id_token_key(self.client)?)?;
        Ok(self.provider.encrypt_id_token(self.client, token).await?)
    }
}
