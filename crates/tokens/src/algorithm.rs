//! The algorithms that we sign with: closed sets, so that none of a token's claims about itself can add to them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use vestibule_jose::Algorithm;

/// A JWS algorithm of a key pair of ours (RFC 7518 section 3.1, RFC 8037 section 3.1). Which of them are on, a deployment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, on a key of 2048 bits: what every OpenID Connect client can verify.
    Rs256,
    /// ECDSA on P-256 with SHA-256: some thirty-five times as quick to sign as RS256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
}

/// What is said to an application is signed with: by a key pair of ours, or by the secret that we share with it (OpenID Connect
/// Core section 10.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ResponseAlgorithm {
    /// By a key of the ring: whoever has the JWKS can verify it.
    Ring(SigningAlgorithm),
    /// By the application's own secret: nobody else can verify it.
    Secret(SecretAlgorithm),
}

/// A JWS algorithm of a secret that both sides know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SecretAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

/// A name that is none of our algorithms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not a signing algorithm of ours; choose among {}", known(*.secrets))]
pub struct UnknownAlgorithm {
    name: String,
    /// Whether a secret could have signed.
    secrets: bool,
}

impl UnknownAlgorithm {
    fn new(name: &str, secrets: bool) -> Self {
        Self { name: name.chars().take(32).collect(), secrets }
    }
}

fn known(secrets: bool) -> String {
    let secrets = SecretAlgorithm::ALL.into_iter().filter(|_| secrets).map(SecretAlgorithm::name);
    SigningAlgorithm::ALL.into_iter().map(SigningAlgorithm::name).chain(secrets).collect::<Vec<_>>().join(", ")
}

impl SigningAlgorithm {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Es256,
        Self::EdDsa,
        Self::Ps256,
        Self::Es384,
        Self::Rs384,
        Self::Rs512,
        Self::Ps384,
        Self::Ps512,
    ];

    /// Those that are on where a deployment does not say.
    pub const DEFAULT: [Self; 3] = [Self::Rs256, Self::Es256, Self::EdDsa];

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
            Self::Ps256 => Algorithm::Ps256,
            Self::Es384 => Algorithm::Es384,
            Self::Rs384 => Algorithm::Rs384,
            Self::Rs512 => Algorithm::Rs512,
            Self::Ps384 => Algorithm::Ps384,
            Self::Ps512 => Algorithm::Ps512,
        }
    }
}

impl SecretAlgorithm {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// As the `alg` of a JWS header and our metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.jose().name()
    }

    /// The same among all algorithms that are known.
    #[must_use]
    pub const fn jose(self) -> Algorithm {
        match self {
            Self::Hs256 => Algorithm::Hs256,
            Self::Hs384 => Algorithm::Hs384,
            Self::Hs512 => Algorithm::Hs512,
        }
    }
}

impl ResponseAlgorithm {
    /// As the `alg` of a JWS header and our metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.jose().name()
    }

    /// The same among all algorithms that are known.
    #[must_use]
    pub const fn jose(self) -> Algorithm {
        match self {
            Self::Ring(algorithm) => algorithm.jose(),
            Self::Secret(algorithm) => algorithm.jose(),
        }
    }

    /// Whether the application's secret is the key.
    #[must_use]
    pub const fn is_of_secret(self) -> bool {
        matches!(self, Self::Secret(_))
    }
}

impl FromStr for SigningAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        found.ok_or_else(|| UnknownAlgorithm::new(name, false))
    }
}

impl FromStr for ResponseAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if let Some(algorithm) = SecretAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name) {
            return Ok(Self::Secret(algorithm));
        }
        name.parse().map(Self::Ring).map_err(|_| UnknownAlgorithm::new(name, true))
    }
}

impl TryFrom<String> for SigningAlgorithm {
    type Error = UnknownAlgorithm;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl TryFrom<String> for ResponseAlgorithm {
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

impl From<ResponseAlgorithm> for &'static str {
    fn from(algorithm: ResponseAlgorithm) -> Self {
        algorithm.name()
    }
}

impl From<SigningAlgorithm> for ResponseAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        Self::Ring(algorithm)
    }
}

impl From<SigningAlgorithm> for Algorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        algorithm.jose()
    }
}

impl From<ResponseAlgorithm> for Algorithm {
    fn from(algorithm: ResponseAlgorithm) -> Self {
        algorithm.jose()
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ResponseAlgorithm {
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
            assert_eq!(algorithm.name().parse(), Ok(ResponseAlgorithm::Ring(algorithm)));
            assert!(!algorithm.jose().is_symmetric());
        }
        for other in ["none", "None", "rs256", "ES512", "HS1", ""] {
            assert!(other.parse::<SigningAlgorithm>().is_err(), "{other}");
            assert!(other.parse::<ResponseAlgorithm>().is_err(), "{other}");
        }
    }

    #[test]
    fn a41_a_secret_signs_answers_to_its_application_and_nothing_of_the_rings() {
        for algorithm in SecretAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(ResponseAlgorithm::Secret(algorithm)));
            assert!(algorithm.jose().is_symmetric() && algorithm.name().parse::<SigningAlgorithm>().is_err());
        }
    }

    #[test]
    fn whoever_names_another_is_told_which_there_are() {
        let said = "HS256".parse::<SigningAlgorithm>().unwrap_err().to_string();
        assert!(said.ends_with("choose among RS256, ES256, EdDSA, PS256, ES384, RS384, RS512, PS384, PS512"), "{said}");
        assert!("none".parse::<ResponseAlgorithm>().unwrap_err().to_string().ends_with("HS256, HS384, HS512"));
    }
}
