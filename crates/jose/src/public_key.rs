//! A public key, parsed once, that knows the algorithms that it is for.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
};

use crate::{Algorithm, Jwk, JwsError, KeyError, Verifier, jwk::Material};

/// Somebody's public key, ready to verify.
pub struct PublicKey {
    jwk: Jwk,
    parsed: Vec<(Algorithm, ParsedPublicKey)>,
}

impl PublicKey {
    /// Parses a key for those of the `allowed` algorithms that it can be for: those of its type and curve, and only its own
    /// `alg` where it names one.
    ///
    /// # Errors
    /// [`KeyError::OtherAlgorithm`] where none is left, [`KeyError::Invalid`] where its numbers make no key.
    pub fn new(jwk: Jwk, allowed: &[Algorithm]) -> Result<Self, KeyError> {
        let fits = |algorithm: &Algorithm| {
            algorithm.family() == jwk.material().family() && jwk.algorithm().is_none_or(|own| own == *algorithm)
        };
        let parse = |algorithm: Algorithm| Ok((algorithm, parse(jwk.material(), algorithm)?));
        let parsed: Vec<_> = allowed.iter().copied().filter(fits).map(parse).collect::<Result<_, KeyError>>()?;
        if parsed.is_empty() { Err(KeyError::OtherAlgorithm) } else { Ok(Self { jwk, parsed }) }
    }

    /// The key as JSON.
    #[must_use]
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The key's name in its owner's set (`kid`).
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.jwk.kid()
    }

    /// Its SHA-256 thumbprint (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.jwk.thumbprint()
    }

    /// Whether it is for this algorithm.
    #[must_use]
    pub fn is_for(&self, algorithm: Algorithm) -> bool {
        self.parsed.iter().any(|(own, _)| *own == algorithm)
    }
}

impl Verifier for PublicKey {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        let parsed = self.parsed.iter().find(|(own, _)| *own == algorithm);
        let (_, key) = parsed.ok_or(JwsError::OtherAlgorithm)?;
        key.verify_sig(message, signature).map_err(|_| JwsError::Signature)
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let algorithms: Vec<_> = self.parsed.iter().map(|(algorithm, _)| algorithm.name()).collect();
        f.debug_struct("PublicKey").field("kid", &self.kid()).field("algorithms", &algorithms).finish_non_exhaustive()
    }
}

fn parse(material: &Material, algorithm: Algorithm) -> Result<ParsedPublicKey, KeyError> {
    let parsed = match material {
        Material::Rsa { n, e } => {
            let parameters = rsa(algorithm).ok_or(KeyError::OtherAlgorithm)?;
            RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters)
        }
        Material::P256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
        Material::P384(point) => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point),
        Material::Ed25519(x) => ParsedPublicKey::new(&ED25519, x),
    };
    parsed.map_err(|_| KeyError::Invalid)
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}
