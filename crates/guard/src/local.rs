//! A JWT, verified here (RFC 9068 section 4).

use std::sync::Arc;

use serde_json::{Map, Value};
use vestibule_jose::{Algorithm, JwkSet, JwsError, Unverified};

use crate::{
    Denied, TokenFault,
    claims::{Claims, Expected, Said},
    provider::Provider,
};

/// Whether a token has the form of a JWT. What has it and is none is not asked about elsewhere: the provider makes opaque
/// tokens without dots.
pub(crate) fn is_jwt(token: &str) -> bool {
    token.bytes().filter(|byte| *byte == b'.').count() == 2
}

/// Verifies a JWT by a key of the provider. What comes back holds as long as the keys are these.
pub(crate) async fn verify(
    provider: &Provider,
    algorithms: &[Algorithm],
    token: &str,
    expected: Expected<'_>,
) -> Result<(Claims, Arc<JwkSet>), Denied> {
    let token = Unverified::parse(token).map_err(TokenFault::Jws)?;
    if !vestibule_jose::is_type(token.typ(), "at+jwt") {
        return Err(TokenFault::Type.into());
    }
    // Before any key is asked for: a token by an algorithm that is not taken costs nothing.
    if !token.algorithm().is_some_and(|algorithm| algorithms.contains(&algorithm)) {
        return Err(TokenFault::Jws(JwsError::OtherAlgorithm).into());
    }
    let keys = provider.keys().await.ok_or(Denied::Unavailable)?;
    match said(&token, &keys, algorithms) {
        Ok(said) => Ok((Claims::read(said, Said::InTheToken, expected)?, keys)),
        Err(JwsError::UnknownKey) => {
            let newer = provider.newer_keys(&keys).await.ok_or(TokenFault::Jws(JwsError::UnknownKey))?;
            let said = said(&token, &newer, algorithms).map_err(TokenFault::Jws)?;
            Ok((Claims::read(said, Said::InTheToken, expected)?, newer))
        }
        Err(error) => Err(TokenFault::Jws(error).into()),
    }
}

/// What it says, where one of the keys signed it.
fn said(token: &Unverified<'_>, keys: &JwkSet, algorithms: &[Algorithm]) -> Result<Map<String, Value>, JwsError> {
    keys.verify(token, algorithms)?.claims()
}
