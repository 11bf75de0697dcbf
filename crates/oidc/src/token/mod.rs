//! The token endpoint (RFC 6749 section 3.2), without HTTP.
//!
//! The phases belong to the endpoint, and no grant can skip one:
//!
//! 1. parse · 2. authenticate the client · 3. may it use this grant? · 4. read the grant's source · 5. is it this client's?
//!    (another's try leaves it alone) · 6. take it, atomically, before anything is minted · 7. check the rest · 8. mint · 9. write.
//!
//! What differs between grants is a file of this module, which fills in a [`Grant`].

mod authorization_code;
mod client_credentials;
mod device_code;
mod error;
mod exchange;
mod jwt_bearer;
mod mint;
mod refresh_token;
mod standing;

use std::sync::Arc;

use serde::Serialize;
use vestibule_audit::Source;
use vestibule_core::{ClientId, GrantId, Parameters, PublicSessionId, ScopeSet, UserId};
use vestibule_tokens::{Actor, Authentication, Confirmation};

use crate::{
    DpopRefusal, DpopRequest, Provider, RequestedClaims,
    authorize::request_doubles,
    client::{Client, SenderCertificate, authentication::Proof},
    grants::NewGrant,
    target::{self, Target},
};
use authorization_code::AuthorizationCode;
use client_credentials::ClientCredentials;
use device_code::DeviceCode;
use exchange::TokenExchange;
use jwt_bearer::JwtBearer;
use refresh_token::RefreshToken;

pub use device_code::DeviceAuthorization;
pub use error::{TokenError, TokenErrorCode};

/// The grants that there are, as discovery names them.
pub const GRANT_TYPES: [&str; 6] = [
    AuthorizationCode::NAME,
    RefreshToken::NAME,
    ClientCredentials::NAME,
    DeviceCode::NAME,
    TokenExchange::NAME,
    JwtBearer::NAME,
];

/// The one by which a person's tokens come without a redirect.
pub(crate) const DEVICE_CODE: &str = DeviceCode::NAME;

/// Those that give tokens without anybody being asked at a browser, be it now or before.
pub(crate) const NOBODY_ASKED: [&str; 3] = [ClientCredentials::NAME, TokenExchange::NAME, JwtBearer::NAME];

/// Those by which an application acts without a person at a browser, so that it must prove who it is.
pub(crate) const CONFIDENTIAL_GRANT_TYPES: [&str; 2] = [ClientCredentials::NAME, TokenExchange::NAME];

/// A token request as it arrived.
#[derive(Clone, Debug)]
pub struct TokenRequest<'a> {
    /// The value of the `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The form in the body.
    pub parameters: &'a Parameters,
    /// The client certificate of the connection, or the one that a trusted proxy forwards: what is given is bound to it where the
    /// application wants that, and no DPoP proof names another key.
    pub certificate: Option<&'a SenderCertificate>,
    /// The proof of another key that came with it.
    pub dpop: DpopRequest<'a>,
    /// Where it came from, for the audit records.
    pub source: Source,
}

/// A successful answer (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// What the access token is called where tokens are exchanged (RFC 8693 section 2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<&'static str>,
    /// `Bearer`, or `DPoP`.
    pub token_type: &'static str,
    /// How long the access token lives, in seconds.
    pub expires_in: u64,
    /// What it allows.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// What the client comes back with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token, where `openid` was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

impl std::fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenResponse").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// A request whose client has proved itself and may use the grant.
struct Asking<'a> {
    provider: &'a Provider,
    client: &'a Client,
    parameters: &'a Parameters,
    confirmation: Option<Confirmation>,
    source: &'a Source,
}

impl Asking<'_> {
    /// The APIs that the request names (RFC 8707).
    fn targets(&self) -> Result<Vec<String>, TokenError> {
        Ok(target::named(self.parameters)?)
    }

    /// Whether whoever asks holds the key that something was bound to, if it was.
    fn holds(&self, bound: Option<&Confirmation>) -> bool {
        bound.is_none_or(|bound| self.confirmation.as_ref() == Some(bound))
    }
}

/// What a grant gives, once everything is checked.
struct Allowed {
    /// Whose tokens they are; nobody's where the application acts for itself.
    person: Option<Person>,
    /// Everything that was granted: whether there is an ID token is said here, and not by what one access token may do.
    granted: ScopeSet,
    /// What the access token is like.
    target: Target,
    /// The browser session that the tokens end with.
    session: Option<PublicSessionId>,
    /// The grant that they end with.
    grant: Option<GrantId>,
    /// The application's mark for the ID token.
    nonce: Option<String>,
    /// What the client comes back with, where it may.
    refresh: Option<Refresh>,
    /// Single claims that were asked for with it.
    claims: RequestedClaims,
    /// Who acts for the person, where that is more than the application that the person allowed.
    actor: Option<Actor>,
    /// What the answer calls the access token.
    issued_token_type: Option<&'static str>,
}

/// What a client comes back with.
enum Refresh {
    /// A grant that is kept from now on.
    Begins(Box<NewGrant>),
    /// The next token of a grant that is kept.
    Goes(String),
}

/// Somebody who signed in.
struct Person {
    user: UserId,
    /// How they did, where that is known.
    authentication: Option<Authentication>,
}

/// What is particular to a grant: where its source lies, and what else must hold.
trait Grant {
    /// Its `grant_type`.
    const NAME: &'static str;
    /// Whether somebody has just signed in for it, so that the application is likely to ask next who that is.
    const SIGNS_IN: bool = false;
    /// What a request presents, read and not taken yet.
    type Source;
    /// The same, taken.
    type Taken;

    /// Reads what the request presents, and leaves it as it is.
    async fn read(asking: &Asking<'_>) -> Result<Self::Source, TokenError>;

    /// Whose it is; nobody's in particular where the client presents nothing but itself.
    fn owner(source: &Self::Source) -> Option<&ClientId>;

    /// Takes it. Of parallel callers, as many succeed as the grant allows, and nothing is minted before.
    async fn take(asking: &Asking<'_>, source: Self::Source) -> Result<Self::Taken, TokenError>;

    /// Checks the rest. What fails here was taken all the same.
    async fn check(asking: &Asking<'_>, taken: Self::Taken) -> Result<Allowed, TokenError>;
}

impl TokenRequest<'_> {
    /// The request, of a client that has proved itself.
    fn asking<'a>(
        &'a self,
        provider: &'a Provider,
        client: &'a Client,
        confirmation: Option<Confirmation>,
    ) -> Asking<'a> {
        Asking { provider, client, parameters: self.parameters, confirmation, source: &self.source }
    }
}

impl Provider {
    /// Answers a token request.
    ///
    /// # Errors
    /// Why there are no tokens; [`TokenError::code`] is what the client is told.
    pub async fn token(&self, request: TokenRequest<'_>) -> Result<TokenResponse, TokenError> {
        // Where there are tokens, it is one of those that are known.
        let grant = request.parameters.get("grant_type");
        let answer = self.redeem(request).await;
        if let (Ok(_), Some(grant)) = (&answer, grant) {
            self.issued().count([grant.into()]);
        }
        if let Err(error) = &answer {
            // As text, which the log quotes: it may hold a parameter's name as it came, with a line break in it (attack A80).
            let reason = error.to_string();
            tracing::info!(error = error.code().as_str(), reason, "a token request was refused");
        }
        answer
    }

    async fn redeem(&self, request: TokenRequest<'_>) -> Result<TokenResponse, TokenError> {
        let TokenRequest { parameters, dpop, .. } = &request;
        once_each(parameters)?;
        // Held before the client proves itself, so that whoever has to come back with a nonce has not spent an assertion; taken
        // after, so that strangers leave no marks.
        let proof = self.hold_dpop(dpop, None)?;
        let client = self.proved(&request).await?;
        let confirmation = match proof {
            Some(proof) => Some(self.take_dpop(&proof).await?),
            None if client.metadata.dpop_bound_access_tokens => return Err(DpopRefusal::Missing.into()),
            None => by_certificate(&client, request.certificate)?,
        };
        let missing = || TokenError::InvalidRequest("grant_type is missing".to_owned());
        let grant_type = parameters.get("grant_type").ok_or_else(missing)?;
        let asking = request.asking(self, &client, confirmation);
        match grant_type {
            AuthorizationCode::NAME => run::<AuthorizationCode>(&asking).await,
            DeviceCode::NAME => run::<DeviceCode>(&asking).await,
            JwtBearer::NAME => run::<JwtBearer>(&asking).await,
            TokenExchange::NAME => run::<TokenExchange>(&asking).await,
            RefreshToken::NAME => run::<RefreshToken>(&asking).await,
            ClientCredentials::NAME => run::<ClientCredentials>(&asking).await,
            _ => Err(TokenError::UnsupportedGrantType),
        }
    }
}

impl Provider {
    /// The client that a request proves to come from; or names, where the grant itself is what proves it.
    async fn proved(&self, request: &TokenRequest<'_>) -> Result<Arc<Client>, TokenError> {
        let TokenRequest { authorization, parameters, certificate, .. } = *request;
        if request.only_states() {
            return self.client_named(parameters).await;
        }
        Ok(self.authenticate(Proof { authorization, parameters, certificate }).await?)
    }
}

fn once_each(parameters: &Parameters) -> Result<(), TokenError> {
    request_doubles(parameters).map_or(Ok(()), |double| Err(TokenError::InvalidRequest(double.to_string())))
}

/// The certificate that tokens are bound to, for an application that wants that (RFC 8705 section 3): without one it gets nothing.
fn by_certificate(
    client: &Client,
    certificate: Option<&SenderCertificate>,
) -> Result<Option<Confirmation>, TokenError> {
    if !client.metadata.tls_client_certificate_bound_access_tokens {
        return Ok(None);
    }
    let missing = "this application's tokens are bound to its certificate, and the request came without one";
    certificate.map(|certificate| Some(certificate.confirmation())).ok_or(TokenError::Refused(missing))
}

/// The phases from the third on.
async fn run<G: Grant>(asking: &Asking<'_>) -> Result<TokenResponse, TokenError> {
    if !asking.client.may_use_grant(G::NAME) {
        return Err(TokenError::UnauthorizedClient);
    }
    let began = asking.provider.clock().now();
    let source = G::read(asking).await?;
    if G::owner(&source).is_some_and(|owner| *owner != asking.client.id) {
        return Err(TokenError::OtherClients);
    }
    let taken = G::take(asking, source).await?;
    let mut allowed = G::check(asking, taken).await?;
    let refresh = allowed.refresh.take();
    asking.joins(&allowed, refresh.as_ref(), began).await?;
    let mut answer = asking.mint(allowed, G::SIGNS_IN).await?;
    answer.refresh_token = asking.write(refresh).await?;
    Ok(answer)
}

impl Asking<'_> {
    /// Writes what the client comes back for.
    async fn write(&self, refresh: Option<Refresh>) -> Result<Option<String>, TokenError> {
        Ok(match refresh {
            None => None,
            Some(Refresh::Goes(token)) => Some(token),
            Some(Refresh::Begins(new)) => Some(self.provider.grants().begin(*new).await?),
        })
    }
}
