//! The one door to oxide-auth: its state machines of the authorization code grant, driven step by step.
//!
//! The machines hold the checks that RFC 6749 and RFC 7636 describe, in their order; we answer their questions from what our
//! own rules have proved, and turn their verdicts into ours. What they do not check stands here beside them: the form of a
//! challenge and of a verifier, and a verifier that comes without a challenge (RFC 9700 section 4.8.2).

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use oxide_auth::{
    code_grant::{
        accesstoken::{AccessToken, Authorization as Caller, Input, Output, Request as TokenRequest},
        authorization::{
            Authorization, Error as AuthorizeError, Input as AuthorizeInput, Output as AuthorizeOutput,
            Request as AuthorizeRequest,
        },
        error::AuthorizationErrorType,
        extensions::Pkce,
    },
    primitives::{
        grant::{Extensions, Grant, Value},
        registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl},
        scope::Scope,
    },
};

use crate::code::CodeGrant;

/// An authorization request whose client and redirect URI are proved.
pub(crate) struct Asked<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) response_type: Option<&'a str>,
    pub(crate) scope: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
    pub(crate) code_challenge: Option<&'a str>,
    pub(crate) code_challenge_method: Option<&'a str>,
    pub(crate) require_pkce: bool,
}

/// Why the machine refuses an authorization request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AskedWrongly {
    /// The response type is not `code`.
    ResponseType,
    /// The scope is not well formed.
    Scope,
    /// PKCE is missing, by another method than S256, or not well formed.
    Challenge,
    /// Something else that our rules should have caught before.
    Request,
}

/// Runs the machine of the authorization request to the point where only the person's word is missing.
pub(crate) fn ask(asked: &Asked<'_>) -> Result<(), AskedWrongly> {
    let mut machine = Authorization::new(asked);
    let bound = BoundClient {
        client_id: Cow::Owned(asked.client_id.to_owned()),
        redirect_uri: Cow::Owned(registered(asked.redirect_uri).ok_or(AskedWrongly::Request)?),
    };
    let pre_grant = PreGrant {
        client_id: asked.client_id.to_owned(),
        redirect_uri: bound.redirect_uri.clone().into_owned(),
        scope: scope_of(asked.scope.unwrap_or_default())?,
    };
    let mut input = AuthorizeInput::None;
    loop {
        input = match machine.advance(input) {
            AuthorizeOutput::Bind { .. } => AuthorizeInput::Bound { request: asked, bound_client: bound.clone() },
            AuthorizeOutput::Extend => AuthorizeInput::Extended(asked.challenge()?),
            AuthorizeOutput::Negotiate { .. } => {
                AuthorizeInput::Negotiated { pre_grant: pre_grant.clone(), state: asked.state.map(str::to_owned) }
            }
            AuthorizeOutput::Ok { .. } => return Ok(()),
            AuthorizeOutput::Err(error) => return Err(asked_wrongly(error)),
        };
    }
}

impl Asked<'_> {
    /// The challenge, checked by the machine's PKCE extension and in the form of RFC 7636 section 4.2.
    fn challenge(&self) -> Result<Extensions, AskedWrongly> {
        let method = self.code_challenge_method.map(Cow::Borrowed);
        let challenge = self.code_challenge.map(Cow::Borrowed);
        let orphaned = method.is_some() && challenge.is_none();
        // The base64url of a SHA-256 hash: 43 characters, nothing else.
        let malformed = challenge.as_deref().is_some_and(|text| text.len() != 43 || !is_base64url(text));
        if orphaned || malformed {
            return Err(AskedWrongly::Challenge);
        }
        let pkce = pkce(self.require_pkce);
        let encoded = pkce.challenge(method, challenge).map_err(|()| AskedWrongly::Challenge)?;
        let mut extensions = Extensions::new();
        if let Some(encoded) = encoded {
            extensions.set(&pkce, encoded);
        }
        Ok(extensions)
    }
}

/// A token request for a code that was taken.
pub(crate) struct Redemption<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect_uri: Option<&'a str>,
    pub(crate) code_verifier: Option<&'a str>,
}

/// Why the machine refuses a token request. Each answers `invalid_grant`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RedeemedWrongly {
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectUri,
    #[error("code_verifier is missing, or does not belong to the challenge")]
    Verifier,
    #[error("code_verifier came without a code_challenge before it")]
    VerifierWithoutChallenge,
    #[error("the code was given to another client, or has expired")]
    Grant,
}

/// Runs the machine of the token request on what the code stood for, to the point where only tokens are missing.
pub(crate) fn redeem(
    redemption: &Redemption<'_>,
    taken: &CodeGrant,
    require_pkce: bool,
) -> Result<(), RedeemedWrongly> {
    let redirect_uri = match redemption.redirect_uri {
        Some(named) if named == taken.redirect_uri.as_str() => named,
        None if !taken.redirect_uri_named => taken.redirect_uri.as_str(),
        _ => return Err(RedeemedWrongly::RedirectUri),
    };
    let request = Presented { redemption, redirect_uri };
    let pkce = pkce(require_pkce);
    let mut machine = AccessToken::new(&request);
    let mut input = Input::None;
    loop {
        input = match machine.advance(input) {
            // The application proved itself before its grant was read.
            Output::Authenticate { .. } => Input::Authenticated,
            Output::Recover { .. } => Input::Recovered(Some(Box::new(grant_of(taken, &pkce)?))),
            Output::Extend { extensions } => {
                check_verifier(&pkce, extensions.remove(&pkce), redemption.code_verifier)?;
                Input::Extended { access_extensions: Extensions::new() }
            }
            Output::Issue { .. } => return Ok(()),
            Output::Ok(_) | Output::Err(_) => return Err(RedeemedWrongly::Grant),
        };
    }
}

fn check_verifier(pkce: &Pkce, challenge: Option<Value>, verifier: Option<&str>) -> Result<(), RedeemedWrongly> {
    if challenge.is_none() && verifier.is_some() {
        return Err(RedeemedWrongly::VerifierWithoutChallenge);
    }
    // RFC 7636 section 4.1: 43 to 128 unreserved characters.
    let well_formed = |text: &&str| (43..=128).contains(&text.len()) && text.bytes().all(is_unreserved);
    let verifier = verifier.filter(well_formed).map(Cow::Borrowed);
    pkce.verify(challenge, verifier).map_err(|()| RedeemedWrongly::Verifier)
}

/// The grant in the machine's words. The code is live by our own clock, so that the machine's clock has no say.
fn grant_of(taken: &CodeGrant, pkce: &Pkce) -> Result<Grant, RedeemedWrongly> {
    let mut extensions = Extensions::new();
    let challenge = taken.code_challenge.clone().map(Cow::Owned);
    let encoded = pkce.challenge(Some(Cow::Borrowed("S256")), challenge).map_err(|()| RedeemedWrongly::Verifier)?;
    if let Some(encoded) = encoded {
        extensions.set(pkce, encoded);
    }
    Ok(Grant {
        owner_id: taken.user.to_string(),
        client_id: taken.client.to_string(),
        scope: scope_of(&taken.scope.to_string()).map_err(|_| RedeemedWrongly::Grant)?,
        redirect_uri: taken.redirect_uri.as_str().parse().map_err(|_| RedeemedWrongly::RedirectUri)?,
        until: DateTime::<Utc>::MAX_UTC,
        extensions,
    })
}

fn pkce(required: bool) -> Pkce {
    if required { Pkce::required() } else { Pkce::optional() }
}

fn registered(uri: &str) -> Option<RegisteredUrl> {
    ExactUrl::new(uri.to_owned()).ok().map(RegisteredUrl::Exact)
}

/// The machine wants a scope; a request without one has the empty set, which only the machine never sees printed.
fn scope_of(text: &str) -> Result<Scope, AskedWrongly> {
    text.parse().map_err(|_| AskedWrongly::Scope)
}

fn asked_wrongly(error: AuthorizeError) -> AskedWrongly {
    match error {
        AuthorizeError::Ignore | AuthorizeError::PrimitiveError => AskedWrongly::Request,
        AuthorizeError::Redirect(mut error) => match error.description().kind() {
            AuthorizationErrorType::UnsupportedResponseType => AskedWrongly::ResponseType,
            AuthorizationErrorType::InvalidScope => AskedWrongly::Scope,
            _ => AskedWrongly::Request,
        },
    }
}

fn is_base64url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

impl AuthorizeRequest for Asked<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.client_id))
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.scope.map(Cow::Borrowed)
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.redirect_uri))
    }

    fn state(&self) -> Option<Cow<'_, str>> {
        self.state.map(Cow::Borrowed)
    }

    fn response_type(&self) -> Option<Cow<'_, str>> {
        self.response_type.map(Cow::Borrowed)
    }

    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        match key {
            "code_challenge" => self.code_challenge.map(Cow::Borrowed),
            "code_challenge_method" => self.code_challenge_method.map(Cow::Borrowed),
            _ => None,
        }
    }
}

/// A redemption as the machine reads it.
struct Presented<'a> {
    redemption: &'a Redemption<'a>,
    redirect_uri: &'a str,
}

impl TokenRequest for Presented<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.redemption.code))
    }

    fn authorization(&self) -> Caller<'_> {
        Caller::Username(Cow::Borrowed(self.redemption.client_id))
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.redirect_uri))
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed("authorization_code"))
    }

    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        (key == "code_verifier").then(|| self.redemption.code_verifier.map(Cow::Borrowed)).flatten()
    }
}

#[cfg(test)]
mod tests;
