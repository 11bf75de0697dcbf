//! What a JWE is made with: two closed sets, without RSA1_5, without passwords, and without keys that both sides share.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::algorithm::Family;

/// How the key of the content comes to the recipient: the `alg` of a JWE (RFC 7518 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum KeyManagement {
    /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256.
    RsaOaep256,
    /// RSAES-OAEP with SHA-1, whose strength does not rest on SHA-1's collisions; many clients know no other.
    RsaOaep,
    /// Ephemeral-static Diffie-Hellman, whose result is the key of the content.
    EcdhEs,
    /// The same, and the key of the content wrapped with AES-128.
    EcdhEsA128Kw,
    /// The same, and the key of the content wrapped with AES-256.
    EcdhEsA256Kw,
}

/// How the content is encrypted: the `enc` of a JWE (RFC 7518 section 5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum ContentEncryption {
    /// AES-128 in CBC mode and HMAC with SHA-256: what OpenID Connect takes where nothing is said.
    #[default]
    A128CbcHs256,
    /// AES-256 in CBC mode and HMAC with SHA-512.
    A256CbcHs512,
    /// AES-128 in Galois/Counter mode.
    A128Gcm,
    /// AES-256 in Galois/Counter mode.
    A256Gcm,
}

/// A name that is none of our algorithms of encryption.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an algorithm of encryption that is known here")]
pub struct UnknownEncryption(String);

impl KeyManagement {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 5] = [Self::RsaOaep256, Self::RsaOaep, Self::EcdhEs, Self::EcdhEsA128Kw, Self::EcdhEsA256Kw];

    /// As the `alg` of a JWE header, a JWK and metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::RsaOaep => "RSA-OAEP",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }

    /// Whether a key of this family can be for it.
    pub(crate) const fn fits(self, family: Family) -> bool {
        match self {
            Self::RsaOaep256 | Self::RsaOaep => matches!(family, Family::Rsa),
            Self::EcdhEs | Self::EcdhEsA128Kw | Self::EcdhEsA256Kw => matches!(family, Family::P256 | Family::P384),
        }
    }
}

impl ContentEncryption {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 4] = [Self::A128CbcHs256, Self::A256CbcHs512, Self::A128Gcm, Self::A256Gcm];

    /// As the `enc` of a JWE header and metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// The bytes of its key. Half of a CBC key is for the HMAC.
    pub(crate) const fn key_length(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }

    /// The bytes of its initialization vector.
    pub(crate) const fn iv_length(self) -> usize {
        match self {
            Self::A128CbcHs256 | Self::A256CbcHs512 => 16,
            Self::A128Gcm | Self::A256Gcm => 12,
        }
    }

    /// The bytes of its authentication tag: never fewer, however many a token brings.
    pub(crate) const fn tag_length(self) -> usize {
        match self {
            Self::A128CbcHs256 | Self::A128Gcm | Self::A256Gcm => 16,
            Self::A256CbcHs512 => 32,
        }
    }
}

/// What both enums need to be read and written by their names.
macro_rules! named {
    ($name:ident) => {
        impl FromStr for $name {
            type Err = UnknownEncryption;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                let unknown = || UnknownEncryption(name.chars().take(32).collect());
                Self::ALL.into_iter().find(|one| one.name() == name).ok_or_else(unknown)
            }
        }

        impl TryFrom<String> for $name {
            type Error = UnknownEncryption;

            fn try_from(name: String) -> Result<Self, Self::Error> {
                name.parse()
            }
        }

        impl From<$name> for &'static str {
            fn from(one: $name) -> Self {
                one.name()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

named!(KeyManagement);
named!(ContentEncryption);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for one in KeyManagement::ALL {
            assert_eq!(one.name().parse(), Ok(one));
        }
        for one in ContentEncryption::ALL {
            assert_eq!(one.name().parse(), Ok(one));
        }
    }

    #[test]
    fn a39_a41_padding_of_pkcs1_passwords_and_shared_keys_are_no_algorithms() {
        let others = ["RSA1_5", "PBES2-HS256+A128KW", "dir", "A128KW", "A256GCMKW", "rsa-oaep", "none", ""];
        for other in others {
            assert!(other.parse::<KeyManagement>().is_err(), "{other}");
        }
        for other in ["A192GCM", "A192CBC-HS384", "a256gcm", "A128CBC", "none", ""] {
            assert!(other.parse::<ContentEncryption>().is_err(), "{other}");
        }
    }
}
