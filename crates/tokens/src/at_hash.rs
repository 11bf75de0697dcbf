//! `at_hash`, `c_hash` and `s_hash`: tie an ID token to the access token, the code and the `state` that came with it (OpenID
//! Connect Core sections 3.1.3.6 and 3.3.2.11).

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::SigningAlgorithm;

/// The left half of the hash of an access token (or a code, or a `state`), in base64url. The hash is that of the ID token's own algorithm; for Ed25519 that
/// is SHA-512, which the signature uses inside.
#[must_use]
pub fn at_hash(access_token: &str, algorithm: SigningAlgorithm) -> String {
    let hash = match algorithm {
        SigningAlgorithm::Rs256 | SigningAlgorithm::Es256 => &digest::SHA256,
        SigningAlgorithm::EdDsa => &digest::SHA512,
    };
    let digest = digest::digest(hash, access_token.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..digest.as_ref().len() / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_openid_connect_core() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(token, SigningAlgorithm::Rs256), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(at_hash(token, SigningAlgorithm::Es256), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn an_ed25519_id_token_takes_half_of_sha_512() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(token, SigningAlgorithm::EdDsa), "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM");
    }
}
