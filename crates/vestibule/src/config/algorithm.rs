//! Settings that name what is signed with.

use vestibule_tokens::SigningAlgorithm;

use super::{
    Given,
    settings::Keys,
    value::{Value, expected},
};

impl Keys {
    /// What is signed with (`keys.algorithms`).
    #[must_use]
    pub fn signing_algorithms(&self) -> Vec<SigningAlgorithm> {
        self.algorithms.iter().copied().collect()
    }
}

impl Value for SigningAlgorithm {
    const EXPECTED: &'static str =
        "a signing algorithm: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 or EdDSA";

    fn read(given: &Given) -> Result<Self, String> {
        given.text().and_then(|name| name.parse().ok()).ok_or_else(expected::<Self>)
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.name().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_algorithm_is_among_those_that_are_expected() {
        for algorithm in SigningAlgorithm::ALL {
            assert!(SigningAlgorithm::EXPECTED.contains(algorithm.name()), "{algorithm}");
            assert_eq!(SigningAlgorithm::read(&algorithm.written().unwrap()), Ok(algorithm));
        }
    }

    #[test]
    fn a41_no_secret_is_a_key_of_the_ring() {
        assert!(SigningAlgorithm::read(&Given::Text("HS256".to_owned())).is_err());
        assert!(SigningAlgorithm::read(&Given::Text("none".to_owned())).is_err());
    }
}
