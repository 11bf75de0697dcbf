//! What signs what an application is told: a key of the ring, or the application's secret.

use vestibule_jose::{Algorithm, SecretKey, Signer};

use crate::{SigningAlgorithm, algorithm::SecretAlgorithm};

/// A key for what is said to one application.
#[derive(Debug)]
pub enum ResponseKey {
    /// The key of the ring that signs now.
    Ring(SigningAlgorithm),
    /// The application's secret.
    Secret(Box<SecretKey>),
}

/// A secret that cannot be the key: it has fewer bytes than the hash (RFC 7518 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the application's secret is too short for {}; give it a new one", .0.name())]
pub struct ShortSecret(SecretAlgorithm);

impl ResponseKey {
    /// The key of an application's secret: its bytes as they are (OpenID Connect Core section 10.1).
    ///
    /// # Errors
    /// A secret of fewer bytes than the hash has.
    pub fn of_secret(algorithm: SecretAlgorithm, secret: &[u8]) -> Result<Self, ShortSecret> {
        // It fails on nothing else: the algorithm is one of a secret.
        let key = SecretKey::new(algorithm.jose(), secret).map_err(|_| ShortSecret(algorithm))?;
        Ok(Self::Secret(Box::new(key)))
    }

    /// The algorithm that it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ring(algorithm) => algorithm.jose(),
            Self::Secret(key) => key.algorithm(),
        }
    }
}

impl From<SigningAlgorithm> for ResponseKey {
    fn from(algorithm: SigningAlgorithm) -> Self {
        Self::Ring(algorithm)
    }
}
