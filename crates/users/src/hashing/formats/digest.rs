//! One round of a digest over password and salt: LDAP's schemes, and Django's MD5.
//!
//! ```text
//! {SSHA}base64(digest then salt)        also SSHA256, SSHA384, SSHA512; without the S before SHA, no salt
//! md5$salt$hexadecimal                  Django; counts only where the site says so
//! ```
//!
//! Whoever steals such hashes tries billions of passwords a second. They are good enough to know somebody again once.

use aws_lc_rs::digest::{self, Algorithm};
use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

use super::{
    MALFORMED, Why,
    text::{base64, fields, is_hex, unhex},
};

/// A scheme of LDAP's `userPassword` (RFC 2307).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hashing) struct Scheme {
    prefix: &'static str,
    name: &'static str,
    algorithm: Secure,
    salted: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secure {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

const SCHEMES: [Scheme; 8] = {
    const fn one(prefix: &'static str, name: &'static str, algorithm: Secure, salted: bool) -> Scheme {
        Scheme { prefix, name, algorithm, salted }
    }
    [
        one("{SSHA}", "ssha", Secure::Sha1, true),
        one("{SSHA256}", "ssha256", Secure::Sha256, true),
        one("{SSHA384}", "ssha384", Secure::Sha384, true),
        one("{SSHA512}", "ssha512", Secure::Sha512, true),
        one("{SHA}", "sha", Secure::Sha1, false),
        one("{SHA256}", "sha256", Secure::Sha256, false),
        one("{SHA384}", "sha384", Secure::Sha384, false),
        one("{SHA512}", "sha512", Secure::Sha512, false),
    ]
};

impl Scheme {
    /// The scheme that a text begins with, in capitals or not.
    pub(super) fn of(text: &str) -> Option<Self> {
        let begins = |prefix: &str| text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        SCHEMES.into_iter().find(|scheme| begins(scheme.prefix))
    }

    pub(super) fn name(self) -> &'static str {
        self.name
    }
}

impl Secure {
    fn algorithm(self) -> &'static Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

/// A hash that was read.
#[derive(Debug)]
pub(in crate::hashing) enum Hash {
    /// The digest of password, then salt.
    Ldap { algorithm: &'static Algorithm, salt: Vec<u8>, output: Vec<u8> },
    /// The MD5 of salt, then password.
    Md5 { salt: Vec<u8>, output: Vec<u8> },
}

impl Hash {
    pub(super) fn ldap(scheme: Scheme, text: &str) -> Result<Self, Why> {
        let algorithm = scheme.algorithm.algorithm();
        let mut output = text.get(scheme.prefix.len()..).and_then(base64).ok_or(MALFORMED)?;
        if output.len() < algorithm.output_len() {
            return Err(MALFORMED);
        }
        let salt = output.split_off(algorithm.output_len());
        if salt.is_empty() == scheme.salted {
            return Err(MALFORMED);
        }
        Ok(Self::Ldap { algorithm, salt, output })
    }

    pub(super) fn md5(text: &str) -> Result<Self, Why> {
        let [_, salt, hash] = fields(text).ok_or(MALFORMED)?;
        if !is_hex(hash, 32) {
            return Err(MALFORMED);
        }
        Ok(Self::Md5 { salt: salt.as_bytes().to_vec(), output: unhex(hash).ok_or(MALFORMED)? })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Ldap { algorithm, salt, output } => {
                let mut context = digest::Context::new(algorithm);
                context.update(password);
                context.update(salt);
                context.finish().as_ref().ct_eq(output).into()
            }
            Self::Md5 { salt, output } => {
                Md5::new().chain_update(salt).chain_update(password).finalize().as_slice().ct_eq(output).into()
            }
        }
    }
}
