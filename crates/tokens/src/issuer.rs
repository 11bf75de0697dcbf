//! The issuer: mints tokens in its own name, and verifies what claims to be one of them.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use vestibule_core::{ClientId, Clock, Random, TokenId, UserId};
use vestibule_database::KeptStatistics;
use vestibule_jose::{EncodedHeader, JwsError, SecretKey, SignError, Unverified, Verifier};

use crate::{
    AccessToken, AccessTokenClaims, IdTokenClaims, IdTokenHint, KeyRing, LogoutTokenClaims, MintedAccessToken,
    OpaqueTokens, PairwiseSubjects, ResponseKey, RevocationLog, Secrets, Sector, SigningAlgorithm, TokenType,
    claims::Said,
    ring::Snapshot,
    verdicts::{Verdict, Verdicts},
    wire::{self, AccessTokenWire, IdTokenWire, IntrospectionWire, LogoutWire, UserinfoWire},
};

/// Mints and verifies tokens. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Issuer {
    url: Arc<str>,
    keys: KeyRing,
    opaque: Arc<OpaqueTokens>,
    pairwise: Arc<PairwiseSubjects>,
    revocations: RevocationLog,
    verdicts: Arc<Verdicts>,
    clock: Clock,
    random: Random,
}

/// Why a token could not be minted.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// There is no key for the algorithm.
    #[error("no key signs with {0}: keys.algorithms does not name it")]
    NoKey(SigningAlgorithm),
    /// The claims cannot be written, or the library refused.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Why a token was refused. Outside it is one answer, `invalid_token` (RFC 6750 section 3.1); the reason is for our log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenError {
    /// It is longer than any of ours.
    #[error("it is longer than any token of ours")]
    TooLong,
    /// It is no JWS in compact form with the claims of such a token; `alg` and the like may be missing.
    #[error("it is no token of this kind in compact form")]
    Malformed,
    /// Its header names an extension that must be understood (`crit`).
    #[error("its header names an extension that must be understood, and we use none")]
    Critical,
    /// No key of ours has its `kid`.
    #[error("it names no key of ours")]
    UnknownKey,
    /// Its `alg` is not that of the key; `none` and `HS256` end here.
    #[error("it names another algorithm than its key is for")]
    OtherAlgorithm,
    /// Its signature is not by the key that it names.
    #[error("its signature is wrong")]
    Signature,
    /// It is a token of another kind.
    #[error("it is a token of another kind")]
    OtherType,
    /// Another issuer minted it.
    #[error("another issuer minted it")]
    OtherIssuer,
    /// It has expired.
    #[error("it has expired")]
    Expired,
    /// The revocation log names it.
    #[error("it has been revoked")]
    Revoked,
}

impl From<JwsError> for TokenError {
    fn from(error: JwsError) -> Self {
        match error {
            JwsError::TooLong => Self::TooLong,
            JwsError::Malformed => Self::Malformed,
            JwsError::Critical => Self::Critical,
            JwsError::OtherAlgorithm => Self::OtherAlgorithm,
            JwsError::UnknownKey => Self::UnknownKey,
            JwsError::Signature => Self::Signature,
        }
    }
}

impl Issuer {
    /// The issuer named `url`, which is `http.public_url` exactly as it was configured.
    #[must_use]
    pub fn new(
        url: &str,
        keys: KeyRing,
        secrets: &Secrets,
        revocations: RevocationLog,
        clock: Clock,
        random: Random,
    ) -> Self {
        let (opaque, pairwise) = (secrets.opaque_tokens().clone(), secrets.pairwise_subjects().clone());
        Self {
            url: url.into(),
            keys,
            opaque,
            pairwise,
            revocations,
            verdicts: Arc::new(Verdicts::none()),
            clock,
            random,
        }
    }

    /// The same, but access tokens that were verified are remembered, within so many bytes.
    #[must_use]
    pub fn with_memory(self, bytes: u64) -> Self {
        Self { verdicts: Arc::new(Verdicts::within(bytes)), ..self }
    }

    /// How the memory is doing that holds access tokens.
    #[must_use]
    pub fn kept(&self) -> KeptStatistics {
        self.verdicts.statistics()
    }

    /// The issuer's name (`iss`).
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The keys it signs with.
    #[must_use]
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The log that it asks.
    #[must_use]
    pub fn revocations(&self) -> &RevocationLog {
        &self.revocations
    }

    /// By which `sub` a person is known: to the applications of a sector, or to all others.
    #[must_use]
    pub fn subject(&self, user: UserId, sector: Option<&Sector>) -> String {
        sector.map_or_else(|| user.to_string(), |sector| self.pairwise.of(user, sector))
    }

    /// Whose a `sub` is, whichever of the two it is; nobody's where it is none of ours.
    #[must_use]
    pub fn person(&self, subject: &str) -> Option<UserId> {
        subject.parse().ok().or_else(|| self.pairwise.person(subject))
    }

    /// Mints an access token that any API can verify by itself (RFC 9068).
    ///
    /// # Errors
    /// A ring without a key for the algorithm.
    pub fn mint_access_token(
        &self,
        claims: AccessTokenClaims,
        algorithm: SigningAlgorithm,
    ) -> Result<MintedAccessToken, MintError> {
        self.mint(claims, |wire| {
            let (token, kid) = self.keys.sign_and_name_key(algorithm, TokenType::AccessToken, wire)?;
            Ok((token, Some(kid)))
        })
    }

    /// Mints an access token that only we can read: an API asks us what it says.
    ///
    /// # Errors
    /// Claims that cannot be written as JSON.
    pub fn mint_opaque_access_token(&self, claims: AccessTokenClaims) -> Result<MintedAccessToken, MintError> {
        self.mint(claims, |wire| Ok((self.opaque.seal(wire, &self.random).map_err(SignError::from)?, None)))
    }

    fn mint(
        &self,
        claims: AccessTokenClaims,
        write: impl FnOnce(&AccessTokenWire) -> Result<(String, Option<Arc<str>>), MintError>,
    ) -> Result<MintedAccessToken, MintError> {
        let now = self.clock.now();
        let id = TokenId::mint(now, &self.random);
        let sub = match claims.user {
            Some(user) => self.subject(user, claims.sector.as_ref()),
            None => claims.client.to_string(),
        };
        let wire = AccessTokenWire::new(&self.url, sub, claims, id, now);
        let (token, kid) = write(&wire)?;
        Ok(MintedAccessToken { token, id, expires_at: wire.expires_at(), said: Box::new(Said { wire, kid }) })
    }

    /// Remembers what was just minted as though it had been verified: for a token that is likely to be shown here next, as one with
    /// which an application asks who signed in.
    pub fn remember(&self, minted: &MintedAccessToken) {
        let Said { wire, kid } = (*minted.said).clone();
        if let Ok(token) = wire.into_token(|sub| self.person(sub)) {
            self.verdicts.keep(&minted.token, Verdict { token: Arc::new(token), kid });
        }
    }

    /// Mints an ID token.
    ///
    /// # Errors
    /// A ring without a key for the algorithm.
    pub fn mint_id_token(&self, claims: IdTokenClaims, key: impl Into<ResponseKey>) -> Result<String, MintError> {
        let key = key.into();
        let sub = self.subject(claims.user, claims.sector.as_ref());
        let claims = wire::id_token(&self.url, sub, claims, key.algorithm(), self.clock.now());
        self.sign(&key, TokenType::IdToken, &claims)
    }

    /// Signs what is said to an application. Where its secret is the key, no `kid` names it: both sides know which it is.
    fn sign(&self, key: &ResponseKey, typ: TokenType, claims: &impl Serialize) -> Result<String, MintError> {
        match key {
            ResponseKey::Ring(algorithm) => self.keys.sign(*algorithm, typ, claims),
            ResponseKey::Secret(secret) => {
                let header = EncodedHeader::new(key.algorithm(), None, typ.name());
                Ok(vestibule_jose::sign(&**secret, &header, claims)?)
            }
        }
    }

    /// Mints a logout token.
    ///
    /// # Errors
    /// A ring without a key for the algorithm.
    pub fn mint_logout_token(
        &self,
        claims: &LogoutTokenClaims,
        key: impl Into<ResponseKey>,
    ) -> Result<String, MintError> {
        let now = self.clock.now();
        let sub = self.subject(claims.user, claims.sector.as_ref());
        let claims = LogoutWire::new(&self.url, sub, claims, TokenId::mint(now, &self.random), now);
        self.sign(&key.into(), TokenType::Logout, &claims)
    }

    /// Signs what `asker` is told of a person (OpenID Connect Core section 5.3.2).
    ///
    /// # Errors
    /// A ring without a key for the algorithm.
    pub fn sign_userinfo(
        &self,
        asker: &ClientId,
        told: &Map<String, Value>,
        key: impl Into<ResponseKey>,
    ) -> Result<String, MintError> {
        let claims = UserinfoWire { iss: &self.url, aud: asker, told };
        self.sign(&key.into(), TokenType::Userinfo, &claims)
    }

    /// Signs what is said of a token to `asker` (RFC 9701 section 5).
    ///
    /// # Errors
    /// A ring without a key for the algorithm.
    pub fn sign_introspection(
        &self,
        asker: &ClientId,
        answer: &impl Serialize,
        key: impl Into<ResponseKey>,
    ) -> Result<String, MintError> {
        let iat = self.clock.now().seconds();
        let claims = IntrospectionWire { iss: &self.url, aud: asker, iat, token_introspection: answer };
        self.sign(&key.into(), TokenType::Introspection, &claims)
    }

    /// Proves that a text is an access token of ours, signed or opaque, alive and not revoked; once it was seen, from memory
    /// alone. Whether it is for the API at hand is the caller's to ask ([`AccessToken::is_for`]), and so is the proof of the key
    /// that it may be bound to ([`AccessToken::confirmation`]).
    ///
    /// # Errors
    /// What is wrong with it. There is no leeway for its expiry: we know our own clock.
    pub fn verify_access_token(&self, token: &str) -> Result<Arc<AccessToken>, TokenError> {
        let keys = self.keys.snapshot();
        let Verdict { token, kid } = self.verdicts.of(token, || self.prove(token, &keys))?;
        // It may have been retired since the token was seen first.
        if kid.is_some_and(|kid| keys.verifier(&kid).is_none()) {
            return Err(TokenError::UnknownKey);
        }
        if token.expires_at <= self.clock.now() {
            return Err(TokenError::Expired);
        }
        if self.revocations.is_revoked(&token.facts()) {
            return Err(TokenError::Revoked);
        }
        Ok(token)
    }

    /// Proves that a text is an access token that we made, whatever has become of it.
    fn prove(&self, token: &str, keys: &Snapshot) -> Result<Verdict, TokenError> {
        let (wire, kid): (AccessTokenWire, _) = if OpaqueTokens::claims_to_be_one(token) {
            (self.opaque.open(token)?, None)
        } else {
            let unverified = Unverified::parse(token)?;
            let key = unverified.kid().and_then(|kid| keys.verifier(kid)).ok_or(TokenError::UnknownKey)?;
            (claims(&unverified, key, TokenType::AccessToken)?, Some(key.kid().into()))
        };
        self.check_issuer(&wire.iss)?;
        Ok(Verdict { token: Arc::new(wire.into_token(|sub| self.person(sub))?), kid })
    }

    /// Reads an ID token that an application gives back as `id_token_hint` (OpenID Connect Core section 3.1.2.1, RP-Initiated
    /// Logout section 2). One that has expired, or whose key has been retired, is still a hint.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify_id_token_hint(&self, token: &str) -> Result<IdTokenHint, TokenError> {
        let unverified = Unverified::parse(token)?;
        let keys = self.keys.snapshot();
        let found = unverified.kid().and_then(|kid| keys.any_key(kid)).ok_or(TokenError::UnknownKey)?;
        let wire: IdTokenWire = claims(&unverified, &*found.key, TokenType::IdToken)?;
        self.check_issuer(&wire.iss)?;
        Ok(wire.into_hint(|sub| self.person(sub)))
    }

    /// The same for an ID token that the secret of `client` signed. The key is for the one algorithm that the application is
    /// registered with, and the token must have been made for that application, which names people as its `sector` does: another
    /// that knows a secret proves nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify_id_token_hint_by(
        &self,
        token: &str,
        client: &ClientId,
        sector: Option<&Sector>,
        key: &SecretKey,
    ) -> Result<IdTokenHint, TokenError> {
        let wire: IdTokenWire = claims(&Unverified::parse(token)?, key, TokenType::IdToken)?;
        self.check_issuer(&wire.iss)?;
        // It may have written the token itself, and asks for nobody by a name that another sector has for them.
        let ours = |sub: &str| self.person(sub).filter(|user| self.subject(*user, sector) == sub);
        let hint = wire.into_hint(ours);
        if hint.client == *client { Ok(hint) } else { Err(TokenError::UnknownKey) }
    }

    /// For which application a hint says that it was signed with a secret; nothing where it does not say so. It is as unproved as
    /// the token: only to find out whose secret to try.
    #[must_use]
    pub fn peek_hint_of_secret(token: &str) -> Option<ClientId> {
        #[derive(serde::Deserialize)]
        struct Audience {
            aud: ClientId,
        }
        let unverified = Unverified::parse(token).ok()?;
        unverified.algorithm().filter(|algorithm| algorithm.is_symmetric())?;
        unverified.peek().ok().map(|Audience { aud }| aud)
    }

    fn check_issuer(&self, iss: &str) -> Result<(), TokenError> {
        if iss == &*self.url { Ok(()) } else { Err(TokenError::OtherIssuer) }
    }
}

/// Proves that a key signed a token of this kind, and reads its claims.
fn claims<C: DeserializeOwned>(token: &Unverified<'_>, key: &impl Verifier, typ: TokenType) -> Result<C, TokenError> {
    let verified = token.verify(key)?;
    if !typ.is(verified.typ()) {
        return Err(TokenError::OtherType);
    }
    Ok(verified.claims()?)
}
