//! Somebody's public key, to whom something is encrypted.

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, ParsedPublicKey, PrivateKey, UnparsedPublicKey},
    error::Unspecified,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey,
        PublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{KeyOperations, PublicKeyUse, ThumbprintHash};
use serde_json::{Value, json};
use vestibule_core::Random;
use zeroize::Zeroizing;

use super::{Encryption, KeyManagement, agreement::Purpose};
use crate::{
    KeyError,
    jwk::{self, Material, Parts},
};

/// What a key for encrypting may say that it does (RFC 7517 section 4.3). A public key of Diffie-Hellman says nothing, strictly,
/// or what its private half does.
const OPERATIONS: [KeyOperations; 4] =
    [KeyOperations::Encrypt, KeyOperations::WrapKey, KeyOperations::DeriveKey, KeyOperations::DeriveBits];

/// A public key that something can be encrypted to.
pub struct EncryptionKey {
    inner: jsonwebtoken::jwk::Jwk,
    alg: Option<KeyManagement>,
    recipient: Recipient,
}

enum Recipient {
    Rsa(OaepPublicEncryptingKey),
    Point(&'static agreement::Algorithm, Vec<u8>),
}

/// The key of a content, and how its recipient comes by it.
pub(super) struct HandedOver {
    pub(super) key: Zeroizing<Vec<u8>>,
    /// The second part of the JWE: the key, encrypted. Nothing where it was agreed on.
    pub(super) encrypted: Vec<u8>,
    /// Our half of a Diffie-Hellman (`epk`).
    pub(super) epk: Option<Value>,
}

impl EncryptionKey {
    /// Reads a key of somebody else (RFC 7517 section 4), which is RSA, or on P-256 or P-384.
    ///
    /// # Errors
    /// What is wrong with it; [`KeyError::OtherUse`] where it is for signatures.
    pub fn from_json(value: &Value) -> Result<Self, KeyError> {
        let Parts { inner, alg, material } = jwk::parts(value)?;
        let alg = alg.map(str::parse).transpose().map_err(|_| KeyError::OtherAlgorithm)?;
        let of_use = inner.common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Encryption);
        let operations = inner.common.key_operations.as_ref();
        if !of_use || operations.is_some_and(|its| !its.iter().any(|one| OPERATIONS.contains(one))) {
            return Err(KeyError::OtherUse);
        }
        Self::new(inner, alg, &material)
    }

    /// The public half of a key of ours. Its `kid` is its thumbprint.
    pub(super) fn of_ours(mut inner: jsonwebtoken::jwk::Jwk, alg: KeyManagement) -> Result<Self, KeyError> {
        let material = jwk::material(&inner.algorithm)?;
        inner.common.public_key_use = Some(PublicKeyUse::Encryption);
        let mut key = Self::new(inner, Some(alg), &material)?;
        key.inner.common.key_id = Some(key.thumbprint());
        Ok(key)
    }

    fn new(inner: jsonwebtoken::jwk::Jwk, alg: Option<KeyManagement>, material: &Material) -> Result<Self, KeyError> {
        let recipient = match material {
            Material::Rsa { n, e } => Recipient::Rsa(rsa(n, e).map_err(|_| KeyError::Invalid)?),
            Material::P256(point) => on_curve(&ECDH_P256, point)?,
            Material::P384(point) => on_curve(&ECDH_P384, point)?,
            Material::Ed25519(_) => return Err(KeyError::OtherAlgorithm),
        };
        if alg.is_some_and(|alg| !alg.fits(material.family())) {
            return Err(KeyError::OtherAlgorithm);
        }
        Ok(Self { inner, alg, recipient })
    }

    /// The key's name in its owner's set (`kid`).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.inner.common.key_id.as_deref()
    }

    /// Its SHA-256 thumbprint (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // The library fails on types of keys that have been refused already.
        self.inner.thumbprint(ThumbprintHash::SHA256).unwrap_or_default()
    }

    /// Whether it can be for this algorithm: it is of its type, and names no other.
    #[must_use]
    pub fn is_for(&self, alg: KeyManagement) -> bool {
        let fits = match self.recipient {
            Recipient::Rsa(_) => matches!(alg, KeyManagement::RsaOaep | KeyManagement::RsaOaep256),
            Recipient::Point(..) => !matches!(alg, KeyManagement::RsaOaep | KeyManagement::RsaOaep256),
        };
        fits && self.alg.is_none_or(|own| own == alg)
    }

    /// How plainly its owner says that it is for this: the more, the rather it is taken.
    pub(crate) fn rank(&self) -> u8 {
        u8::from(self.inner.common.public_key_use.is_some()) * 2 + u8::from(self.alg.is_some())
    }

    /// As JSON: the members of its type, and `kid`, `use`, `alg`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = serde_json::to_value(&self.inner).unwrap_or_default();
        if let (Some(members), Some(alg)) = (json.as_object_mut(), self.alg) {
            members.insert("alg".to_owned(), alg.name().into());
        }
        json
    }

    /// Draws or agrees on a key for a content.
    pub(super) fn hand_over(&self, encryption: Encryption, random: &Random) -> Result<HandedOver, Unspecified> {
        match &self.recipient {
            Recipient::Rsa(recipient) => {
                let key = drawn(encryption, random);
                let mut encrypted = vec![0; recipient.ciphertext_size()];
                recipient.encrypt(oaep(encryption.alg)?, &key, &mut encrypted, None)?;
                Ok(HandedOver { key, encrypted, epk: None })
            }
            Recipient::Point(curve, point) => agree(curve, point, encryption, random),
        }
    }
}

/// Agrees on a key by a key pair that is made for this one content and forgotten.
fn agree(
    curve: &'static agreement::Algorithm,
    point: &[u8],
    encryption: Encryption,
    random: &Random,
) -> Result<HandedOver, Unspecified> {
    let ours = PrivateKey::generate(curve)?;
    let epk = epk(curve, ours.compute_public_key()?.as_ref()).ok_or(Unspecified)?;
    let purpose = Purpose { alg: encryption.alg, enc: encryption.enc, parties: (&[], &[]) };
    let theirs = UnparsedPublicKey::new(curve, point);
    let derived = agreement::agree(&ours, theirs, Unspecified, |secret| purpose.derive(secret))?;
    if purpose.wrapper().is_none() {
        return Ok(HandedOver { key: derived, encrypted: Vec::new(), epk: Some(epk) });
    }
    let key = drawn(encryption, random);
    let encrypted = purpose.wrap(&derived, &key)?;
    Ok(HandedOver { key, encrypted, epk: Some(epk) })
}

/// A point in the members of a JWK.
pub(super) fn epk(curve: &'static agreement::Algorithm, point: &[u8]) -> Option<Value> {
    let name = if *curve == ECDH_P256 { "P-256" } else { "P-384" };
    let (_uncompressed, coordinates) = point.split_first()?;
    let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
    let encode = |number| URL_SAFE_NO_PAD.encode(number);
    Some(json!({ "kty": "EC", "crv": name, "x": encode(x), "y": encode(y) }))
}

fn drawn(encryption: Encryption, random: &Random) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; encryption.enc.key_length()]);
    random.fill(&mut key);
    key
}

pub(super) fn oaep(alg: KeyManagement) -> Result<&'static OaepAlgorithm, Unspecified> {
    match alg {
        KeyManagement::RsaOaep => Ok(&OAEP_SHA1_MGF1SHA1),
        KeyManagement::RsaOaep256 => Ok(&OAEP_SHA256_MGF1SHA256),
        _ => Err(Unspecified),
    }
}

fn rsa(n: &[u8], e: &[u8]) -> Result<OaepPublicEncryptingKey, Unspecified> {
    let key: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into()?;
    OaepPublicEncryptingKey::new(key)
}

fn on_curve(curve: &'static agreement::Algorithm, point: &[u8]) -> Result<Recipient, KeyError> {
    ParsedPublicKey::try_from(UnparsedPublicKey::new(curve, point)).map_err(|_| KeyError::Invalid)?;
    Ok(Recipient::Point(curve, point.to_vec()))
}

impl std::fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptionKey").field("kid", &self.kid()).field("alg", &self.alg).finish_non_exhaustive()
    }
}
