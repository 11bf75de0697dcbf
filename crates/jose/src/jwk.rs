//! One JSON Web Key (RFC 7517 section 4): public, for signatures, and of a size that we take. What it has in common with one for
//! encryption is read here too.
//!
//! What is made here is canonical: numbers without leading zeros, points of full length, base64url without stray bits. So a key
//! has one thumbprint, however it was written.

mod roca;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, KeyOperations, PublicKeyUse, ThumbprintHash};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Algorithm, KeyError, algorithm::Family};

/// Members that only the owner of a key may know (RFC 7518 sections 6.2.2, 6.3.2 and 6.4, RFC 8037 section 2, RFC 9964).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];
/// The bits of an RSA modulus that we take: fewer can be broken, more cost too much (RFC 7518 section 3.3).
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The longest RSA exponent, in bytes. Usual is 65537; a long one makes verifying as dear as signing.
const LONGEST_EXPONENT: usize = 4;
/// The longest `kid`, in bytes.
const LONGEST_KID: usize = 512;

/// A public key as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    inner: jsonwebtoken::jwk::Jwk,
    algorithm: Option<Algorithm>,
    material: Material,
}

/// The numbers of a key, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256([u8; 65]),
    P384([u8; 97]),
    Ed25519([u8; 32]),
}

impl Material {
    pub(crate) fn family(&self) -> Family {
        match self {
            Self::Rsa { .. } => Family::Rsa,
            Self::P256(_) => Family::P256,
            Self::P384(_) => Family::P384,
            Self::Ed25519(_) => Family::Ed25519,
        }
    }
}

impl Jwk {
    /// Reads a key of somebody else.
    ///
    /// # Errors
    /// What is wrong with it. A private part is refused before anything else is looked at.
    pub fn from_json(value: &Value) -> Result<Self, KeyError> {
        let Parts { inner, alg, material } = parts(value)?;
        let algorithm = alg.map(str::parse).transpose().map_err(|_| KeyError::Unsupported)?;
        check_use(&inner)?;
        if algorithm.is_some_and(|algorithm: Algorithm| algorithm.family() != material.family()) {
            return Err(KeyError::OtherAlgorithm);
        }
        Ok(Self { inner, algorithm, material })
    }

    /// The public half of a key of ours.
    pub(crate) fn of_ours(mut inner: jsonwebtoken::jwk::Jwk, algorithm: Algorithm) -> Result<Self, KeyError> {
        let material = material(&inner.algorithm)?;
        inner.common.public_key_use = Some(PublicKeyUse::Signature);
        let mut jwk = Self { inner, algorithm: Some(algorithm), material };
        jwk.inner.common.key_id = Some(jwk.thumbprint());
        Ok(jwk)
    }

    /// The key's name in its owner's set (`kid`).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.inner.common.key_id.as_deref()
    }

    /// The one algorithm that it is for, where its owner says so (`alg`).
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// Its SHA-256 thumbprint (RFC 7638): the `jkt` of RFC 9449.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // The library fails on types of keys that `material` has refused already.
        self.inner.thumbprint(ThumbprintHash::SHA256).unwrap_or_default()
    }

    /// As JSON: the members of its type, and `kid`, `use`, `alg`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut json = serde_json::to_value(&self.inner).unwrap_or_default();
        if let (Some(members), Some(algorithm)) = (json.as_object_mut(), self.algorithm) {
            members.insert("alg".to_owned(), algorithm.name().into());
        }
        json
    }

    pub(crate) fn material(&self) -> &Material {
        &self.material
    }
}

impl Serialize for Jwk {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

/// What is read of every key of somebody else, whatever it is for.
pub(crate) struct Parts<'a> {
    pub(crate) inner: jsonwebtoken::jwk::Jwk,
    /// The library knows fewer names, and takes any other for one that it does not know.
    pub(crate) alg: Option<&'a str>,
    pub(crate) material: Material,
}

/// Reads what is alike in keys for signatures and for encryption.
pub(crate) fn parts(value: &Value) -> Result<Parts<'_>, KeyError> {
    let members = value.as_object().ok_or(KeyError::Malformed)?;
    if PRIVATE.iter().any(|private| members.contains_key(*private)) {
        return Err(KeyError::Private);
    }
    let alg = match members.get("alg") {
        None => None,
        Some(Value::String(name)) => Some(name.as_str()),
        Some(_) => return Err(KeyError::Malformed),
    };
    let inner = jsonwebtoken::jwk::Jwk::deserialize(value).map_err(|_| KeyError::Malformed)?;
    if inner.common.key_id.as_ref().is_some_and(|kid| kid.len() > LONGEST_KID) {
        return Err(KeyError::Size);
    }
    let material = material(&inner.algorithm)?;
    Ok(Parts { inner, alg, material })
}

/// A key that is for encryption does not verify signatures (RFC 7517 sections 4.2 and 4.3).
fn check_use(jwk: &jsonwebtoken::jwk::Jwk) -> Result<(), KeyError> {
    let for_signatures = jwk.common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature);
    let operations = jwk.common.key_operations.as_ref();
    let verifies = operations.is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    if for_signatures && verifies { Ok(()) } else { Err(KeyError::OtherUse) }
}

pub(crate) fn material(parameters: &AlgorithmParameters) -> Result<Material, KeyError> {
    match parameters {
        AlgorithmParameters::RSA(rsa) => {
            let (n, e) = (decode(&rsa.n)?, decode(&rsa.e)?);
            check_rsa(&n, &e)?;
            Ok(Material::Rsa { n, e })
        }
        AlgorithmParameters::EllipticCurve(ec) => match ec.curve {
            EllipticCurve::P256 => Ok(Material::P256(point(&ec.x, &ec.y)?)),
            EllipticCurve::P384 => Ok(Material::P384(point(&ec.x, &ec.y)?)),
            _ => Err(KeyError::Unsupported),
        },
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            let x = decode(&pair.x)?;
            Ok(Material::Ed25519(x.try_into().map_err(|_| KeyError::Size)?))
        }
        _ => Err(KeyError::Unsupported),
    }
}

/// Odd numbers without leading zeros (RFC 7518 section 2, `Base64urlUInt`), the modulus of a size that we take, and an exponent
/// that does something: with 1 every message is its own signature. A
/// modulus of a generator that is known to be broken is refused too.
fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    let bits = |number: &[u8]| number.len() * 8 - number.first().map_or(0, |first| first.leading_zeros() as usize);
    let is_odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    if n.first() == Some(&0) || e.first() == Some(&0) {
        return Err(KeyError::Malformed);
    }
    if !RSA_BITS.contains(&bits(n)) || e.len() > LONGEST_EXPONENT {
        return Err(KeyError::Size);
    }
    if is_odd(n) && is_odd(e) && e != [1] && !roca::is_weak(n) { Ok(()) } else { Err(KeyError::Invalid) }
}

/// An uncompressed point: 4, then both coordinates in full length (RFC 7518 section 6.2.1.2).
fn point<const LENGTH: usize>(x: &str, y: &str) -> Result<[u8; LENGTH], KeyError> {
    let (x, y) = (decode(x)?, decode(y)?);
    if x.len() * 2 + 1 != LENGTH || y.len() != x.len() {
        return Err(KeyError::Size);
    }
    let bytes = [&[4], x.as_slice(), y.as_slice()].concat();
    bytes.try_into().map_err(|_| KeyError::Size)
}

fn decode(number: &str) -> Result<Vec<u8>, KeyError> {
    URL_SAFE_NO_PAD.decode(number).map_err(|_| KeyError::Malformed)
}

#[cfg(test)]
mod tests;
