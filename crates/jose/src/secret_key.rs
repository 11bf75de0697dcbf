//! A secret that both sides know, for the HS* algorithms: a client secret.

use aws_lc_rs::hmac;

use crate::{Algorithm, JwsError, KeyError, SignError, Signer, Verifier};

/// A secret that signs and verifies with one algorithm.
pub struct SecretKey {
    algorithm: Algorithm,
    key: hmac::Key,
}

impl SecretKey {
    /// A key from a secret's bytes. It has as many bytes as the hash, at least (RFC 7518 section 3.2, OpenID Connect Core section
    /// 16.19).
    ///
    /// # Errors
    /// [`KeyError::Size`] where it is shorter; [`KeyError::OtherAlgorithm`] for an algorithm that is not of HS*.
    pub fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyError> {
        let (hash, length) = match algorithm {
            Algorithm::Hs256 => (hmac::HMAC_SHA256, 32),
            Algorithm::Hs384 => (hmac::HMAC_SHA384, 48),
            Algorithm::Hs512 => (hmac::HMAC_SHA512, 64),
            _ => return Err(KeyError::OtherAlgorithm),
        };
        if secret.len() < length {
            return Err(KeyError::Size);
        }
        Ok(Self { algorithm, key: hmac::Key::new(hash, secret) })
    }
}

impl Signer for SecretKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(hmac::sign(&self.key, message).as_ref().to_vec())
    }
}

impl Verifier for SecretKey {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        if algorithm != self.algorithm {
            return Err(JwsError::OtherAlgorithm);
        }
        hmac::verify(&self.key, message, signature).map_err(|_| JwsError::Signature)
    }
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shorter_than_the_hash_is_refused() {
        for (algorithm, length) in [(Algorithm::Hs256, 32), (Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
            assert_eq!(SecretKey::new(algorithm, &vec![b'x'; length - 1]).err(), Some(KeyError::Size));
            assert!(SecretKey::new(algorithm, &vec![b'x'; length]).is_ok());
        }
        assert_eq!(SecretKey::new(Algorithm::Es256, &[b'x'; 64]).err(), Some(KeyError::OtherAlgorithm));
    }

    #[test]
    fn what_a_secret_signed_verifies_with_it_and_its_algorithm_only() {
        let key = SecretKey::new(Algorithm::Hs256, &[b'x'; 64]).expect("a key");
        let other = SecretKey::new(Algorithm::Hs256, &[b'y'; 64]).expect("a key");
        let signature = key.sign(b"message").expect("signed");
        assert_eq!(key.verify(Algorithm::Hs256, b"message", &signature), Ok(()));
        assert_eq!(key.verify(Algorithm::Hs256, b"massage", &signature), Err(JwsError::Signature));
        assert_eq!(key.verify(Algorithm::Hs256, b"message", &signature[..16]), Err(JwsError::Signature));
        assert_eq!(key.verify(Algorithm::Hs512, b"message", &signature), Err(JwsError::OtherAlgorithm));
        assert_eq!(other.verify(Algorithm::Hs256, b"message", &signature), Err(JwsError::Signature));
    }
}
