//! JWTs taken apart, and put together wrongly. Whether a signature holds is the business of the independent clients.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// The claims of a JWT, not verified.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a JWT.
///
/// # Panics
/// Where it is none.
#[must_use]
pub fn header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap_or_else(|| panic!("{token:?} is no JWT"));
    let bytes = URL_SAFE_NO_PAD.decode(part).unwrap_or_else(|error| panic!("{token:?} is no JWT: {error}"));
    serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{token:?} is no JWT: {error}"))
}

/// A JWT with these claims and no signature, whose header names `algorithm` (such as `none`).
#[must_use]
pub fn unsigned(claims: &Value, algorithm: &str) -> String {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", encoded(&json!({ "alg": algorithm })), encoded(claims))
}
