//! Keyed hashes of secrets that are random already: client secrets, codes, session ids, API tokens.
//!
//! Such a value is stored as `HMAC-SHA-256(key, SHA-256(value))`. The inner hash lets an imported SHA-256 checksum fit; the
//! key makes a stolen table worthless. Passwords, which people choose, are another matter: those go through Argon2id.

use aws_lc_rs::{digest, hmac};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

/// A keyed hash of a secret. Two are compared in constant time.
#[derive(Clone, Copy, Debug, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Reads back what [`Digest::as_bytes`] gave; `None` for anything but 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// As a key of a store: 43 characters of base64url.
    #[must_use]
    pub fn to_key(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// A key that hashes secrets of one purpose.
#[derive(Clone)]
pub struct HashKey(hmac::Key);

impl HashKey {
    /// From 32 random bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The key for one purpose, derived from this one: a hash made for one purpose is never found under another.
    #[must_use]
    pub fn for_purpose(&self, purpose: &str) -> Self {
        let derived = hmac::sign(&self.0, purpose.as_bytes());
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()))
    }

    /// The keyed hash of a secret.
    #[must_use]
    pub fn digest(&self, secret: &str) -> Digest {
        self.digest_of_checksum(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref())
    }

    /// The keyed hash of a secret that is known by its SHA-256 checksum only, as another system kept it.
    #[must_use]
    pub fn digest_of_checksum(&self, checksum: &[u8]) -> Digest {
        let outer = hmac::sign(&self.0, checksum);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(outer.as_ref());
        Digest(bytes)
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_secret_has_the_same_digest_under_the_same_purpose_only() {
        let key = HashKey::new(&[7; 32]);
        let (codes, sessions) = (key.for_purpose("code"), key.for_purpose("session"));
        assert_eq!(codes.digest("secret"), codes.digest("secret"));
        assert_ne!(codes.digest("secret"), sessions.digest("secret"));
        assert_ne!(codes.digest("secret"), codes.digest("Secret"));
    }

    #[test]
    fn a_secret_known_by_its_checksum_has_the_digest_of_the_secret() {
        let key = HashKey::new(&[7; 32]);
        let checksum = digest::digest(&digest::SHA256, b"secret");
        assert_eq!(key.digest_of_checksum(checksum.as_ref()), key.digest("secret"));
    }

    #[test]
    fn a_digest_survives_its_bytes() {
        let digest = HashKey::new(&[1; 32]).digest("x");
        assert_eq!(Digest::from_slice(digest.as_bytes()), Some(digest));
        assert_eq!(Digest::from_slice(&[0; 31]), None);
    }
}
