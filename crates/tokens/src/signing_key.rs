//! One key pair, parsed once.
//!
//! The JOSE library parses an RSA key anew at every signature, which nearly doubles its cost; so the key pair stays parsed
//! here, behind the library's own [`JwtSigner`] and [`JwtVerifier`]. The algorithm is the key's: nothing in a token chooses it.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, VerificationAlgorithm,
    },
};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    crypto::{JwtSigner, JwtVerifier},
    jwk::{Jwk, PublicKeyUse, ThumbprintHash},
    signature::{Error as SignatureError, Signer, Verifier},
};
use zeroize::Zeroizing;

use crate::{SigningAlgorithm, TokenType, jose};

/// A key pair of ours, parsed, with its public half as a JWK.
pub(crate) struct SigningKey {
    algorithm: SigningAlgorithm,
    kid: String,
    jwk: Jwk,
    /// One for each kind of token, in the order of [`TokenType::ALL`].
    headers: [String; TokenType::ALL.len()],
    pair: Pair,
    public: ParsedPublicKey,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

/// A private key that does not parse as what it is said to be, or that the library could not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key cannot be used as a key for {0}")]
pub struct UnusableKey(pub(crate) SigningAlgorithm);

impl SigningKey {
    /// Makes a new private key, in PKCS#8. RSA takes some hundred milliseconds of processor: call it off the runtime.
    pub(crate) fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, UnusableKey> {
        let unusable = |_| UnusableKey(algorithm);
        let pkcs8 = match algorithm {
            SigningAlgorithm::Rs256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(unusable)?;
                AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(unusable)?.as_ref().to_vec()
            }
            SigningAlgorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(unusable)?;
                pair.to_pkcs8v1().map_err(unusable)?.as_ref().to_vec()
            }
            SigningAlgorithm::EdDsa => {
                let pair = Ed25519KeyPair::generate().map_err(unusable)?;
                pair.to_pkcs8().map_err(unusable)?.as_ref().to_vec()
            }
        };
        Ok(Zeroizing::new(pkcs8))
    }

    /// Parses a private key in PKCS#8.
    pub(crate) fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, UnusableKey> {
        let unusable = || UnusableKey(algorithm);
        let pair = Pair::parse(algorithm, pkcs8).ok_or_else(unusable)?;
        let (verification, decoding) = pair.public_half();
        let public = ParsedPublicKey::new(verification, pair.public_bytes()).map_err(|_| unusable())?;
        let mut jwk = Jwk::from_decoding_key(&decoding, Some(algorithm.jose())).map_err(|_| unusable())?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| unusable())?;
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_id = Some(kid.clone());
        let headers = TokenType::ALL.map(|typ| jose::encoded_header(algorithm, &kid, typ));
        Ok(Self { algorithm, kid, jwk, headers, pair, public })
    }

    /// What the key signs with.
    pub(crate) fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The key's id: its thumbprint (RFC 7638), which nobody has to agree on.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The encoded header of the tokens of one kind that this key signs.
    pub(crate) fn header(&self, typ: TokenType) -> &str {
        &self.headers[typ as usize]
    }

    /// The public half.
    pub(crate) fn jwk(&self) -> &Jwk {
        &self.jwk
    }
}

impl Pair {
    fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Option<Self> {
        Some(match algorithm {
            SigningAlgorithm::Rs256 => Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(pkcs8).ok()?)),
            SigningAlgorithm::Es256 => {
                Self::Ecdsa(Box::new(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).ok()?))
            }
            SigningAlgorithm::EdDsa => Self::Ed25519(Box::new(Ed25519KeyPair::from_pkcs8(pkcs8).ok()?)),
        })
    }

    /// The public key: PKCS#1 for RSA, the uncompressed point for P-256, the 32 bytes for Ed25519.
    fn public_bytes(&self) -> &[u8] {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref(),
            Self::Ecdsa(pair) => pair.public_key().as_ref(),
            Self::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    fn public_half(&self) -> (&'static dyn VerificationAlgorithm, DecodingKey) {
        let bytes = self.public_bytes();
        match self {
            Self::Rsa(_) => (&RSA_PKCS1_2048_8192_SHA256, DecodingKey::from_rsa_der(bytes)),
            Self::Ecdsa(_) => (&ECDSA_P256_SHA256_FIXED, DecodingKey::from_ec_der(bytes)),
            Self::Ed25519(_) => (&ED25519, DecodingKey::from_ed_der(bytes)),
        }
    }
}

impl Signer<Vec<u8>> for SigningKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        // aws-lc draws ECDSA's nonce and RSA's blinding from its own generator; the parameter is ring's interface.
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(SignatureError::from_source)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => {
                Ok(pair.sign(&random, message).map_err(SignatureError::from_source)?.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(SignatureError::from_source)?.as_ref().to_vec()),
        }
    }
}

impl JwtSigner for SigningKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm.jose()
    }
}

impl Verifier<Vec<u8>> for SigningKey {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        self.public.verify_sig(message, signature).map_err(SignatureError::from_source)
    }
}

impl JwtVerifier for SigningKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm.jose()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(algorithm: SigningAlgorithm) -> SigningKey {
        let pkcs8 = SigningKey::generate(algorithm).expect("a key");
        SigningKey::parse(algorithm, &pkcs8).expect("a key that parses")
    }

    #[test]
    fn what_a_key_signed_verifies_and_nothing_else() {
        for algorithm in SigningAlgorithm::ALL {
            let key = key(algorithm);
            let signature = key.try_sign(b"message").expect("signed");
            assert!(key.verify(b"message", &signature).is_ok(), "{algorithm}");
            assert!(key.verify(b"massage", &signature).is_err(), "{algorithm}");
            assert!(key.verify(b"message", &Vec::new()).is_err(), "{algorithm}");
            assert!(key.verify(b"message", &vec![0; signature.len()]).is_err(), "{algorithm}: r, s = 0");
        }
    }

    #[test]
    fn a_jwk_says_what_it_is_for_and_holds_no_private_part() {
        for (algorithm, kty) in
            [(SigningAlgorithm::Rs256, "RSA"), (SigningAlgorithm::Es256, "EC"), (SigningAlgorithm::EdDsa, "OKP")]
        {
            let key = key(algorithm);
            let jwk = serde_json::to_value(key.jwk()).expect("JSON");
            assert_eq!(jwk["kty"], kty);
            assert_eq!((&jwk["use"], &jwk["alg"], &jwk["kid"]), (&json!("sig"), &json!(algorithm), &json!(key.kid())));
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert_eq!(jwk.get(private), None, "{algorithm} {private}");
            }
        }
    }

    #[test]
    fn a_key_of_another_kind_is_refused() {
        let pkcs8 = SigningKey::generate(SigningAlgorithm::EdDsa).expect("a key");
        assert_eq!(
            SigningKey::parse(SigningAlgorithm::Es256, &pkcs8).err(),
            Some(UnusableKey(SigningAlgorithm::Es256))
        );
    }

    fn thumbprint(jwk: serde_json::Value) -> String {
        let jwk: Jwk = serde_json::from_value(jwk).expect("a JWK");
        jwk.thumbprint(ThumbprintHash::SHA256).expect("a thumbprint")
    }

    #[test]
    fn rfc_7638_section_3_1_thumbprint() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhM\
                 stn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9\
                 1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = json!({ "kty": "RSA", "n": n, "e": "AQAB", "alg": "RS256", "kid": "2011-04-29" });
        assert_eq!(thumbprint(jwk), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn rfc_8037_appendix_a_3_thumbprint() {
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
        assert_eq!(thumbprint(jwk), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
