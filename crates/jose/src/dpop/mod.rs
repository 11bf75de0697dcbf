//! DPoP proofs (RFC 9449 section 4): a JWT that a client signs anew for each request, with a key that it names in it. Whoever
//! takes a token of somebody else lacks that key.
//!
//! [`DpopCheck::verify`] is the list of section 4.3, but for two points that need more than the proof: that there was one `DPoP`
//! header, which the caller counts, and that the proof was not seen before, for which [`DpopProof::replay_key`] is to be
//! remembered as long as [`REMEMBER`] says.

mod error;
mod htu;
mod nonces;

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use vestibule_core::Timestamp;

use crate::{Algorithm, Jwk, JwsError, NumericDate, PublicKey, RegisteredClaims, Unverified, Verified, sha256};

pub use error::DpopError;
use htu::same_target;
pub use nonces::DpopNonces;

/// What proofs may be signed with: what the FAPI 2.0 security profile allows (section 5.4.1). `Ed25519` is the newer name of what
/// `EdDSA` means there.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa, Algorithm::Ed25519];
/// The same, as metadata and challenges name them (`dpop_signing_alg_values_supported`).
pub const DPOP_ALGORITHMS: [Algorithm; 3] = [Algorithm::Es256, Algorithm::Ps256, Algorithm::EdDsa];
/// How long after it was made a proof is taken, without a nonce of ours.
const LATE: Duration = Duration::from_secs(120);
/// How far the client's clock may be ahead of ours.
const EARLY: Duration = Duration::from_secs(60);
/// How far it may be off for `exp` and `nbf`, which a client need not send.
const LEEWAY: Duration = Duration::from_secs(10);
/// How long a proof must be remembered, so that it is not taken twice: longer than it can be taken.
pub const REMEMBER: Duration = Duration::from_secs(200);
/// The longest proof, in bytes: a signature and a key of 8192 bits have some 2,800.
const LONGEST: usize = 8 * 1024;
/// The longest `jti`, in bytes.
const LONGEST_JTI: usize = 512;

/// What a proof is held against.
#[derive(Clone, Copy, Debug)]
pub struct DpopCheck<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The URLs of what was asked, without query, as clients know them: a proof is for any of them.
    pub urls: &'a [&'a str],
    /// The access token that came with it, at a resource.
    pub access_token: Option<&'a str>,
    /// The nonces that we give out.
    pub nonces: &'a DpopNonces,
    /// Whether a proof must carry one.
    pub nonce_required: bool,
    /// The time.
    pub now: Timestamp,
}

/// A proof that holds. Whose key it is, the token or the grant has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpopProof {
    jkt: String,
    replay_key: String,
}

impl DpopProof {
    /// The thumbprint of the key that signed it (section 6.1).
    #[must_use]
    pub fn jkt(&self) -> &str {
        &self.jkt
    }

    /// What it is remembered by: the hash of its key and its `jti`, so that nobody can spend another's.
    #[must_use]
    pub fn replay_key(&self) -> &str {
        &self.replay_key
    }
}

#[derive(Deserialize)]
struct Header {
    jwk: Value,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: NumericDate,
    nonce: Option<String>,
    ath: Option<String>,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
}

impl DpopCheck<'_> {
    /// Holds a proof against section 4.3. Headers and claims that are not known are ignored.
    ///
    /// # Errors
    /// The first point that it fails.
    pub fn verify(&self, proof: &str) -> Result<DpopProof, DpopError> {
        if proof.len() > LONGEST {
            return Err(JwsError::TooLong.into());
        }
        let token = Unverified::parse(proof)?;
        let key = key(&token)?;
        let claims = self.claims(&token.verify(&key)?)?;
        let jkt = key.thumbprint();
        let replay_key = sha256(format!("{jkt}.{}", claims.jti).as_bytes());
        Ok(DpopProof { jkt, replay_key })
    }

    fn claims(&self, verified: &Verified<'_>) -> Result<Claims, DpopError> {
        let claims: Claims = verified.claims().map_err(|_| DpopError::Claims)?;
        if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
            return Err(DpopError::Jti);
        }
        if claims.htm != self.method {
            return Err(DpopError::Method);
        }
        if !self.urls.iter().any(|url| same_target(&claims.htu, url)) {
            return Err(DpopError::Target);
        }
        self.fresh(&claims)?;
        match self.access_token {
            Some(token) if claims.ath.as_deref() != Some(sha256(token.as_bytes()).as_str()) => {
                Err(DpopError::AccessToken)
            }
            _ => Ok(claims),
        }
    }

    /// A proof is fresh by its own time, or by a nonce that we gave out lately: a clock that is behind can be helped so (section
    /// 8), one that is ahead cannot.
    fn fresh(&self, claims: &Claims) -> Result<(), DpopError> {
        let has_nonce = match &claims.nonce {
            Some(nonce) if self.nonces.accepts(nonce, self.now) => true,
            // One of another server, or of a time when nonces were asked for, does no harm where none is.
            Some(_) | None if self.nonce_required => return Err(DpopError::Nonce),
            _ => false,
        };
        let made = claims.iat.moment();
        if made > self.now + EARLY || (made + LATE <= self.now && !has_nonce) {
            return Err(DpopError::Time);
        }
        let times = RegisteredClaims { exp: claims.exp, nbf: claims.nbf, ..RegisteredClaims::default() };
        times.check_times(self.now, LEEWAY).map_err(|_| DpopError::Time)
    }
}

/// The key in the header: the one place where a token brings its own, since what it proves is only that it has it.
fn key(token: &Unverified<'_>) -> Result<PublicKey, DpopError> {
    if !crate::is_type(token.typ(), "dpop+jwt") {
        return Err(DpopError::Type);
    }
    let algorithm = token.algorithm().filter(|algorithm| ALGORITHMS.contains(algorithm)).ok_or(DpopError::Algorithm)?;
    let Header { jwk } = token.header().map_err(|_| DpopError::Header)?;
    Ok(PublicKey::new(Jwk::from_json(&jwk)?, &[algorithm])?)
}

#[cfg(test)]
mod tests;
