//! The content of a JWE: authenticated encryption with a key of its own (RFC 7518 section 5).

use aws_lc_rs::{
    aead::{self, AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    cipher::{
        self, AES_128, AES_256, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
        PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    constant_time,
    error::Unspecified,
    hmac::{self, HMAC_SHA256, HMAC_SHA512},
    iv::FixedLength,
};

use super::ContentEncryption;

/// Encrypts `text` where it lies, and returns the authentication tag.
pub(super) fn seal(
    enc: ContentEncryption,
    key: &[u8],
    iv: &[u8],
    aad: &[u8],
    text: &mut Vec<u8>,
) -> Result<Vec<u8>, Unspecified> {
    match enc {
        ContentEncryption::A128Gcm => seal_gcm(&AES_128_GCM, key, iv, aad, text),
        ContentEncryption::A256Gcm => seal_gcm(&AES_256_GCM, key, iv, aad, text),
        ContentEncryption::A128CbcHs256 => Cbc::new(&AES_128, HMAC_SHA256, key)?.seal(iv, aad, text),
        ContentEncryption::A256CbcHs512 => Cbc::new(&AES_256, HMAC_SHA512, key)?.seal(iv, aad, text),
    }
}

/// Decrypts `text`, once its tag is proved.
pub(super) fn open(
    enc: ContentEncryption,
    key: &[u8],
    iv: &[u8],
    aad: &[u8],
    text: Vec<u8>,
    tag: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    if iv.len() != enc.iv_length() || tag.len() != enc.tag_length() {
        return Err(Unspecified);
    }
    match enc {
        ContentEncryption::A128Gcm => open_gcm(&AES_128_GCM, key, iv, aad, text, tag),
        ContentEncryption::A256Gcm => open_gcm(&AES_256_GCM, key, iv, aad, text, tag),
        ContentEncryption::A128CbcHs256 => Cbc::new(&AES_128, HMAC_SHA256, key)?.open(iv, aad, text, tag),
        ContentEncryption::A256CbcHs512 => Cbc::new(&AES_256, HMAC_SHA512, key)?.open(iv, aad, text, tag),
    }
}

fn seal_gcm(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    iv: &[u8],
    aad: &[u8],
    text: &mut [u8],
) -> Result<Vec<u8>, Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key)?);
    let tag = key.seal_in_place_separate_tag(Nonce::try_assume_unique_for_key(iv)?, Aad::from(aad), text)?;
    Ok(tag.as_ref().to_vec())
}

fn open_gcm(
    algorithm: &'static aead::Algorithm,
    key: &[u8],
    iv: &[u8],
    aad: &[u8],
    mut text: Vec<u8>,
    tag: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, key)?);
    text.extend_from_slice(tag);
    let length = key.open_in_place(Nonce::try_assume_unique_for_key(iv)?, Aad::from(aad), &mut text)?.len();
    text.truncate(length);
    Ok(text)
}

/// AES in CBC mode and an HMAC over all of it (RFC 7518 section 5.2). The first half of the key is the HMAC's.
struct Cbc {
    mac: hmac::Key,
    cipher: UnboundCipherKey,
}

impl Cbc {
    fn new(algorithm: &'static cipher::Algorithm, hash: hmac::Algorithm, key: &[u8]) -> Result<Self, Unspecified> {
        let (mac, cipher) = key.split_at_checked(key.len() / 2).ok_or(Unspecified)?;
        Ok(Self { mac: hmac::Key::new(hash, mac), cipher: UnboundCipherKey::new(algorithm, cipher)? })
    }

    fn seal(self, iv: &[u8], aad: &[u8], text: &mut Vec<u8>) -> Result<Vec<u8>, Unspecified> {
        let context = EncryptionContext::Iv128(fixed(iv)?);
        let Self { mac, cipher } = self;
        PaddedBlockEncryptingKey::cbc_pkcs7(cipher)?.less_safe_encrypt(text, context)?;
        Ok(tag(&mac, iv, aad, text))
    }

    /// The padding is not looked at before the tag is proved, so that nobody learns of it (the attack of Vaudenay).
    fn open(self, iv: &[u8], aad: &[u8], mut text: Vec<u8>, given: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let Self { mac, cipher } = self;
        constant_time::verify_slices_are_equal(&tag(&mac, iv, aad, &text), given)?;
        let context = DecryptionContext::Iv128(fixed(iv)?);
        let length = PaddedBlockDecryptingKey::cbc_pkcs7(cipher)?.decrypt(&mut text, context)?.len();
        text.truncate(length);
        Ok(text)
    }
}

fn fixed(iv: &[u8]) -> Result<FixedLength<16>, Unspecified> {
    let iv: &[u8; 16] = iv.try_into().map_err(|_| Unspecified)?;
    Ok(FixedLength::from(iv))
}

/// The first half of the HMAC over the header, the vector, the text, and the header's length in bits.
fn tag(key: &hmac::Key, iv: &[u8], aad: &[u8], text: &[u8]) -> Vec<u8> {
    let mut context = hmac::Context::with_key(key);
    for part in [aad, iv, text, &(aad.len() as u64 * 8).to_be_bytes()] {
        context.update(part);
    }
    let whole = context.sign();
    whole.as_ref()[..whole.as_ref().len() / 2].to_vec()
}
