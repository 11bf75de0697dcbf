//! `private_key_jwt` and `client_secret_jwt`: an application signs a statement that it is itself (RFC 7523 section 3, OpenID
//! Connect Core section 9).
//!
//! The signature comes first, by keys from the registration and from nowhere else; then what was signed is held against the
//! clock and against us; and last, when nothing else can refuse it any more, its `jti` is marked as used (attacks A40 to A44).

use std::{sync::Arc, time::Duration};

use vestibule_core::{Clock, HashKey, Vault};
use vestibule_ephemeral::{Ephemeral, Kind};
use vestibule_jose::{Algorithm, Audience, JwsError, RegisteredClaims, SecretKey, Unverified, Verified};

use super::{
    AuthenticationError,
    remote_keys::{RemoteError, RemoteKeys},
};
use crate::{
    Unavailable,
    client::{AuthMethod, Client},
};

/// `client_assertion_type` (RFC 7523 section 2.2).
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far an application's clock may be off ours.
const LEEWAY: Duration = Duration::from_secs(30);
/// How long ahead an assertion may say that it is good for: so long its `jti` must be remembered.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// `jti`s that were seen.
const SEEN: Kind = Kind::new("assertion");

/// What assertions are held against.
#[derive(Clone, Debug)]
pub(crate) struct Assertions {
    /// Where used `jti`s are marked.
    pub(crate) ephemeral: Ephemeral,
    /// The key under which they are.
    pub(crate) key: HashKey,
    /// The keys that applications publish.
    pub(crate) keys: RemoteKeys,
    /// What opens the secrets that can be read back.
    pub(crate) vault: Arc<Vault>,
    /// Our name.
    pub(crate) issuer: String,
    /// Our token endpoint, by each address that it has.
    pub(crate) token_endpoints: Vec<String>,
    /// Whether only our name is an audience, alone and not in an array (`oidc.strict_assertion_audience`).
    pub(crate) strict: bool,
    /// Time.
    pub(crate) clock: Clock,
}

impl Assertions {
    /// The keys that applications publish.
    pub(crate) fn remote(&self) -> &RemoteKeys {
        &self.keys
    }

    /// Proves that `client` made the assertion, for us, now, and that it was not used before.
    pub(crate) async fn prove(&self, client: &Client, token: &Unverified<'_>) -> Result<(), AuthenticationError> {
        let claims = self.signed_claims(client, token).await?;
        self.check(client, &claims)?;
        self.mark(client, &claims).await
    }

    async fn signed_claims(
        &self,
        client: &Client,
        token: &Unverified<'_>,
    ) -> Result<RegisteredClaims, AuthenticationError> {
        let of_client = client.metadata.token_endpoint_auth_signing_alg;
        let allowed = |all: &[Algorithm]| -> Vec<Algorithm> {
            all.iter().copied().filter(|algorithm| of_client.is_none_or(|own| own == *algorithm)).collect()
        };
        let verified = match client.auth_method {
            Some(AuthMethod::PrivateKeyJwt) => {
                self.by_public_key(client, token, &allowed(&Algorithm::ASYMMETRIC)).await?
            }
            Some(AuthMethod::ClientSecretJwt) => self.by_secret(client, token, &allowed(&Algorithm::SYMMETRIC))?,
            _ => return Err(AuthenticationError::Refused("it registered another method")),
        };
        // Something else that the same key signed is no assertion (RFC 8725 section 3.11). Assertions that say no type are
        // common.
        if verified.typ().is_some() && !["JWT", "client-authentication+jwt"].iter().any(|typ| verified.is_type(typ)) {
            return Err(AuthenticationError::Refused("its assertion is of another type"));
        }
        verified.claims().map_err(refused)
    }

    /// Proves that `client` signed something that is no assertion, with one of the `allowed` algorithms: by its secret where those
    /// are of a secret, else by a key of its registration.
    pub(crate) async fn signed_by<'a>(
        &self,
        client: &Client,
        token: &'a Unverified<'_>,
        allowed: &[Algorithm],
    ) -> Result<Verified<'a>, AuthenticationError> {
        if allowed.iter().any(|algorithm| algorithm.is_symmetric()) {
            self.by_secret(client, token, allowed)
        } else {
            self.by_public_key(client, token, allowed).await
        }
    }

    async fn by_public_key<'a>(
        &self,
        client: &Client,
        token: &'a Unverified<'_>,
        allowed: &[Algorithm],
    ) -> Result<Verified<'a>, AuthenticationError> {
        if let Some(keys) = &client.keys {
            return keys.verify(token, allowed).map_err(refused);
        }
        let Some(url) = &client.metadata.jwks_uri else {
            return Err(AuthenticationError::Refused("it is registered without keys"));
        };
        self.keys.verify(url, token, allowed).await.map_err(|error| match error {
            RemoteError::NoKeys => AuthenticationError::Refused("its keys cannot be fetched"),
            RemoteError::Jws(error) => refused(error),
        })
    }

    fn by_secret<'a>(
        &self,
        client: &Client,
        token: &'a Unverified<'_>,
        allowed: &[Algorithm],
    ) -> Result<Verified<'a>, AuthenticationError> {
        let algorithm = token.algorithm().filter(|algorithm| allowed.contains(algorithm));
        let algorithm = algorithm.ok_or_else(|| refused(JwsError::OtherAlgorithm))?;
        let sealed = client.sealed_secret.as_deref();
        let sealed = sealed.ok_or(AuthenticationError::Refused("its secret is kept as a hash alone"))?;
        let secret = self.vault.open(&Client::secret_context(&client.id), sealed).map_err(Unavailable::because)?;
        let key = SecretKey::new(algorithm, &secret);
        let key = key.map_err(|_| AuthenticationError::Refused("its secret is too short for the algorithm"))?;
        token.verify(&key).map_err(refused)
    }

    /// What was signed: who says it of whom, to whom, and when (attack A43).
    fn check(&self, client: &Client, claims: &RegisteredClaims) -> Result<(), AuthenticationError> {
        let ours = Some(client.id.as_str());
        if claims.iss.as_deref() != ours || claims.sub.as_deref() != ours {
            return Err(AuthenticationError::Refused("iss and sub of its assertion are not both its client_id"));
        }
        if !claims.aud.as_ref().is_some_and(|audience| self.is_for_us(audience)) {
            return Err(AuthenticationError::Refused("its assertion is for somebody else (aud)"));
        }
        let now = self.clock.now();
        let expires = claims.exp.ok_or(AuthenticationError::Refused("its assertion has no exp"))?.moment();
        claims.check_times(now, LEEWAY).map_err(|error| AuthenticationError::Assertion(error.to_string()))?;
        if expires > now + LONGEST + LEEWAY {
            return Err(AuthenticationError::Refused("its assertion is good for more than an hour"));
        }
        Ok(())
    }

    /// An audience that names anybody else as well would let them use the assertion here.
    fn is_for_us(&self, audience: &Audience) -> bool {
        let names = audience.names();
        if self.strict {
            return !audience.is_array() && names == [self.issuer.as_str()];
        }
        let is_ours = |name: &String| *name == self.issuer || self.token_endpoints.contains(name);
        !names.is_empty() && names.iter().all(is_ours)
    }

    /// Of any number of callers with one assertion, one goes on (attack A44).
    async fn mark(&self, client: &Client, claims: &RegisteredClaims) -> Result<(), AuthenticationError> {
        let jti = claims.jti.as_deref().filter(|jti| !jti.is_empty());
        let jti = jti.ok_or(AuthenticationError::Refused("its assertion has no jti"))?;
        let left = claims.exp.map_or(LONGEST, |exp| exp.moment().since(self.clock.now())) + 2 * LEEWAY;
        // Another application's jti is another one. A client_id has no line break.
        let key = self.key.digest(&format!("{}\n{jti}", client.id)).to_key();
        let first = self.ephemeral.mark_seen(SEEN, &key, left).await.map_err(Unavailable::from)?;
        if first { Ok(()) } else { Err(AuthenticationError::Refused("its assertion was used before")) }
    }
}

fn refused(error: JwsError) -> AuthenticationError {
    AuthenticationError::Assertion(error.to_string())
}
