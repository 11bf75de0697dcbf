//! Every spelling of a stored hash that can be read here: our own, and those that people bring with them.
//!
//! [`Format::of`] tells by the first characters what a text claims to be; a module a family of functions reads the rest, and
//! refuses whatever would take too much before a worker sees it. Foreign hashes are verified as their origin did it, and give
//! way to one of ours at the next sign-in.
//!
//! | Family | Spellings |
//! | --- | --- |
//! | `argon` | PHC strings (ours are of this kind), Django's `argon2$…` |
//! | `scrypt` | PHC strings, Django's `scrypt$…` |
//! | `pbkdf2` | PHC strings, passlib's, Django's `pbkdf2_sha256$…`, Keycloak's |
//! | `bcrypt` | `$2a$`, `$2b$`, `$2x$`, `$2y$`, Django's `bcrypt$…` and `bcrypt_sha256$…` |
//! | `digest` | LDAP's `{SSHA}` and its kin, Django's `md5$…` |

pub(super) mod argon;
mod bcrypt;
mod digest;
mod pbkdf2;
mod romix;
mod scrypt;
mod text;

use argon2::Params;

use super::{HashingError, memory::Memory};

/// The longest text that is looked at. The longest real one is below 300 bytes.
const LONGEST: usize = 1024;

/// The fewest bytes of output that prove anything.
const FEWEST_BYTES: usize = 16;

/// The most bytes of output: twice SHA-512.
const MOST_BYTES: usize = 128;

/// What is wrong with a stored hash, in words.
type Why = &'static str;

const MALFORMED: Why = "it is cut off or otherwise not written as its format asks";
const TOO_MUCH: Why = "verifying it would take too much memory or time";
pub(super) const MD5_REFUSED: Why = "MD5 proves nothing; set passwords.accept_md5 to let such hashes count";
const UNSALTED: Why = "it has no salt, so that one look into a table undoes it; its owner needs a new password";
const SHA1: Why = "one round of SHA-1 proves nothing; its owner needs a new password";
const CRYPT: Why = "crypt(3) looks at eight characters only; its owner needs a new password";

/// What a stored text claims to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Argon2id,
    Argon2i,
    Argon2d,
    DjangoArgon2,
    Scrypt,
    DjangoScrypt,
    Pbkdf2(pbkdf2::Spelling),
    Bcrypt,
    DjangoBcrypt,
    DjangoBcryptSha256,
    Ldap(digest::Scheme),
    Md5,
    UnsaltedMd5,
    Sha1,
    UnsaltedSha1,
    Crypt,
}

impl Format {
    /// What `text` claims to be, by its first characters; `None` for what no format here begins with.
    pub(super) fn of(text: &str) -> Option<Self> {
        const PREFIXES: [(&str, Format); 16] = [
            ("$argon2id$", Format::Argon2id),
            ("$argon2i$", Format::Argon2i),
            ("$argon2d$", Format::Argon2d),
            ("argon2$", Format::DjangoArgon2),
            ("$scrypt$", Format::Scrypt),
            ("scrypt$", Format::DjangoScrypt),
            ("$2a$", Format::Bcrypt),
            ("$2b$", Format::Bcrypt),
            ("$2x$", Format::Bcrypt),
            ("$2y$", Format::Bcrypt),
            ("bcrypt$", Format::DjangoBcrypt),
            ("bcrypt_sha256$", Format::DjangoBcryptSha256),
            ("md5$$", Format::UnsaltedMd5),
            ("md5$", Format::Md5),
            ("sha1$$", Format::UnsaltedSha1),
            ("sha1$", Format::Sha1),
        ];
        let by_prefix = PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, format)| *format);
        by_prefix
            .or_else(|| pbkdf2::Spelling::of(text).map(Self::Pbkdf2))
            .or_else(|| digest::Scheme::of(text).map(Self::Ldap))
            .or_else(|| text.starts_with("crypt$").then_some(Self::Crypt))
            .or_else(|| text::is_hex(text, 32).then_some(Self::UnsaltedMd5))
    }

    /// The name that people know it by.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Argon2id => "argon2id",
            Self::Argon2i => "argon2i",
            Self::Argon2d => "argon2d",
            Self::DjangoArgon2 => "argon2",
            Self::Scrypt | Self::DjangoScrypt => "scrypt",
            Self::Pbkdf2(spelling) => spelling.name(),
            Self::Bcrypt | Self::DjangoBcrypt => "bcrypt",
            Self::DjangoBcryptSha256 => "bcrypt_sha256",
            Self::Ldap(scheme) => scheme.name(),
            Self::Md5 => "md5",
            Self::UnsaltedMd5 => "unsalted_md5",
            Self::Sha1 => "sha1",
            Self::UnsaltedSha1 => "unsalted_sha1",
            Self::Crypt => "crypt",
        }
    }

    /// Why no hash of this format is ever verified, where that is so.
    pub(super) fn never(self) -> Option<Why> {
        match self {
            Self::UnsaltedMd5 | Self::UnsaltedSha1 => Some(UNSALTED),
            Self::Sha1 => Some(SHA1),
            Self::Crypt => Some(CRYPT),
            _ => None,
        }
    }
}

/// A stored hash that was read and found bearable.
#[derive(Debug)]
pub(super) enum Stored {
    Argon(argon::Hash),
    Scrypt(scrypt::Hash),
    Pbkdf2(pbkdf2::Hash),
    Bcrypt(bcrypt::Hash),
    Digest(digest::Hash),
}

impl Stored {
    /// Reads a stored hash and holds it against `today`'s parameters.
    pub(super) fn read(text: &str, today: &Params, accept_md5: bool) -> Result<Self, HashingError> {
        Self::parse(text, today, accept_md5).map_err(HashingError::Unverifiable)
    }

    pub(super) fn parse(text: &str, today: &Params, accept_md5: bool) -> Result<Self, Why> {
        if text.len() > LONGEST {
            return Err(MALFORMED);
        }
        let format = Format::of(text).ok_or("its format is not one that is known here")?;
        Ok(match format {
            Format::Argon2id | Format::Argon2i | Format::Argon2d => Self::Argon(argon::Hash::phc(text, today)?),
            Format::DjangoArgon2 => Self::Argon(argon::Hash::django(text, today)?),
            Format::Scrypt => Self::Scrypt(scrypt::Hash::phc(text)?),
            Format::DjangoScrypt => Self::Scrypt(scrypt::Hash::django(text)?),
            Format::Pbkdf2(spelling) => Self::Pbkdf2(pbkdf2::Hash::read(spelling, text)?),
            Format::Bcrypt => Self::Bcrypt(bcrypt::Hash::read(text)?),
            Format::DjangoBcrypt => Self::Bcrypt(bcrypt::Hash::django(text)?),
            Format::DjangoBcryptSha256 => Self::Bcrypt(bcrypt::Hash::django_sha256(text)?),
            Format::Ldap(scheme) => Self::Digest(digest::Hash::ldap(scheme, text)?),
            Format::Md5 if accept_md5 => Self::Digest(digest::Hash::md5(text)?),
            Format::Md5 => return Err(MD5_REFUSED),
            Format::UnsaltedMd5 | Format::UnsaltedSha1 | Format::Sha1 | Format::Crypt => {
                return Err(format.never().unwrap_or(MALFORMED));
            }
        })
    }

    /// Whether today's policy would make the same kind of hash at the same cost.
    pub(super) fn is_up_to_date(&self) -> bool {
        matches!(self, Self::Argon(hash) if hash.up_to_date)
    }

    /// Whether `password` is the one that was hashed. The answer takes the same time either way.
    pub(super) fn matches(&self, password: &[u8], memory: &mut Memory) -> Result<bool, HashingError> {
        match self {
            Self::Argon(hash) => hash.matches(password, memory),
            Self::Scrypt(hash) => hash.matches(password, memory),
            Self::Pbkdf2(hash) => Ok(hash.matches(password)),
            Self::Bcrypt(hash) => Ok(hash.matches(password)),
            Self::Digest(hash) => Ok(hash.matches(password)),
        }
    }
}

/// Output that is neither too short to prove anything nor longer than any function's.
fn output(bytes: Vec<u8>) -> Result<Vec<u8>, Why> {
    if (FEWEST_BYTES..=MOST_BYTES).contains(&bytes.len()) { Ok(bytes) } else { Err(MALFORMED) }
}

#[cfg(test)]
mod tests;
