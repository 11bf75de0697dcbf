//! The compact form of a JWS (RFC 7515 section 3.1): putting one together, and taking one apart without believing it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Header,
    signature::{Signer, Verifier},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{SigningAlgorithm, TokenError, TokenType, signing_key::SigningKey};

/// The longest token that is looked at, in bytes: ours have about a thousand.
const LONGEST: usize = 16 * 1024;

/// Why a token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// There is no key for the algorithm.
    #[error("the key ring holds no key for {0}")]
    NoKey(SigningAlgorithm),
    /// The claims cannot be written as JSON.
    #[error("the claims cannot be written as JSON: {0}")]
    Claims(#[from] serde_json::Error),
    /// The library refused.
    #[error("the key for {0} does not sign")]
    Refused(SigningAlgorithm),
}

/// The encoded header of every token of one kind that one key signs.
pub(crate) fn encoded_header(algorithm: SigningAlgorithm, kid: &str, typ: TokenType) -> String {
    let mut header = Header::new(algorithm.jose());
    header.typ = Some(typ.name().to_owned());
    header.kid = Some(kid.to_owned());
    // Three texts: nothing in them can fail to be JSON.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).unwrap_or_default())
}

/// Signs `claims` as a token of one kind.
pub(crate) fn sign(key: &SigningKey, typ: TokenType, claims: &impl Serialize) -> Result<String, SignError> {
    let claims = serde_json::to_vec(claims)?;
    let header = key.header(typ);
    let mut token = String::with_capacity(header.len() + (claims.len() * 4).div_ceil(3) + 350);
    token.push_str(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.try_sign(token.as_bytes()).map_err(|_| SignError::Refused(key.algorithm()))?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// A token taken apart. Nothing in it is believed yet.
pub(crate) struct Unverified<'a> {
    header: UnverifiedHeader,
    signed: &'a str,
    claims: &'a str,
    signature: &'a str,
}

/// What a header is read for. `jku`, `jwk`, `x5u` and `x5c` are not even read: keys come from the ring only (RFC 8725
/// section 3.10).
#[derive(Deserialize)]
struct UnverifiedHeader {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: Option<Value>,
}

/// Keeps a `null` apart from nothing at all.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl<'a> Unverified<'a> {
    /// Takes a token apart: exactly three parts, and a header without extensions that must be understood, since we know none
    /// (RFC 7515 section 4.1.11).
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if claims.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header: UnverifiedHeader = json(header)?;
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        Ok(Self { header, signed, claims, signature })
    }

    /// The id of the key that the token says it was signed with.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// Proves that `key` signed a token of this kind, and reads its claims. The algorithm is the key's; what the header says
    /// of it must only agree (RFC 8725 section 3.1).
    pub(crate) fn verify<C: DeserializeOwned>(self, key: &SigningKey, typ: TokenType) -> Result<C, TokenError> {
        if self.header.alg != key.algorithm().name() {
            return Err(TokenError::OtherAlgorithm);
        }
        let signature = URL_SAFE_NO_PAD.decode(self.signature).map_err(|_| TokenError::Malformed)?;
        key.verify(self.signed.as_bytes(), &signature).map_err(|_| TokenError::Signature)?;
        if !typ.is(self.header.typ.as_deref()) {
            return Err(TokenError::OtherType);
        }
        json(self.claims)
    }
}

fn json<T: DeserializeOwned>(encoded: &str) -> Result<T, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Malformed)
}
