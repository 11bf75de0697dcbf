//! A key pair, parsed once, that signs with one algorithm.
//!
//! The JOSE library parses an RSA key anew at every signature, which nearly doubles its cost; so the pair stays parsed here.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
        RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
    },
};
use jsonwebtoken::DecodingKey;
use zeroize::Zeroizing;

use crate::{Algorithm, Jwk, JwsError, KeyError, PublicKey, SignError, Signer, Verifier, algorithm::Family};

/// A key pair.
pub struct PrivateKey {
    algorithm: Algorithm,
    pair: Pair,
    public: PublicKey,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

impl PrivateKey {
    /// Makes a new private key, in PKCS#8. RSA has 2048 bits and takes some hundred milliseconds of processor: call it off the
    /// runtime.
    ///
    /// # Errors
    /// [`KeyError::OtherAlgorithm`] for an algorithm of a shared secret; [`KeyError::Invalid`] where the library fails.
    pub fn generate(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let invalid = |_| KeyError::Invalid;
        let pkcs8 = match algorithm.family() {
            Family::Secret => return Err(KeyError::OtherAlgorithm),
            Family::Rsa => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(invalid)?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(invalid)?.as_ref().to_vec()
            }
            Family::P256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING)?,
            Family::P384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING)?,
            Family::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(invalid)?;
                pair.to_pkcs8().map_err(invalid)?.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(pkcs8))
    }

    /// Parses a private key in PKCS#8.
    ///
    /// # Errors
    /// [`KeyError::Invalid`] where it is none of the kind that the algorithm needs.
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = Pair::parse(algorithm, pkcs8)?;
        let inner = jsonwebtoken::jwk::Jwk::from_decoding_key(&pair.public_half(), None);
        let jwk = Jwk::of_ours(inner.map_err(|_| KeyError::Invalid)?, algorithm)?;
        Ok(Self { algorithm, pair, public: PublicKey::new(jwk, &[algorithm])? })
    }

    /// The public half. Its `kid` is its thumbprint (RFC 7638), which nobody has to agree on.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> Result<Vec<u8>, KeyError> {
    let pair = EcdsaKeyPair::generate(algorithm).map_err(|_| KeyError::Invalid)?;
    Ok(pair.to_pkcs8v1().map_err(|_| KeyError::Invalid)?.as_ref().to_vec())
}

impl Pair {
    fn parse(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let ecdsa = |curve| EcdsaKeyPair::from_pkcs8(curve, pkcs8).map(|pair| Self::Ecdsa(Box::new(pair)));
        let parsed = match algorithm.family() {
            Family::Secret => return Err(KeyError::OtherAlgorithm),
            Family::Rsa => RsaKeyPair::from_pkcs8(pkcs8).map(|pair| Self::Rsa(Box::new(pair))),
            Family::P256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Family::P384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Family::Ed25519 => Ed25519KeyPair::from_pkcs8(pkcs8).map(|pair| Self::Ed25519(Box::new(pair))),
        };
        parsed.map_err(|_| KeyError::Invalid)
    }

    /// The public key: PKCS#1 for RSA, the uncompressed point for ECDSA, the 32 bytes for Ed25519.
    fn public_half(&self) -> DecodingKey {
        match self {
            Self::Rsa(pair) => DecodingKey::from_rsa_der(pair.public_key().as_ref()),
            Self::Ecdsa(pair) => DecodingKey::from_ec_der(pair.public_key().as_ref()),
            Self::Ed25519(pair) => DecodingKey::from_ed_der(pair.public_key().as_ref()),
        }
    }
}

fn rsa(algorithm: Algorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        Algorithm::Rs384 => &RSA_PKCS1_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_SHA512,
        Algorithm::Ps256 => &RSA_PSS_SHA256,
        Algorithm::Ps384 => &RSA_PSS_SHA384,
        Algorithm::Ps512 => &RSA_PSS_SHA512,
        _ => &RSA_PKCS1_SHA256,
    }
}

impl Signer for PrivateKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let refused = |_| SignError::Refused(self.algorithm);
        // aws-lc draws ECDSA's nonce and RSA's blinding from its own generator; the parameter is ring's interface.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(rsa(self.algorithm), &random, message, &mut signature).map_err(refused)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => Ok(pair.sign(&random, message).map_err(refused)?.as_ref().to_vec()),
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(refused)?.as_ref().to_vec()),
        }
    }
}

impl Verifier for PrivateKey {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        self.public.verify(algorithm, message, signature)
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(algorithm: Algorithm) -> PrivateKey {
        let pkcs8 = PrivateKey::generate(algorithm).expect("a key");
        PrivateKey::from_pkcs8(algorithm, &pkcs8).expect("a key that parses")
    }

    #[test]
    fn what_a_key_signed_verifies_and_nothing_else() {
        for algorithm in Algorithm::ASYMMETRIC {
            let key = key(algorithm);
            let signature = key.sign(b"message").expect("signed");
            let verify = |message, signature: &[u8]| key.verify(algorithm, message, signature);
            assert_eq!(verify(b"message", &signature), Ok(()), "{algorithm}");
            assert_eq!(verify(b"massage", &signature), Err(JwsError::Signature), "{algorithm}");
            assert_eq!(verify(b"message", &[]), Err(JwsError::Signature), "{algorithm}");
            let zeros = vec![0; signature.len()];
            assert_eq!(verify(b"message", &zeros), Err(JwsError::Signature), "a41: {algorithm}, r, s = 0");
        }
    }

    #[test]
    fn a41_a_key_is_for_its_own_algorithm_only() {
        let key = key(Algorithm::Rs256);
        let signature = key.sign(b"message").expect("signed");
        for other in Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::SYMMETRIC) {
            let expected = if other == Algorithm::Rs256 { Ok(()) } else { Err(JwsError::OtherAlgorithm) };
            assert_eq!(key.verify(other, b"message", &signature), expected, "{other}");
        }
    }

    #[test]
    fn a_jwk_says_what_it_is_for_and_holds_no_private_part() {
        for (algorithm, kty) in [
            (Algorithm::Rs256, "RSA"),
            (Algorithm::Ps256, "RSA"),
            (Algorithm::Es256, "EC"),
            (Algorithm::Es384, "EC"),
            (Algorithm::EdDsa, "OKP"),
            (Algorithm::Ed25519, "OKP"),
        ] {
            let key = key(algorithm);
            let jwk = key.public().jwk().to_json();
            assert_eq!(jwk["kty"], kty);
            assert_eq!((&jwk["use"], &jwk["alg"]), (&json!("sig"), &json!(algorithm)));
            assert_eq!(jwk["kid"], json!(key.public().thumbprint()));
            let read = Jwk::from_json(&jwk).expect("a JWK without private parts");
            assert_eq!(read.to_json(), jwk);
        }
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let pkcs8 = PrivateKey::generate(Algorithm::EdDsa).expect("a key");
        assert_eq!(PrivateKey::from_pkcs8(Algorithm::Es256, &pkcs8).err(), Some(KeyError::Invalid));
        assert_eq!(PrivateKey::generate(Algorithm::Hs256).err(), Some(KeyError::OtherAlgorithm));
    }
}
