//! Whether an access token opens this API: RFC 9068 section 4, check by check.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKey, JsonWebKeyAlgorithm, JwsSigningAlgorithm,
    core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreJwsSigningAlgorithm},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use vestibule_core::Timestamp;

/// The longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 16 * 1024;

/// What a token must say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// The one issuer that is trusted.
    pub(super) issuer: &'a str,
    /// The API's own identifier.
    pub(super) audience: &'a str,
    /// The scope that the resource asks for.
    pub(super) scope: &'a str,
    /// The time.
    pub(super) now: Timestamp,
}

/// On whose behalf, and through which client, a request comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) subject: String,
    pub(super) client_id: String,
}

/// Why a token opens nothing. The words are what the client is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("send an access token in the Authorization header")]
    NoToken,
    #[error("the token is not a signed JWT")]
    Malformed,
    #[error("the token is not an access token: its typ is not at+jwt")]
    NotAnAccessToken,
    #[error("the token asks for something that is not understood here")]
    Critical,
    #[error("the token is not signed with a key of the issuer")]
    UnknownKey,
    #[error("the token names another algorithm than its key has")]
    WrongAlgorithm,
    #[error("the signature of the token does not hold")]
    WrongSignature,
    #[error("the token comes from another issuer")]
    WrongIssuer,
    #[error("the token is meant for another API")]
    WrongAudience,
    #[error("the token has expired")]
    Expired,
    #[error("the token is not valid yet")]
    TooEarly,
    #[error("the token does not carry the scope that is needed")]
    MissingScope,
    #[error("tokens cannot be checked at the moment, try again soon")]
    Unavailable,
}

impl Refusal {
    /// The `error` of a refusal that RFC 6750 has no code for.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::NoToken => "token_required",
            _ => "temporarily_unavailable",
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    typ: Option<String>,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: OneOrMany,
    exp: f64,
    nbf: Option<f64>,
    client_id: String,
    #[serde(default)]
    scope: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::One(one) => one == value,
            Self::Many(many) => many.iter().any(|one| one == value),
        }
    }
}

/// Checks `token`, its signature before anything that it says.
pub(super) fn check(token: &str, keys: &CoreJsonWebKeySet, expected: &Expected<'_>) -> Result<Bearer, Refusal> {
    if token.len() > LONGEST_TOKEN {
        return Err(Refusal::Malformed);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(Refusal::Malformed)?;
    check_signature(&decoded(header)?, keys, signed, signature)?;
    check_claims(decoded(claims)?, expected)
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| Refusal::Malformed)
}

fn check_signature(header: &Header, keys: &CoreJsonWebKeySet, signed: &str, signature: &str) -> Result<(), Refusal> {
    // An ID token is signed by the same keys: only the type tells them apart (RFC 9068 section 2.1).
    let typ = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
    if typ != "at+jwt" && typ != "application/at+jwt" {
        return Err(Refusal::NotAnAccessToken);
    }
    if header.crit.is_some() {
        return Err(Refusal::Critical);
    }
    let kid = header.kid.as_deref().ok_or(Refusal::UnknownKey)?;
    let key = keys.keys().iter().find(|key| key.key_id().is_some_and(|id| id.as_str() == kid));
    let key: &CoreJsonWebKey = key.ok_or(Refusal::UnknownKey)?;
    // The key says what it is for, and the token has no say in it: no `none`, no HMAC with a public key.
    match key.signing_alg() {
        JsonWebKeyAlgorithm::Algorithm(algorithm) if *algorithm == header.alg && !algorithm.uses_shared_secret() => {}
        _ => return Err(Refusal::WrongAlgorithm),
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Refusal::Malformed)?;
    key.verify_signature(&header.alg, signed.as_bytes(), &signature).map_err(|_| Refusal::WrongSignature)
}

fn check_claims(claims: Claims, expected: &Expected<'_>) -> Result<Bearer, Refusal> {
    if claims.iss != expected.issuer {
        return Err(Refusal::WrongIssuer);
    }
    if !claims.aud.holds(expected.audience) {
        return Err(Refusal::WrongAudience);
    }
    // A `NumericDate` may have a fraction (RFC 7519 section 2); whole seconds are exact in an f64.
    let now = expected.now.seconds() as f64;
    if now >= claims.exp {
        return Err(Refusal::Expired);
    }
    if claims.nbf.is_some_and(|from| now < from) {
        return Err(Refusal::TooEarly);
    }
    if !claims.scope.split(' ').any(|scope| scope == expected.scope) {
        return Err(Refusal::MissingScope);
    }
    Ok(Bearer { subject: claims.sub, client_id: claims.client_id })
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
