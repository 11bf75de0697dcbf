//! What must not be shown: hashes of passwords, and secrets of applications.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Hides a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// How a user's password is kept there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// A hash, to be kept as it is.
    Hash {
        /// The hasher's name, such as `pbkdf2_sha256`.
        algorithm: String,
        /// The whole of it, the name included.
        hash: Secret,
    },
    /// None that anybody could type.
    Unusable,
}

impl Password {
    /// The hasher's name, or `unusable`.
    #[must_use]
    pub fn algorithm(&self) -> &str {
        match self {
            Self::Hash { algorithm, .. } => algorithm,
            Self::Unusable => "unusable",
        }
    }

    /// What the column `password` says; an error where no hasher of Django's has written it.
    pub(super) fn read(column: &str) -> Result<Self, UnknownHash> {
        // `!` and something random: set_unusable_password().
        if column.is_empty() || column.starts_with('!') {
            return Ok(Self::Unusable);
        }
        let algorithm = algorithm(column).ok_or(UnknownHash)?;
        Ok(Self::Hash { algorithm: algorithm.to_owned(), hash: Secret::new(column.to_owned()) })
    }
}

/// A hash of a kind that Django 5 does not have.
#[derive(Debug)]
pub(super) struct UnknownHash;

/// The secret of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientSecret {
    /// As a hash of Django's, which verifies and cannot be turned into another.
    Hash(Secret),
    /// In plain text, as before django-oauth-toolkit 2.0 or with `hash_client_secret` switched off.
    Plain(Secret),
}

impl ClientSecret {
    /// django-oauth-toolkit looks at the text itself too: what looks like a hash is one.
    pub(super) fn read(column: String) -> Self {
        match algorithm(&column) {
            Some(_) => Self::Hash(Secret::new(column)),
            None => Self::Plain(Secret::new(column)),
        }
    }
}

/// How a refresh token is kept there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenText {
    /// Itself.
    Plain(Secret),
    /// Its SHA-256 checksum, by which newer versions find it.
    Checksum([u8; 32]),
}

impl TokenText {
    /// What the columns `token` and `token_checksum` say, if they say anything.
    pub(super) fn read(token: Option<String>, checksum: Option<String>) -> Option<Self> {
        let checksum = checksum.as_deref().and_then(sha256).map(Self::Checksum);
        checksum.or_else(|| Some(Self::Plain(Secret::new(token.filter(|token| !token.is_empty())?))))
    }
}

/// 32 bytes in hexadecimal digits.
fn sha256(hex: &str) -> Option<[u8; 32]> {
    let digits = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate().filter(|_| digits) {
        *byte = u8::from_str_radix(hex.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    digits.then_some(bytes)
}

/// The hashers of Django 5, and how many `$` their hashes have at least.
const HASHERS: [(&str, usize); 7] = [
    ("pbkdf2_sha256", 3),
    ("pbkdf2_sha1", 3),
    ("argon2", 5),
    ("bcrypt_sha256", 4),
    ("bcrypt", 4),
    ("scrypt", 5),
    ("md5", 2),
];

/// The hasher that a hash names, if it is one of those that verify here.
fn algorithm(hash: &str) -> Option<&'static str> {
    let (name, _) = hash.split_once('$')?;
    let (known, dollars) = HASHERS.into_iter().find(|(known, _)| *known == name)?;
    (hash.matches('$').count() >= dollars).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(column: &str) -> Option<String> {
        Password::read(column).ok().map(|password| password.algorithm().to_owned())
    }

    #[test]
    fn a_hash_is_known_by_its_hasher_and_its_parts() {
        assert_eq!(read("pbkdf2_sha256$1000000$salt$aGFzaA==").as_deref(), Some("pbkdf2_sha256"));
        assert_eq!(read("argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdA$aGFzaA").as_deref(), Some("argon2"));
        assert_eq!(read("bcrypt_sha256$$2b$12$abc").as_deref(), Some("bcrypt_sha256"));
        for unknown in ["pbkdf2_sha256$1", "sha1$salt$hash", "5f4dcc3b5aa765d61d8327deb882cf99", "letmein"] {
            assert_eq!(read(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn an_exclamation_mark_means_that_there_is_no_password() {
        assert_eq!(Password::read("!uYzXw").unwrap(), Password::Unusable);
        assert_eq!(Password::read("").unwrap(), Password::Unusable);
    }

    #[test]
    fn a_secret_of_an_application_is_a_hash_where_it_looks_like_one() {
        assert!(matches!(ClientSecret::read("pbkdf2_sha256$1$a$b".into()), ClientSecret::Hash(_)));
        assert!(matches!(ClientSecret::read("pbkdf2_sha256".into()), ClientSecret::Plain(_)));
    }

    #[test]
    fn a_refresh_token_is_its_checksum_where_there_is_one() {
        let read = |token: &str, checksum: Option<&str>| TokenText::read(Some(token.into()), checksum.map(Into::into));
        let sum = "00ff".repeat(16);
        assert!(matches!(read("abc", Some(&sum)), Some(TokenText::Checksum(bytes)) if bytes[..2] == [0, 255]));
        assert!(matches!(read("abc", None), Some(TokenText::Plain(_))));
        assert!(matches!(read("abc", Some("short")), Some(TokenText::Plain(_))));
        assert!(read("", None).is_none());
    }

    #[test]
    fn nothing_secret_is_shown() {
        let password = Password::read("md5$salt$0123").unwrap();
        let secret = ClientSecret::read("hunter2".into());
        let shown = format!("{password:?} {secret:?}");
        assert!(!shown.contains("0123") && !shown.contains("hunter2"), "{shown}");
    }
}
