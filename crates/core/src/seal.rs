//! Secrets that must be read back (private keys, TOTP seeds) lie in the database sealed: AES-256-GCM under the
//! key-encryption key, which lies elsewhere.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    digest,
};
use zeroize::Zeroizing;

use crate::Random;

const FORMAT: u8 = 1;
const KEY_ID_BYTES: usize = 8;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_LEN;

/// Seals and opens secrets with one key-encryption key.
pub struct Vault {
    key: LessSafeKey,
    key_id: [u8; KEY_ID_BYTES],
}

/// Why a sealed value could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed with another key.
    #[error("sealed with the key-encryption key {needed}, and the one at hand is {present}")]
    OtherKey {
        /// The id of the key that sealed it.
        needed: String,
        /// The id of the key that was tried.
        present: String,
    },
    /// It is not something that this program sealed, it was changed, or it belongs to another row.
    #[error("the sealed value is damaged, or belongs elsewhere")]
    Damaged,
}

impl Vault {
    /// From the 32 bytes of a key-encryption key.
    ///
    /// # Panics
    /// Never: AES-256 takes any 32 bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes any 32 bytes");
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"vestibule key-encryption key id");
        hash.update(key);
        let mut key_id = [0; KEY_ID_BYTES];
        key_id.copy_from_slice(&hash.finish().as_ref()[..KEY_ID_BYTES]);
        Self { key: LessSafeKey::new(unbound), key_id }
    }

    /// The key's id in 16 hexadecimal digits. It tells nothing of the key.
    #[must_use]
    pub fn key_id(&self) -> String {
        hex(&self.key_id)
    }

    /// The id of the key that sealed this value, where it is a sealed value at all.
    #[must_use]
    pub fn key_id_of(sealed: &[u8]) -> Option<String> {
        (sealed.len() > HEADER_BYTES && sealed[0] == FORMAT).then(|| hex(&sealed[1..=KEY_ID_BYTES]))
    }

    /// Seals `secret`. The same `context` (what it is, and whose) must be given to open it, so that a sealed value cannot be
    /// moved to another row.
    ///
    /// # Panics
    /// Never: AES-GCM seals anything below 64 GiB.
    #[must_use]
    pub fn seal(&self, context: &str, secret: &[u8], random: &Random) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random.bytes();
        let mut body = Zeroizing::new(secret.to_vec());
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut body)
            .expect("AES-GCM seals what fits in memory");
        let mut sealed = Vec::with_capacity(HEADER_BYTES + body.len() + tag.as_ref().len());
        sealed.push(FORMAT);
        sealed.extend_from_slice(&self.key_id);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&body);
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// Opens what [`Vault::seal`] sealed in the same `context`.
    ///
    /// # Errors
    /// [`SealError::OtherKey`] names the key that it needs; anything else wrong is [`SealError::Damaged`].
    pub fn open(&self, context: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let needed = Self::key_id_of(sealed).ok_or(SealError::Damaged)?;
        if needed != self.key_id() {
            return Err(SealError::OtherKey { needed, present: self.key_id() });
        }
        let nonce = Nonce::try_assume_unique_for_key(&sealed[1 + KEY_ID_BYTES..HEADER_BYTES])
            .map_err(|_| SealError::Damaged)?;
        let mut body = Zeroizing::new(sealed[HEADER_BYTES..].to_vec());
        let length =
            self.key.open_in_place(nonce, Aad::from(context), &mut body).map_err(|_| SealError::Damaged)?.len();
        body.truncate(length);
        Ok(body)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("key_id", &self.key_id()).finish_non_exhaustive()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_again() {
        let vault = Vault::new(&[1; 32]);
        let sealed = vault.seal("signing key 1", b"secret", &Random::system());
        assert_eq!(vault.open("signing key 1", &sealed).as_deref().map(Vec::as_slice), Ok(&b"secret"[..]));
    }

    #[test]
    fn a_value_sealed_with_another_key_names_that_key() {
        let (old, new) = (Vault::new(&[1; 32]), Vault::new(&[2; 32]));
        let sealed = old.seal("c", b"secret", &Random::system());
        let expected = SealError::OtherKey { needed: old.key_id(), present: new.key_id() };
        assert_eq!(new.open("c", &sealed).err(), Some(expected));
    }

    #[test]
    fn a_changed_or_moved_value_is_refused() {
        let vault = Vault::new(&[1; 32]);
        let sealed = vault.seal("row 1", b"secret", &Random::system());
        assert_eq!(vault.open("row 2", &sealed).err(), Some(SealError::Damaged));
        for index in [0, HEADER_BYTES - 1, sealed.len() - 1] {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert_eq!(vault.open("row 1", &changed).err(), Some(SealError::Damaged), "byte {index}");
        }
        assert_eq!(vault.open("row 1", &sealed[..10]).err(), Some(SealError::Damaged));
    }
}
