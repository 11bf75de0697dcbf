//! Names of keys and certificates that need no agreement: their SHA-256, in base64url.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// The SHA-256 of something, in base64url: 43 characters.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bytes))
}

/// The thumbprint of a certificate in DER (`x5t#S256`, RFC 8705 section 3.1).
#[must_use]
pub fn x5t_s256(der: &[u8]) -> String {
    sha256(der)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fips_180_2_appendix_b_1() {
        assert_eq!(sha256(b"abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(x5t_s256(b"abc"), sha256(b"abc"));
    }
}
