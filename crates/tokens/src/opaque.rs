//! Opaque access tokens: the claims of a JWT, sealed so that only we can read them.
//!
//! Nothing is stored for one. It is `vst_at_` and the base64url of a nonce and the sealed claims (AES-256-GCM-SIV, under a secret
//! of the provider that does nothing else), so that any replica opens it from memory, and no table grows with the tokens.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use vestibule_core::Random;

use crate::TokenError;

/// What an opaque access token begins with, so that a scanner for leaked secrets knows it.
const PREFIX: &str = "vst_at_";

/// The longest that is looked at, in bytes: ours have some six hundred.
const LONGEST: usize = 16 * 1024;

/// Seals and opens opaque access tokens.
pub struct OpaqueTokens(LessSafeKey);

impl OpaqueTokens {
    /// From 32 random bytes.
    ///
    /// # Panics
    /// Never: AES-256 takes any 32 bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, key).expect("AES-256 takes any 32 bytes")))
    }

    /// Whether a text is meant to be one.
    pub(crate) fn claims_to_be_one(token: &str) -> bool {
        token.starts_with(PREFIX)
    }

    /// Seals the claims of one token.
    pub(crate) fn seal(&self, claims: &impl Serialize, random: &Random) -> Result<String, serde_json::Error> {
        let nonce: [u8; NONCE_LEN] = random.bytes();
        let mut body = serde_json::to_vec(claims)?;
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(PREFIX), &mut body)
            .expect("AES-GCM-SIV seals what fits in memory");
        let mut sealed = Vec::with_capacity(NONCE_LEN + body.len() + tag.as_ref().len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        let mut token = String::with_capacity(PREFIX.len() + (sealed.len() * 4).div_ceil(3));
        token.push_str(PREFIX);
        URL_SAFE_NO_PAD.encode_string(sealed, &mut token);
        Ok(token)
    }

    /// Opens what [`OpaqueTokens::seal`] sealed. A text has one way to be written: base64url with leftover bits set is refused.
    pub(crate) fn open<C: DeserializeOwned>(&self, token: &str) -> Result<C, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::TooLong);
        }
        let encoded = token.strip_prefix(PREFIX).ok_or(TokenError::Malformed)?;
        let mut sealed = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Malformed)?;
        let (nonce, body) = sealed.split_at_mut_checked(NONCE_LEN).ok_or(TokenError::Malformed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| TokenError::Malformed)?;
        let claims = self.0.open_in_place(nonce, Aad::from(PREFIX), body).map_err(|_| TokenError::Signature)?;
        serde_json::from_slice(claims).map_err(|_| TokenError::Malformed)
    }
}

impl std::fmt::Debug for OpaqueTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpaqueTokens(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_again_and_tells_nothing() {
        let (tokens, random) = (OpaqueTokens::new(&[1; 32]), Random::system());
        let (one, other) = (tokens.seal(&"alice", &random).unwrap(), tokens.seal(&"alice", &random).unwrap());
        assert_ne!(one, other, "the same claims are never the same token");
        assert!(one.starts_with(PREFIX) && !one.contains("alice"));
        assert_eq!(tokens.open::<String>(&one), Ok("alice".to_owned()));
    }

    #[test]
    fn a_changed_or_foreign_one_is_refused() {
        let (tokens, random) = (OpaqueTokens::new(&[1; 32]), Random::system());
        let token = tokens.seal(&"alice", &random).unwrap();
        assert_eq!(OpaqueTokens::new(&[2; 32]).open::<String>(&token), Err(TokenError::Signature));
        for at in PREFIX.len()..token.len() {
            let swapped = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            let changed = format!("{}{swapped}{}", &token[..at], &token[at + 1..]);
            assert!(tokens.open::<String>(&changed).is_err(), "character {at}");
        }
        for odd in
            ["", "vst_at_", "vst_at_AAAA", "vst_at_====", "VST_AT_AAAA", &token[..token.len() - 1], &"A".repeat(20_000)]
        {
            assert!(tokens.open::<String>(odd).is_err(), "{odd}");
        }
    }
}
