//! One of our signing keys: a parsed key pair, and the headers of all that it signs.

use vestibule_jose::{Algorithm, EncodedHeader, Jwk, JwsError, PrivateKey, SignError, Signer, Verifier};
use zeroize::Zeroizing;

use crate::{SigningAlgorithm, TokenType};

/// A key pair of ours, parsed, with its public half as a JWK.
pub(crate) struct SigningKey {
    algorithm: SigningAlgorithm,
    kid: String,
    /// One for each kind of token, in the order of [`TokenType::ALL`].
    headers: [EncodedHeader; TokenType::ALL.len()],
    pair: PrivateKey,
}

/// A private key that does not parse as what it is said to be, or that the library could not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the private key cannot be used as a key for {0}")]
pub struct UnusableKey(pub(crate) SigningAlgorithm);

impl SigningKey {
    /// Makes a new private key, in PKCS#8. RSA takes some hundred milliseconds of processor: call it off the runtime.
    pub(crate) fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, UnusableKey> {
        PrivateKey::generate(algorithm.jose()).map_err(|_| UnusableKey(algorithm))
    }

    /// Parses a private key in PKCS#8.
    pub(crate) fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, UnusableKey> {
        let pair = PrivateKey::from_pkcs8(algorithm.jose(), pkcs8).map_err(|_| UnusableKey(algorithm))?;
        let kid = pair.public().thumbprint();
        let headers = TokenType::ALL.map(|typ| EncodedHeader::new(algorithm.jose(), Some(&kid), typ.name()));
        Ok(Self { algorithm, kid, headers, pair })
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
    pub(crate) fn header(&self, typ: TokenType) -> &EncodedHeader {
        &self.headers[typ as usize]
    }

    /// The public half.
    pub(crate) fn jwk(&self) -> &Jwk {
        self.pair.public().jwk()
    }
}

impl Signer for SigningKey {
    fn algorithm(&self) -> Algorithm {
        self.algorithm.jose()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.pair.sign(message)
    }
}

impl Verifier for SigningKey {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwsError> {
        self.pair.verify(algorithm, message, signature)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_thumbprint_in_what_it_publishes() {
        for algorithm in SigningAlgorithm::ALL {
            let pkcs8 = SigningKey::generate(algorithm).expect("a key");
            let key = SigningKey::parse(algorithm, &pkcs8).expect("a key that parses");
            assert_eq!(key.jwk().kid(), Some(key.kid()));
            assert_eq!(key.jwk().algorithm(), Some(algorithm.jose()));
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
}
