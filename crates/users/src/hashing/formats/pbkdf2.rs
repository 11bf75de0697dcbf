//! PBKDF2 (RFC 8018): in PHC strings, and as passlib, Django and Keycloak write it.
//!
//! ```text
//! $pbkdf2-sha256$i=600000,l=32$salt$hash      PHC
//! $pbkdf2-sha512$25000$salt$hash              passlib, with a base64 of its own; `$pbkdf2$` is SHA-1
//! pbkdf2_sha256$1000000$salt$hash             Django; the salt is text
//! keycloak$pbkdf2-sha256$27500$salt$hash      Keycloak, whose export is JSON: this one text is made of it
//! ```

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm};
use subtle::ConstantTimeEq;

use super::{
    MALFORMED, TOO_MUCH, Why, output,
    text::{base64, fields, number, parameter},
};
use crate::hashing::policy::MOST_ROUNDS;

/// The hash function below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hashing) enum Function {
    Sha1,
    Sha256,
    Sha512,
}

impl Function {
    fn algorithm(self) -> Algorithm {
        match self {
            Self::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }

    /// How many bytes of output one run of the rounds gives.
    fn block(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// Whose spelling it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Phc,
    Django,
    Keycloak,
}

/// A way to write one down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::hashing) struct Spelling {
    prefix: &'static str,
    name: &'static str,
    writer: Writer,
    function: Function,
}

const SPELLINGS: [Spelling; 10] = {
    const fn one(prefix: &'static str, name: &'static str, writer: Writer, function: Function) -> Spelling {
        Spelling { prefix, name, writer, function }
    }
    [
        one("$pbkdf2$", "pbkdf2-sha1", Writer::Phc, Function::Sha1),
        one("$pbkdf2-sha1$", "pbkdf2-sha1", Writer::Phc, Function::Sha1),
        one("$pbkdf2-sha256$", "pbkdf2-sha256", Writer::Phc, Function::Sha256),
        one("$pbkdf2-sha512$", "pbkdf2-sha512", Writer::Phc, Function::Sha512),
        one("pbkdf2_sha1$", "pbkdf2_sha1", Writer::Django, Function::Sha1),
        one("pbkdf2_sha256$", "pbkdf2_sha256", Writer::Django, Function::Sha256),
        one("pbkdf2_sha512$", "pbkdf2_sha512", Writer::Django, Function::Sha512),
        one("keycloak$pbkdf2$", "keycloak_pbkdf2_sha1", Writer::Keycloak, Function::Sha1),
        one("keycloak$pbkdf2-sha256$", "keycloak_pbkdf2_sha256", Writer::Keycloak, Function::Sha256),
        one("keycloak$pbkdf2-sha512$", "keycloak_pbkdf2_sha512", Writer::Keycloak, Function::Sha512),
    ]
};

impl Spelling {
    /// The spelling that a text begins in.
    pub(super) fn of(text: &str) -> Option<Self> {
        SPELLINGS.into_iter().find(|spelling| text.starts_with(spelling.prefix))
    }

    pub(super) fn name(self) -> &'static str {
        self.name
    }
}

/// A hash that was read.
#[derive(Debug)]
pub(in crate::hashing) struct Hash {
    function: Function,
    rounds: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Hash {
    /// Reads what stands behind the prefix: rounds, salt, output.
    pub(super) fn read(spelling: Spelling, text: &str) -> Result<Self, Why> {
        let rest = text.strip_prefix(spelling.prefix).ok_or(MALFORMED)?;
        let [cost, salt, hash] = fields(rest).ok_or(MALFORMED)?;
        let output = output(base64(hash).ok_or(MALFORMED)?)?;
        let (rounds, salt) = match spelling.writer {
            Writer::Phc => (number(cost).or_else(|| parameter(cost, "i")), base64(salt)),
            Writer::Django => (number(cost), Some(salt.as_bytes().to_vec())),
            Writer::Keycloak => (number(cost), base64(salt)),
        };
        let (Some(rounds), Some(salt)) = (rounds.and_then(NonZeroU32::new), salt) else {
            return Err(MALFORMED);
        };
        if parameter(cost, "l").is_some_and(|length| length as usize != output.len()) {
            return Err(MALFORMED);
        }
        let runs = output.len().div_ceil(spelling.function.block()) as u64;
        if u64::from(rounds.get()) * runs > MOST_ROUNDS {
            return Err(TOO_MUCH);
        }
        Ok(Self { function: spelling.function, rounds, salt, output })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut computed = vec![0; self.output.len()];
        pbkdf2::derive(self.function.algorithm(), self.rounds, &self.salt, password, &mut computed);
        self.output.ct_eq(&computed).into()
    }
}
