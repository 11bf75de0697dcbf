//! bcrypt, as crypt(3) writes it, and with Django's names before it.
//!
//! ```text
//! $2b$12$salt and hash                  also 2a and 2y, which differ for broken programs only, and 2x
//! bcrypt$$2b$12$…                       Django
//! bcrypt_sha256$$2b$12$…                Django; of the hexadecimal SHA-256 of the password
//! ```
//!
//! bcrypt looks at 72 bytes. A hash that came from elsewhere was made so, and is verified so; the one that replaces it at the
//! sign-in is Argon2id of the whole password as it was typed.

use aws_lc_rs::digest;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{
    MALFORMED, TOO_MUCH, Why,
    text::{bcrypt_base64, hex, number},
};
use crate::hashing::policy::MOST_BCRYPT_COST;

/// What bcrypt looks at, in bytes.
const LOOKED_AT: usize = 72;

/// What is made of a password before bcrypt sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    /// Hexadecimal SHA-256, as Django does it.
    Sha256,
    /// The sign of each byte is smeared over those before it: an old flaw of crypt_blowfish, whose hashes are marked `2x`.
    SignExtension,
}

/// A hash that was read.
#[derive(Debug)]
pub(in crate::hashing) struct Hash {
    before: Before,
    cost: u32,
    salt: [u8; 16],
    output: [u8; 23],
}

impl Hash {
    pub(super) fn read(text: &str) -> Result<Self, Why> {
        let before = if text.starts_with("$2x$") { Before::SignExtension } else { Before::Nothing };
        let rest = text.get("$2b$".len()..).ok_or(MALFORMED)?;
        let (cost, rest) = rest.split_once('$').ok_or(MALFORMED)?;
        let cost = number(cost).filter(|_| cost.len() == 2).ok_or(MALFORMED)?;
        let (salt, hash) = rest.split_at_checked(22).ok_or(MALFORMED)?;
        let bytes = |text| bcrypt_base64(text).ok_or(MALFORMED);
        let salt = bytes(salt)?.try_into().map_err(|_| MALFORMED)?;
        let output = bytes(hash)?.try_into().map_err(|_| MALFORMED)?;
        match cost {
            0..4 => Err(MALFORMED),
            4..=MOST_BCRYPT_COST => Ok(Self { before, cost, salt, output }),
            _ => Err(TOO_MUCH),
        }
    }

    pub(super) fn django(text: &str) -> Result<Self, Why> {
        Self::read(within(text, "bcrypt$")?)
    }

    pub(super) fn django_sha256(text: &str) -> Result<Self, Why> {
        Ok(Self { before: Before::Sha256, ..Self::read(within(text, "bcrypt_sha256$")?)? })
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let key = match self.before {
            Before::Nothing => key(password),
            Before::Sha256 => key(hex(digest::digest(&digest::SHA256, password).as_ref()).as_bytes()),
            Before::SignExtension => sign_extended(&key(password)),
        };
        bcrypt::bcrypt(self.cost, self.salt, &key)[..self.output.len()].ct_eq(&self.output).into()
    }
}

/// The hash of crypt(3) behind a name of Django's.
fn within<'a>(text: &'a str, name: &str) -> Result<&'a str, Why> {
    text.strip_prefix(name).filter(|hash| hash.starts_with("$2")).ok_or(MALFORMED)
}

/// The password as a C string, its zero included, as far as bcrypt looks.
fn key(password: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(LOOKED_AT));
    key.extend(password.iter().copied().chain([0]).take(LOOKED_AT));
    key
}

/// The 18 words of the key schedule with the flaw in them: a byte above 127 counts as negative, and its sign overwrites the
/// bytes before it in the word.
fn sign_extended(key: &[u8]) -> Zeroizing<Vec<u8>> {
    let smeared = |word: u32, byte: u8| word << 8 | i32::from(byte.cast_signed()).cast_unsigned();
    let mut bytes = key.iter().copied().cycle();
    let mut flawed = Zeroizing::new(Vec::with_capacity(LOOKED_AT));
    for _ in 0..LOOKED_AT / 4 {
        flawed.extend(bytes.by_ref().take(4).fold(0, smeared).to_be_bytes());
    }
    flawed
}
