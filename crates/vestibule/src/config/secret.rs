//! URLs that may hold a password: they can be used, and never printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    Given,
    value::{Value, expected},
};

macro_rules! secret_url {
    ($(#[$doc:meta])* $name:ident, $schemes:expr, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(SecretString);

        impl $name {
            /// The whole URL, its password too: to connect with, not to print.
            #[must_use]
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// The URL without its secrets, for people to read.
            #[must_use]
            pub fn redacted(&self) -> String {
                redacted(self.expose())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.redacted()).finish()
            }
        }

        impl From<String> for $name {
            /// From a URL that the program made itself, not checked.
            fn from(url: String) -> Self {
                Self(url.into())
            }
        }

        impl Value for $name {
            const EXPECTED: &'static str = $expected;

            fn read(given: &Given) -> Result<Self, String> {
                let text = given.text().ok_or_else(expected::<Self>)?;
                let schemes: &[&str] = $schemes;
                let known = schemes.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
                if known { Ok(Self::from(text.to_owned())) } else { Err(expected::<Self>()) }
            }

            fn written(&self) -> Option<Given> {
                Some(Given::Text(self.redacted()))
            }
        }
    };
}

secret_url! {
    /// Where the database is.
    DatabaseUrl, &["sqlite:", "postgres://", "postgresql://"],
    "a URL such as \"sqlite://data/vestibule.db\" or \"postgres://user:password@host/name\""
}

secret_url! {
    /// Where Redis is.
    RedisUrl, &["redis://", "rediss://"],
    "a URL such as \"redis://:password@host:6379\", or with TLS \"rediss://:password@host:6379\""
}

/// A password that the program needs to be let in elsewhere. It is never printed.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// The password.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

impl Value for Password {
    const EXPECTED: &'static str = "a text";

    fn read(given: &Given) -> Result<Self, String> {
        let text = given.text().filter(|text| !text.is_empty()).ok_or_else(expected::<Self>)?;
        Ok(Self(text.to_owned().into()))
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text("***".to_owned()))
    }
}

/// Hides what is or may be a password: the one before the `@`, the query, and all of a URL that cannot be understood (an
/// unescaped `/` in a password makes the rest of it look like a path).
fn redacted(text: &str) -> String {
    let scheme = text.split("://").next().filter(|scheme| scheme.len() < text.len()).unwrap_or("…");
    let hidden = || format!("{scheme}://(hidden)");
    if text.starts_with("sqlite:") {
        return text.split('?').next().unwrap_or_default().to_owned();
    }
    let Ok(mut url) = Url::parse(text) else { return hidden() };
    let elsewhere =
        [Some(url.path()), url.query(), url.fragment()].into_iter().flatten().any(|part| part.contains('@'));
    if elsewhere || url.fragment().is_some() {
        return hidden();
    }
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return hidden();
    }
    if url.query().is_some() {
        url.set_query(Some("***"));
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://vestibule:hunter2@db:5432/vestibule", "postgres://vestibule:***@db:5432/vestibule"),
            ("postgres://vestibule@db/vestibule?password=hunter2", "postgres://vestibule@db/vestibule?***"),
            ("postgres://v:hunt@er2@db/vestibule", "postgres://v:***@db/vestibule"),
            ("postgres://v:12/hunter2@db/vestibule", "postgres://(hidden)"),
            ("postgres://v:12?hunter2@db/vestibule", "postgres://(hidden)"),
            ("postgres://v:12#hunter2@db/vestibule", "postgres://(hidden)"),
            ("postgres://v:hunter2/x@db/vestibule", "postgres://(hidden)"),
            ("redis://:hunter2@cache:6379/1", "redis://:***@cache:6379/1"),
            ("sqlite://data/vestibule.db?mode=rwc", "sqlite://data/vestibule.db"),
        ] {
            assert_eq!(redacted(url), shown);
            assert!(!format!("{:?}", DatabaseUrl::from(url.to_owned())).contains("hunter2"));
        }
    }

    #[test]
    fn a_url_of_another_kind_of_store_is_refused() {
        for wrong in ["mysql://db/vestibule", "data/vestibule.db", "", "sqlite:"] {
            assert!(DatabaseUrl::read(&Given::Text(wrong.to_owned())).is_err(), "{wrong}");
        }
        assert!(RedisUrl::read(&Given::Text("cache:6379".to_owned())).is_err());
    }
}
