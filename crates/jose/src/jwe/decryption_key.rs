//! A private key that decrypts with one algorithm.

use aws_lc_rs::{
    agreement::{self, ECDH_P256, ECDH_P384, PrivateKey, UnparsedPublicKey},
    encoding::{AsDer, Pkcs8V1Der},
    error::Unspecified,
    rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaKeyPair},
};
use jsonwebtoken::DecodingKey;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{
    ContentEncryption, EncryptionKey, KeyManagement,
    agreement::Purpose,
    encryption_key::{epk, oaep},
};
use crate::{
    KeyError,
    jwk::{self, Material, Parts},
};

/// A key pair that others encrypt to.
pub struct DecryptionKey {
    alg: KeyManagement,
    pair: Pair,
    public: EncryptionKey,
}

enum Pair {
    Rsa(OaepPrivateDecryptingKey),
    Point(&'static agreement::Algorithm, PrivateKey),
}

/// What a token says of its key, all of it unproved.
pub(super) struct Given<'a> {
    pub(super) enc: ContentEncryption,
    pub(super) encrypted: &'a [u8],
    pub(super) epk: Option<&'a Value>,
    pub(super) parties: (&'a [u8], &'a [u8]),
}

impl DecryptionKey {
    /// Makes a new private key, in PKCS#8: RSA of 2048 bits, or on P-256. RSA takes some hundred milliseconds of processor: call
    /// it off the runtime.
    ///
    /// # Errors
    /// [`KeyError::Invalid`] where the library fails.
    pub fn generate(alg: KeyManagement) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let invalid = |_| KeyError::Invalid;
        let pkcs8 = match alg {
            KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => {
                let pair = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(invalid)?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(invalid)?.as_ref().to_vec()
            }
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(invalid)?;
                pair.to_pkcs8v1().map_err(invalid)?.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(pkcs8))
    }

    /// Parses a private key in PKCS#8: RSA, or on P-256 or P-384.
    ///
    /// # Errors
    /// [`KeyError::Invalid`] where it is none of the kind that the algorithm needs.
    pub fn from_pkcs8(alg: KeyManagement, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let (pair, public) = match alg {
            KeyManagement::RsaOaep | KeyManagement::RsaOaep256 => rsa(pkcs8)?,
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw => {
                point(&ECDH_P256, pkcs8).or_else(|_| point(&ECDH_P384, pkcs8))?
            }
        };
        let public = EncryptionKey::of_ours(public, alg)?;
        Ok(Self { alg, pair, public })
    }

    /// The one algorithm that it is for.
    #[must_use]
    pub fn alg(&self) -> KeyManagement {
        self.alg
    }

    /// The public half. Its `kid` is its thumbprint (RFC 7638), which nobody has to agree on.
    #[must_use]
    pub fn public(&self) -> &EncryptionKey {
        &self.public
    }

    /// The key of a content. It may be of any length where RSA brought it.
    pub(super) fn content_key(&self, given: &Given<'_>) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut key = Zeroizing::new(vec![0; pair.min_output_size()]);
                let length = pair.decrypt(oaep(self.alg)?, given.encrypted, &mut key, None)?.len();
                Ok(Zeroizing::new(key[..length].to_vec()))
            }
            Pair::Point(curve, pair) => self.agree(curve, pair, given),
        }
    }

    fn agree(
        &self,
        curve: &'static agreement::Algorithm,
        pair: &PrivateKey,
        given: &Given<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let theirs = other_half(curve, given.epk.ok_or(Unspecified)?).ok_or(Unspecified)?;
        let purpose = Purpose { alg: self.alg, enc: given.enc, parties: given.parties };
        let theirs = UnparsedPublicKey::new(curve, theirs);
        let derived = agreement::agree(pair, theirs, Unspecified, |secret| purpose.derive(secret))?;
        match purpose.wrapper() {
            Some(_) => purpose.unwrap(&derived, given.encrypted),
            // What is agreed on is not sent as well (RFC 7516 section 5.2, step 10).
            None if given.encrypted.is_empty() => Ok(derived),
            None => Err(Unspecified),
        }
    }
}

/// The point of an `epk`, where it is written as a key of this curve. Whether it lies on it, the library looks.
fn other_half(curve: &'static agreement::Algorithm, epk: &Value) -> Option<Vec<u8>> {
    let Parts { material, .. } = jwk::parts(epk).ok()?;
    match material {
        Material::P256(point) if *curve == ECDH_P256 => Some(point.to_vec()),
        Material::P384(point) if *curve == ECDH_P384 => Some(point.to_vec()),
        _ => None,
    }
}

type Parsed = (Pair, jsonwebtoken::jwk::Jwk);

fn rsa(pkcs8: &[u8]) -> Result<Parsed, KeyError> {
    let pair = PrivateDecryptingKey::from_pkcs8(pkcs8).map_err(|_| KeyError::Invalid)?;
    let pair = OaepPrivateDecryptingKey::new(pair).map_err(|_| KeyError::Invalid)?;
    let public = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError::Invalid)?;
    let public = DecodingKey::from_rsa_der(public.public_key().as_ref());
    let jwk = jsonwebtoken::jwk::Jwk::from_decoding_key(&public, None).map_err(|_| KeyError::Invalid)?;
    Ok((Pair::Rsa(pair), jwk))
}

fn point(curve: &'static agreement::Algorithm, pkcs8: &[u8]) -> Result<Parsed, KeyError> {
    let pair = PrivateKey::from_private_key_der(curve, pkcs8).map_err(|_| KeyError::Invalid)?;
    let public = pair.compute_public_key().map_err(|_| KeyError::Invalid)?;
    let jwk = epk(curve, public.as_ref()).ok_or(KeyError::Invalid)?;
    let jwk = serde_json::from_value(jwk).map_err(|_| KeyError::Invalid)?;
    Ok((Pair::Point(curve, pair), jwk))
}

impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptionKey").field("public", &self.public).finish_non_exhaustive()
    }
}
