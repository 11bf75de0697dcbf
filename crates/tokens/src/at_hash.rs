//! `at_hash`, `c_hash` and `s_hash`: tie an ID token to the access token, the code and the `state` that came with it (OpenID
//! Connect Core sections 3.1.3.6 and 3.3.2.11).

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use vestibule_jose::Algorithm;

/// The left half of the hash of an access token (or a code, or a `state`), in base64url. The hash is that of the ID token's own
/// algorithm; for Ed25519 that is SHA-512, which the signature uses inside.
#[must_use]
pub fn at_hash(access_token: &str, algorithm: impl Into<Algorithm>) -> String {
    let hash = match algorithm.into() {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 | Algorithm::Hs256 => &digest::SHA256,
        Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 | Algorithm::Hs384 => &digest::SHA384,
        Algorithm::Rs512 | Algorithm::Ps512 | Algorithm::Hs512 | Algorithm::EdDsa | Algorithm::Ed25519 => {
            &digest::SHA512
        }
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
        for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::Hs256] {
            assert_eq!(at_hash(token, algorithm), "77QmUPtjPfzWtF2AnpK9RQ", "{algorithm}");
        }
    }

    #[test]
    fn an_ed25519_id_token_takes_half_of_sha_512() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(token, Algorithm::EdDsa), "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM");
    }

    #[test]
    fn the_hash_is_as_long_as_the_algorithms_own() {
        let all = Algorithm::ASYMMETRIC.into_iter().chain(Algorithm::SYMMETRIC);
        for algorithm in all {
            let bytes = URL_SAFE_NO_PAD.decode(at_hash("token", algorithm)).expect("base64url").len();
            let named = algorithm.name().trim_start_matches(char::is_alphabetic).parse().unwrap_or(512);
            let named = if algorithm == Algorithm::Ed25519 { 512 } else { named };
            assert_eq!(bytes * 8 * 2, named, "{algorithm}");
        }
    }
}
