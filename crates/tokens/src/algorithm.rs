//! The algorithms that we sign with: a closed set, so that none of a token's claims about itself can add to it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use vestibule_jose::Algorithm;

/// A JWS algorithm that we sign with (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, on a key of 2048 bits: what every OpenID Connect client can verify.
    Rs256,
    /// ECDSA on P-256 with SHA-256: some thirty-five times as quick to sign as RS256.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// A name that is none of our algorithms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a signing algorithm of ours; choose RS256, ES256 or EdDSA")]
pub struct UnknownAlgorithm(String);

impl SigningAlgorithm {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

    /// As the `alg` of a JWS header, a JWK and our metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.jose().name()
    }

    /// The same among all algorithms that are known.
    #[must_use]
    pub const fn jose(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::Rs256,
            Self::Es256 => Algorithm::Es256,
            Self::EdDsa => Algorithm::EdDsa,
        }
    }
}

impl FromStr for SigningAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| UnknownAlgorithm(name.chars().take(32).collect()))
    }
}

impl TryFrom<String> for SigningAlgorithm {
    type Error = UnknownAlgorithm;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<SigningAlgorithm> for &'static str {
    fn from(algorithm: SigningAlgorithm) -> Self {
        algorithm.name()
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_refused() {
        for algorithm in SigningAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
        for other in ["none", "None", "HS256", "rs256", "PS256", ""] {
            assert!(other.parse::<SigningAlgorithm>().is_err(), "{other}");
        }
    }
}
