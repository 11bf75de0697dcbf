//! The compact form of a JWE (RFC 7516 section 3.1): encrypting to somebody's key, and decrypting what came for one of ours.
//!
//! ```text
//!  text ──Encrypted::parse──▶ Encrypted ──decrypt(our key)──▶ the content, often a JWS, which proves nothing yet
//! ```
//!
//! Who encrypted something is not known: anyone can, the key is public. So a JWE is never believed for itself; what is inside is
//! verified as if it had come plainly.
//!
//! Both algorithms are those of the key and of the registration; those that a token names only have to agree. Whatever goes wrong
//! once a private key was asked is one error, and the work is the same: a key that does not come out is replaced by a
//! random one (RFC 7516 section 11.5). Nothing is ever inflated: `zip` is refused.

mod agreement;
mod algorithm;
mod content;
mod decryption_key;
mod encryption_key;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::Value;
use vestibule_core::Random;
use zeroize::Zeroizing;

pub use self::{
    algorithm::{ContentEncryption, KeyManagement, UnknownEncryption},
    decryption_key::DecryptionKey,
    encryption_key::EncryptionKey,
};
use self::{decryption_key::Given, encryption_key::HandedOver};
use crate::{EncryptError, JweError, compact::present, json};

/// The longest JWE that is looked at, in bytes: the longest JWS, encoded once more, and a header with its key.
const LONGEST: usize = 24 * 1024;

/// What something is encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// How the key comes to the recipient.
    pub alg: KeyManagement,
    /// How the content is encrypted.
    pub enc: ContentEncryption,
}

impl Encryption {
    /// Encrypts `content` to a key. `cty` says what the content is: `JWT` where it is one (RFC 7519 section 5.2). The header names
    /// the key where the key has a name.
    ///
    /// # Errors
    /// [`EncryptError::OtherAlgorithm`] where the key is for another algorithm.
    pub fn encrypt(
        self,
        key: &EncryptionKey,
        cty: Option<&str>,
        content: &[u8],
        random: &Random,
    ) -> Result<String, EncryptError> {
        if !key.is_for(self.alg) {
            return Err(EncryptError::OtherAlgorithm(self.alg));
        }
        let refused = |_| EncryptError::Refused(self.alg);
        let HandedOver { key: content_key, encrypted, epk } = key.hand_over(self, random).map_err(refused)?;
        let header = self.header(key.kid(), cty, epk);
        let mut iv = vec![0; self.enc.iv_length()];
        random.fill(&mut iv);
        let mut text = content.to_vec();
        let tag = content::seal(self.enc, &content_key, &iv, header.as_bytes(), &mut text).map_err(refused)?;
        let parts = [encrypted, iv, text, tag].map(|part| URL_SAFE_NO_PAD.encode(part));
        Ok(format!("{header}.{}", parts.join(".")))
    }

    fn header(self, kid: Option<&str>, cty: Option<&str>, epk: Option<Value>) -> String {
        let mut header = serde_json::Map::new();
        header.insert("alg".to_owned(), self.alg.name().into());
        header.insert("enc".to_owned(), self.enc.name().into());
        header.extend(kid.map(|kid| ("kid".to_owned(), kid.into())));
        header.extend(cty.map(|cty| ("cty".to_owned(), cty.into())));
        header.extend(epk.map(|epk| ("epk".to_owned(), epk)));
        URL_SAFE_NO_PAD.encode(Value::Object(header).to_string())
    }
}

/// A JWE taken apart. Nothing in it is believed.
#[derive(Debug)]
pub struct Encrypted<'a> {
    header: Header,
    /// The header as it came: what the tag covers besides the content.
    aad: &'a str,
    encrypted_key: Vec<u8>,
    iv: Vec<u8>,
    text: Vec<u8>,
    tag: Vec<u8>,
}

/// What every header is read for. Where a key is named or shown (`jku`, `jwk`, `x5u`, `x5c`) nobody looks.
#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    enc: String,
    kid: Option<String>,
    cty: Option<String>,
    epk: Option<Value>,
    #[serde(default)]
    apu: String,
    #[serde(default)]
    apv: String,
    #[serde(default, deserialize_with = "present")]
    crit: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    zip: Option<Value>,
}

impl<'a> Encrypted<'a> {
    /// Whether a text is a JWE rather than a JWS: by its five parts (RFC 7516 section 9).
    #[must_use]
    pub fn looks_like(token: &str) -> bool {
        token.bytes().filter(|byte| *byte == b'.').count() == 4
    }

    /// Takes a JWE apart: exactly five parts, and a header without extensions that must be understood and without compression.
    ///
    /// # Errors
    /// Anything else, and more than 24 KiB.
    pub fn parse(token: &'a str) -> Result<Self, JweError> {
        if token.len() > LONGEST {
            return Err(JweError::TooLong);
        }
        let parts: Vec<&str> = token.splitn(6, '.').collect();
        let [aad, key, iv, text, tag] = parts[..] else { return Err(JweError::Malformed) };
        let header: Header = json::strict(&decode(aad)?).map_err(|_| JweError::Malformed)?;
        if header.crit.is_some() {
            return Err(JweError::Critical);
        }
        if header.zip.is_some() {
            return Err(JweError::Compressed);
        }
        let [encrypted_key, iv, text, tag] = [decode(key)?, decode(iv)?, decode(text)?, decode(tag)?];
        Ok(Self { header, aad, encrypted_key, iv, text, tag })
    }

    /// What it says it is encrypted with, where we know both.
    #[must_use]
    pub fn encryption(&self) -> Option<Encryption> {
        Some(Encryption { alg: self.header.alg.parse().ok()?, enc: self.header.enc.parse().ok()? })
    }

    /// The key that it names (`kid`).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// What it says its content is (`cty`).
    #[must_use]
    pub fn cty(&self) -> Option<&str> {
        self.header.cty.as_deref()
    }

    /// Decrypts it with a key of ours. Its `alg` has to be the key's, its `enc` one of the `allowed`.
    ///
    /// # Errors
    /// [`JweError::OtherAlgorithm`]; [`JweError::Undecryptable`] for whatever else is wrong.
    pub fn decrypt(
        &self,
        key: &DecryptionKey,
        allowed: &[ContentEncryption],
        random: &Random,
    ) -> Result<Vec<u8>, JweError> {
        let agrees = |named: &Encryption| named.alg == key.alg() && allowed.contains(&named.enc);
        let Encryption { enc, .. } = self.encryption().filter(agrees).ok_or(JweError::OtherAlgorithm)?;
        let (apu, apv) = (decode(&self.header.apu)?, decode(&self.header.apv)?);
        let given = Given { enc, encrypted: &self.encrypted_key, epk: self.header.epk.as_ref(), parties: (&apu, &apv) };
        // A key that does not come out, or in another length, must not be told from one that is wrong.
        let mut content_key = Zeroizing::new(vec![0; enc.key_length()]);
        random.fill(&mut content_key);
        if let Ok(its) = key.content_key(&given)
            && its.len() == content_key.len()
        {
            content_key = its;
        }
        content::open(enc, &content_key, &self.iv, self.aad.as_bytes(), self.text.clone(), &self.tag)
            .map_err(|_| JweError::Undecryptable)
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JweError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JweError::Malformed)
}

#[cfg(test)]
mod tests;
