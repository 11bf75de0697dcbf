//! Who asks: the token of a request, whose it is, and what it opens.
//!
//! Two kinds of token count: an access token of ours whose `aud` is this API, and (by its prefix) an API token. Of the scopes
//! that it has, those count that its person holds as permissions at this moment. A token for anything else is no token here,
//! whoever it belongs to.

use std::{collections::BTreeSet, sync::Arc};

use poem::{
    Request,
    http::{HeaderValue, StatusCode, header},
};
use vestibule_core::{ApiTokenId, ClientId, Parameters, ScopeSet};
use vestibule_oidc::{
    DpopRefusal, PresentedError, PresentedToken, TokenScheme,
    client::{
        Client, SenderCertificate,
        authentication::{AuthenticationError, Proof},
    },
};
use vestibule_users::{Effective, User};

use super::problem::Problem;
use crate::{endpoints::dpop, state::State};

/// What a token is limited to.
#[derive(Clone, Debug)]
enum Limits {
    /// Nothing: whatever its person may do.
    None,
    /// An API token: these permissions, of whatever app.
    Named(BTreeSet<String>),
    /// An access token: these scopes. They can name our own permissions and no others.
    Scopes(ScopeSet),
}

/// Somebody who asks by a token.
#[derive(Clone, Debug)]
pub(crate) struct Actor {
    /// Who.
    pub(crate) user: User,
    /// The application that the token was given to; none for an API token.
    pub(crate) client: Option<ClientId>,
    /// The API token, where it is one.
    pub(crate) token: Option<ApiTokenId>,
    limits: Limits,
    held: Arc<Effective>,
}

impl Actor {
    /// Whether the person holds a permission and the token names it.
    pub(crate) fn may(&self, permission: &str) -> bool {
        self.names(permission) && self.held.allows(permission, None)
    }

    /// Whether the token lets a permission of its person count.
    pub(crate) fn names(&self, permission: &str) -> bool {
        match &self.limits {
            Limits::None => true,
            Limits::Named(permissions) => permissions.contains(permission),
            Limits::Scopes(scopes) => !permission.starts_with(OWN) || scopes.contains(permission),
        }
    }

    /// Whether the token lets all permissions of its person count.
    pub(crate) fn is_unlimited(&self) -> bool {
        match &self.limits {
            Limits::None => true,
            Limits::Named(_) => false,
            Limits::Scopes(scopes) => super::scopes().iter().all(|(scope, _)| scopes.contains(scope)),
        }
    }
}

/// How an API token begins.
const API_TOKEN: &str = "vst_";

/// How an opaque access token does.
const OPAQUE: &str = "vst_at_";

/// How our own permissions begin.
const OWN: &str = "vestibule.";

/// Refuses what an actor may not do.
///
/// # Errors
/// 403 `insufficient_scope` (RFC 6750 section 3.1).
pub(crate) fn require(actor: &Actor, permission: &'static str) -> Result<(), Problem> {
    if actor.may(permission) {
        return Ok(());
    }
    let detail = if actor.names(permission) {
        format!("the permission {permission} is needed, and you do not hold it")
    } else {
        format!("the permission {permission} is needed, and the token's scopes do not name it")
    };
    let challenge = format!("Bearer realm=\"vestibule\", error=\"insufficient_scope\", scope=\"{permission}\"");
    let problem = Problem::forbidden(detail);
    Err(match HeaderValue::from_str(&challenge) {
        Ok(value) => problem.with_header(header::WWW_AUTHENTICATE, value),
        Err(_) => problem,
    })
}

/// Who sent a request.
///
/// # Errors
/// 401, where no token holds; 503.
pub(super) async fn of(state: &State, request: &Request) -> Result<Actor, Problem> {
    let (scheme, token) = presented(request)?;
    if scheme == TokenScheme::Bearer && token.starts_with(API_TOKEN) && !token.starts_with(OPAQUE) {
        return by_api_token(state, token).await;
    }
    by_access_token(state, request, scheme, token).await
}

async fn by_api_token(state: &State, token: &str) -> Result<Actor, Problem> {
    let found = state.api_tokens().authenticate(&token.to_owned().into()).await.map_err(Problem::unavailable)?;
    let (user, token) = found.ok_or_else(|| refused("the API token is not valid"))?;
    let held = held(state, &user).await?;
    let limits = token.scopes.map_or(Limits::None, Limits::Named);
    Ok(Actor { user, client: None, token: Some(token.id), limits, held })
}

async fn by_access_token(state: &State, request: &Request, scheme: TokenScheme, token: &str) -> Result<Actor, Problem> {
    let certificate = state.vouching().sender(request).as_ref().map(SenderCertificate::confirmation);
    let proofs = dpop::proofs(request);
    let around = dpop::spoken_of(request, request.uri().path(), &proofs);
    let presented = PresentedToken { token, scheme, request: around, certificate: certificate.as_ref() };
    let verified = state.provider().presented(&presented).await.map_err(not_in_good_hands)?;
    if !verified.is_for(&state.api_identifier()) {
        return Err(refused("the access token is for another API"));
    }
    let user = verified.user.ok_or_else(|| refused("the access token belongs to no person"))?;
    let user = state.provider().users().get(user).await.map_err(Problem::unavailable)?;
    let user = user.filter(|user| user.active).ok_or_else(|| refused("the person it belongs to is gone"))?;
    if state.provider().clients().find(&verified.client).await.map_err(Problem::unavailable)?.is_none() {
        return Err(refused("the application it was given to is gone"));
    }
    let held = held(state, &user).await?;
    Ok(Actor {
        user,
        client: Some(verified.client.clone()),
        token: None,
        limits: Limits::Scopes(verified.scope.clone()),
        held,
    })
}

/// Why a presented access token opens nothing, with the challenge of the scheme that it belongs to.
fn not_in_good_hands(error: PresentedError) -> Problem {
    tracing::info!(reason = %error, "an access token was refused at the administration API");
    let (code, words) = match &error {
        PresentedError::Dpop(DpopRefusal::Unavailable(error)) => return Problem::unavailable(error),
        PresentedError::Dpop(refusal) => (refusal.code(), refusal.to_string()),
        PresentedError::Downgraded => ("invalid_token", error.to_string()),
        _ => return refused("the access token is not valid"),
    };
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", words.as_str());
    match HeaderValue::from_str(&dpop::challenge(Some((code, &words)))) {
        Ok(value) => problem.with_header(header::WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}

async fn held(state: &State, user: &User) -> Result<Arc<Effective>, Problem> {
    state.access().effective(user.id).await.map_err(Problem::unavailable)
}

/// The application that proves itself by its secret.
///
/// # Errors
/// 401, 503.
pub(super) async fn client_of(state: &State, request: &Request) -> Result<Arc<Client>, Problem> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION).iter();
    let (Some(Ok(value)), None) = (headers.next().map(HeaderValue::to_str), headers.next()) else {
        return Err(refused("the header Authorization stands twice, or is not ASCII"));
    };
    let proof = Proof { authorization: Some(value), parameters: &Parameters::default(), certificate: None };
    match state.provider().authenticate(proof).await {
        Ok(client) => Ok(client),
        Err(AuthenticationError::Unavailable(error)) => Err(Problem::unavailable(error)),
        Err(error) => {
            tracing::info!(reason = %error, "a client was refused at the administration API");
            let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "the client did not prove itself");
            Err(problem.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"vestibule\"")))
        }
    }
}

/// The one token of a request, in the header `Authorization` and nowhere else.
fn presented(request: &Request) -> Result<(TokenScheme, &str), Problem> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION).iter();
    match (headers.next().map(HeaderValue::to_str), headers.next()) {
        (None, _) => Err(unauthorized("an access token is needed", None)),
        (Some(Ok(value)), None) => match value.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => Ok((TokenScheme::Bearer, token.trim())),
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("DPoP") => Ok((TokenScheme::Dpop, token.trim())),
            _ => Err(unauthorized("an access token is needed, as Authorization: Bearer or DPoP", None)),
        },
        _ => Err(refused("the header Authorization stands twice, or is not ASCII")),
    }
}

fn refused(detail: &str) -> Problem {
    unauthorized(detail, Some("invalid_token"))
}

/// 401 with its challenge (RFC 6750 section 3).
pub(super) fn unauthorized(detail: &str, error: Option<&str>) -> Problem {
    let challenge = match error {
        Some(error) => format!("Bearer realm=\"vestibule\", error=\"{error}\", error_description=\"{detail}\""),
        None => "Bearer realm=\"vestibule\"".to_owned(),
    };
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail);
    match HeaderValue::from_str(&challenge) {
        Ok(value) => problem.with_header(header::WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}
