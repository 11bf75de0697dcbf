//! Ephemeral-static Diffie-Hellman: from two keys to the one of the content, or to one that wraps it (RFC 7518 section 4.6).

use aws_lc_rs::{
    error::Unspecified,
    kdf::{SskdfDigestAlgorithmId, get_sskdf_digest_algorithm, sskdf_digest},
    key_wrap::{AES_128, AES_256, AesBlockCipher, AesKek, KeyWrap},
};
use zeroize::Zeroizing;

use super::{ContentEncryption, KeyManagement};

/// The longest key that is wrapped, and what wrapping adds.
const LONGEST_WRAPPED: usize = 64 + 8;

/// What the key is derived for, besides the shared secret.
#[derive(Clone, Copy)]
pub(super) struct Purpose<'a> {
    pub(super) alg: KeyManagement,
    pub(super) enc: ContentEncryption,
    /// `apu` and `apv`: who talks to whom, decoded.
    pub(super) parties: (&'a [u8], &'a [u8]),
}

impl Purpose<'_> {
    /// The key that `secret` gives: the content's own, or the one that wraps it.
    pub(super) fn derive(self, secret: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let (name, length) = match self.wrapper() {
            Some((_, length)) => (self.alg.name(), length),
            None => (self.enc.name(), self.enc.key_length()),
        };
        let hash = get_sskdf_digest_algorithm(SskdfDigestAlgorithmId::Sha256).ok_or(Unspecified)?;
        let mut key = Zeroizing::new(vec![0; length]);
        sskdf_digest(hash, secret, &self.info(name, length), &mut key)?;
        Ok(key)
    }

    /// Wraps the content's key (RFC 3394).
    pub(super) fn wrap(self, derived: &[u8], key: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let (cipher, _) = self.wrapper().ok_or(Unspecified)?;
        let mut wrapped = [0; LONGEST_WRAPPED];
        Ok(AesKek::new(cipher, derived)?.wrap(key, &mut wrapped)?.to_vec())
    }

    /// Unwraps the content's key.
    pub(super) fn unwrap(self, derived: &[u8], wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let (cipher, _) = self.wrapper().ok_or(Unspecified)?;
        if wrapped.len() != self.enc.key_length() + 8 {
            return Err(Unspecified);
        }
        let mut key = Zeroizing::new([0; LONGEST_WRAPPED]);
        Ok(Zeroizing::new(AesKek::new(cipher, derived)?.unwrap(wrapped, &mut *key)?.to_vec()))
    }

    /// What wraps the content's key, and the length of the key for that.
    pub(super) fn wrapper(self) -> Option<(&'static AesBlockCipher, usize)> {
        match self.alg {
            KeyManagement::EcdhEsA128Kw => Some((&AES_128, 16)),
            KeyManagement::EcdhEsA256Kw => Some((&AES_256, 32)),
            KeyManagement::EcdhEs | KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => None,
        }
    }

    /// The `OtherInfo` of the Concat KDF: algorithm and parties, each after its length, then the bits that are wanted (section
    /// 4.6.2).
    fn info(self, name: &str, length: usize) -> Vec<u8> {
        let mut info = Vec::new();
        let (apu, apv) = self.parties;
        for part in [name.as_bytes(), apu, apv] {
            info.extend(u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            info.extend_from_slice(part);
        }
        info.extend(u32::try_from(length * 8).unwrap_or(u32::MAX).to_be_bytes());
        info
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    use super::*;

    #[test]
    fn rfc_7518_appendix_c_alice_and_bob_derive_one_key() {
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
        let alice = PrivateKey::from_private_key(&ECDH_P256, &decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"));
        let x = decode("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ");
        let y = decode("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck");
        let bob = UnparsedPublicKey::new(&ECDH_P256, [&[4], x.as_slice(), y.as_slice()].concat());
        let purpose =
            Purpose { alg: KeyManagement::EcdhEs, enc: ContentEncryption::A128Gcm, parties: (b"Alice", b"Bob") };
        let key = agreement::agree(&alice.expect("a key"), bob, Unspecified, |secret| purpose.derive(secret));
        assert_eq!(URL_SAFE_NO_PAD.encode(key.expect("agreed").as_slice()), "VqqN6vgjbSBcIijNcacQGg");
    }
}
