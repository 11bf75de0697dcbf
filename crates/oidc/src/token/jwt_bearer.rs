//! JWT bearer (RFC 7523 section 2.1): an application acts for itself by a signed statement.
//!
//! A service account signs it with a key that it registered. A workload brings one of an issuer that an administrator trusts to
//! speak for this application (`trusted_issuers`): of the platform that it runs on, say. It then needs no secret of ours: the
//! statement proves the client, which the request names by `client_id` alone. Such statements are files that the platform
//! renews, so that one is taken as often as it comes until it expires; a service account's works once.

use std::{sync::Arc, time::Duration};

use vestibule_core::{ClientId, Parameters};
use vestibule_jose::{Algorithm, Audience, JwsError, RegisteredClaims, Unverified, Verified};

use super::{Allowed, Asking, Grant, TokenError, TokenRequest};
use crate::{
    Provider,
    client::{
        Client, TrustedIssuer,
        authentication::{AuthenticationError, RemoteError},
    },
    discovery::path,
};

/// How far another's clock may be off ours.
const LEEWAY: Duration = Duration::from_secs(30);
/// So long ahead may a statement say that it is good for.
const LONGEST: Duration = Duration::from_secs(25 * 3600);

pub(super) struct JwtBearer;

impl Grant for JwtBearer {
    const NAME: &'static str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
    type Source = ();
    type Taken = ();

    /// The statement is held against the client here, also where the client proved itself in another way before.
    async fn read(asking: &Asking<'_>) -> Result<(), TokenError> {
        let missing = || TokenError::InvalidRequest("assertion is missing".to_owned());
        let assertion = asking.parameters.get("assertion").ok_or_else(missing)?;
        let token = Unverified::parse(assertion).map_err(malformed)?;
        let claimed: RegisteredClaims = token.peek().map_err(malformed)?;
        if claimed.iss.as_deref() == Some(asking.client.id.as_str()) {
            let proved = asking.provider.assertions().prove(asking.client, &token).await;
            return proved.map_err(|error| match error {
                AuthenticationError::Unavailable(error) => TokenError::Unavailable(error),
                error => TokenError::Statement(error.to_string()),
            });
        }
        // Said of another issuer or subject than those that are trusted, nothing is fetched for it.
        let said_of = |trusted: &&TrustedIssuer| {
            claimed.iss.as_deref() == Some(&trusted.issuer) && claimed.sub.as_deref() == Some(&trusted.subject)
        };
        let trusted = asking.client.metadata.trusted_issuers.iter().find(said_of);
        let trusted =
            trusted.ok_or_else(|| refused("its issuer is not trusted to speak for this client of that subject"))?;
        let verified = asking.provider.verified(trusted, &token).await?;
        asking.holds_for_us(&verified)
    }

    fn owner((): &()) -> Option<&ClientId> {
        None
    }

    async fn take(_: &Asking<'_>, (): ()) -> Result<(), TokenError> {
        Ok(())
    }

    async fn check(asking: &Asking<'_>, (): ()) -> Result<Allowed, TokenError> {
        asking.for_itself().await
    }
}

impl TokenRequest<'_> {
    /// Whether the statement is all that the request proves its client with.
    pub(super) fn only_states(&self) -> bool {
        let shows = |name| self.parameters.has(name);
        self.parameters.get("grant_type") == Some(JwtBearer::NAME)
            && self.authorization.is_none()
            && !["client_secret", "client_assertion", "client_assertion_type"].into_iter().any(shows)
    }
}

impl Provider {
    /// The client that a statement is to prove, by the name that the request gives. [`JwtBearer`] holds the statement against it
    /// before anything is given.
    pub(super) async fn client_named(&self, parameters: &Parameters) -> Result<Arc<Client>, TokenError> {
        let id = parameters.get("client_id").ok_or(AuthenticationError::Missing)?;
        let found = self.clients().find(&id.into()).await?;
        Ok(found.ok_or(AuthenticationError::Refused("unknown"))?)
    }

    /// Proves that a trusted issuer signed it. Keys that it renewed meanwhile are fetched once.
    async fn verified<'a>(
        &self,
        trusted: &TrustedIssuer,
        token: &'a Unverified<'_>,
    ) -> Result<Verified<'a>, TokenError> {
        let verified = self.assertions().remote().verify(&trusted.jwks_uri, token, &Algorithm::ASYMMETRIC).await;
        verified.map_err(|error| match error {
            RemoteError::NoKeys => refused("the keys of its issuer cannot be fetched"),
            RemoteError::Jws(error) => malformed(error),
        })
    }
}

impl Asking<'_> {
    /// What was signed: for us, and now.
    fn holds_for_us(&self, verified: &Verified<'_>) -> Result<(), TokenError> {
        // Something else that the issuer signed is no statement (RFC 8725 section 3.11); those that say no type are common.
        if verified.typ().is_some() && !verified.is_type("JWT") {
            return Err(refused("it is of another type"));
        }
        let claims: RegisteredClaims = verified.claims().map_err(malformed)?;
        let now = self.provider.clock().now();
        claims.check_times(now, LEEWAY).map_err(|error| TokenError::Statement(error.to_string()))?;
        let exp = claims.exp.ok_or_else(|| refused("it says no end (exp)"))?;
        if exp.moment().since(now) > LONGEST {
            return Err(refused("it is good for longer than a day"));
        }
        let ours = [self.provider.issuer().to_owned(), format!("{}{}", self.provider.issuer(), path::TOKEN)];
        let names = claims.aud.as_ref().map(Audience::names).unwrap_or_default();
        // A foreign name beside ours would let whoever it belongs to use it here (attack A43).
        if names.is_empty() || !names.iter().all(|name| ours.contains(name)) {
            return Err(refused("it is not for this provider alone (aud)"));
        }
        Ok(())
    }
}

fn refused(words: &str) -> TokenError {
    TokenError::Statement(words.to_owned())
}

fn malformed(error: JwsError) -> TokenError {
    TokenError::Statement(error.to_string())
}
