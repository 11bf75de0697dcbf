//! The door for password hashes that were made elsewhere.
//!
//! An importer hands over the text as it found it and learns what it is; what lies in the store afterwards is that text, and
//! [`PasswordHasher::verify`](super::PasswordHasher::verify) reads it at every sign-in until the first good one replaces it.

use std::fmt;

use serde::Deserialize;

use super::{
    HashingPolicy,
    formats::{Format, MD5_REFUSED, Stored},
};

/// A password hash that was made elsewhere and can be kept here.
#[derive(Clone, PartialEq, Eq)]
pub struct ImportedHash {
    /// None for a password that cannot be used.
    hash: Option<(String, Format)>,
}

/// Why a text cannot be kept as a password hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the password hash cannot be read: {0}")]
pub struct UnknownHash(&'static str);

impl ImportedHash {
    /// Reads a hash as another system wrote it down.
    ///
    /// A text that is empty or begins with `!`, as Django marks a password that cannot be used, is no password. Some old
    /// formats are kept although they never let anyone in: [`ImportedHash::never_matches`] tells.
    ///
    /// # Errors
    /// A format that is not known here, a text that its format does not allow, or one that would take more memory or time to
    /// verify than a sign-in may.
    pub fn parse(text: &str) -> Result<Self, UnknownHash> {
        if text.is_empty() || text.starts_with('!') {
            return Ok(Self { hash: None });
        }
        let format = Format::of(text).ok_or(UnknownHash("its format is not one that is known here"))?;
        if format.never().is_none() {
            let any = HashingPolicy::default().params().map_err(|_| UnknownHash("the default policy is broken"))?;
            Stored::parse(text, &any, true).map_err(UnknownHash)?;
        }
        Ok(Self { hash: Some((text.to_owned(), format)) })
    }

    /// Reads a credential of Keycloak's export: the two JSON texts `credentialData` and `secretData`.
    ///
    /// It is kept as `keycloak$pbkdf2-sha256$27500$salt$hash`, with salt and hash in base64 as they were.
    ///
    /// # Errors
    /// A text that is not JSON or lacks a part, an algorithm other than Keycloak's three of PBKDF2; else as
    /// [`ImportedHash::parse`].
    pub fn from_keycloak(credential_data: &str, secret_data: &str) -> Result<Self, UnknownHash> {
        let (Ok(how), Ok(what)) =
            (serde_json::from_str::<Credential>(credential_data), serde_json::from_str::<Secret>(secret_data))
        else {
            return Err(UnknownHash(
                "it is not the JSON of a Keycloak credential with a hash, a salt, rounds and algorithm",
            ));
        };
        Self::parse(&format!("keycloak${}${}${}${}", how.algorithm, how.hash_iterations, what.salt, what.value))
    }

    /// The name of the function, such as `pbkdf2_sha256`; none where there is no password.
    #[must_use]
    pub fn hasher(&self) -> Option<&'static str> {
        self.hash.as_ref().map(|(_, format)| format.name())
    }

    /// Whether it stands for a password that cannot be used, which is the same as none.
    #[must_use]
    pub fn is_unusable(&self) -> bool {
        self.hash.is_none()
    }

    /// Why no password will ever match it, where that is so: the hash is kept, and its owner needs a new password.
    #[must_use]
    pub fn never_matches(&self, policy: &HashingPolicy) -> Option<&'static str> {
        match self.hash.as_ref()?.1 {
            Format::Md5 if !policy.accept_md5 => Some(MD5_REFUSED),
            format => format.never(),
        }
    }

    /// What to keep in the store; none where there is no password.
    #[must_use]
    pub fn into_stored(self) -> Option<String> {
        self.hash.map(|(text, _)| text)
    }
}

/// It holds a password hash, so that it shows nothing but whose.
impl fmt::Debug for ImportedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ImportedHash").field(&self.hasher()).finish()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    hash_iterations: u32,
    algorithm: String,
}

#[derive(Deserialize)]
struct Secret {
    value: String,
    salt: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hasher(text: &str) -> Option<&'static str> {
        ImportedHash::parse(text).unwrap().hasher()
    }

    #[test]
    fn a_password_that_cannot_be_used_is_none() {
        for text in ["!iBBubCzsUcEA8bFTH46f9xdgmc9RXfMvUzr6vkle", "!", ""] {
            let imported = ImportedHash::parse(text).unwrap();
            assert!(imported.is_unusable());
            assert_eq!((imported.hasher(), imported.into_stored()), (None, None));
        }
    }

    #[test]
    fn what_is_no_hash_is_not_kept() {
        for text in ["swordfish", "$6$rounds=5000$salt$hash", "pbkdf2_sha256$x$y$z", "$2b$31$short"] {
            assert!(ImportedHash::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn md5_is_kept_and_said_not_to_match_until_the_site_accepts_it() {
        let text = "md5$CM3Ncc81D8qL7aegA2jvkh$c3f8fe8478f8ecfe088b0dfeac81116f";
        let (imported, strict) = (ImportedHash::parse(text).unwrap(), HashingPolicy::default());
        assert!(imported.never_matches(&strict).unwrap().contains("passwords.accept_md5"));
        assert_eq!(imported.never_matches(&HashingPolicy { accept_md5: true, ..strict }), None);
        assert_eq!(imported.into_stored().as_deref(), Some(text));
        let sha1 = ImportedHash::parse("sha1$salt$5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8").unwrap();
        assert!(sha1.never_matches(&strict).is_some());
    }

    #[test]
    fn a_credential_of_keycloak_becomes_one_text() {
        let how = r#"{"hashIterations":27500,"algorithm":"pbkdf2-sha256","additionalParameters":{}}"#;
        let what = r#"{"value":"0t/cSWZchzbPa5utDOnEh5/0lX0kNcpUC+2liw4VTpg=","salt":"AAECAwQFBgcICQoLDA0ODw==","additionalParameters":{}}"#;
        let imported = ImportedHash::from_keycloak(how, what).unwrap();
        assert_eq!(imported.hasher(), Some("keycloak_pbkdf2_sha256"));
        assert_eq!(
            imported.into_stored().unwrap(),
            "keycloak$pbkdf2-sha256$27500$AAECAwQFBgcICQoLDA0ODw==$0t/cSWZchzbPa5utDOnEh5/0lX0kNcpUC+2liw4VTpg="
        );
        for (how, what) in [
            ("", what),
            (how, "{}"),
            (r#"{"hashIterations":5,"algorithm":"argon2"}"#, what),
            (r#"{"hashIterations":-1,"algorithm":"pbkdf2-sha256"}"#, what),
        ] {
            assert!(ImportedHash::from_keycloak(how, what).is_err(), "{how} {what}");
        }
    }

    #[test]
    fn the_name_is_the_one_that_people_know() {
        assert_eq!(hasher("{SSHA}qw6VUs3FWeW0RllVCxOhBczdAQr6P8dY"), Some("ssha"));
        let shown = ImportedHash::parse("{SSHA}qw6VUs3FWeW0RllVCxOhBczdAQr6P8dY").unwrap();
        assert_eq!(format!("{shown:?}"), r#"ImportedHash(Some("ssha"))"#);
    }
}
