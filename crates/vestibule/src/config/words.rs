//! Settings that are one of a few words: how logs are written, what is logged, what signs access tokens.

use super::{
    Given,
    value::{Value, expected},
};

/// A type with a fixed set of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $expected:literal, { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As it stands in the configuration.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl Value for $name {
            const EXPECTED: &'static str = $expected;

            fn read(given: &Given) -> Result<Self, String> {
                match given.text() {
                    $(Some($word) => Ok(Self::$variant),)*
                    _ => Err(expected::<Self>()),
                }
            }

            fn written(&self) -> Option<Given> {
                Some(Given::Text(self.as_str().to_owned()))
            }
        }
    };
}

words! {
    /// How log lines are written.
    LogFormat, "\"text\" or \"json\"", {
        /// A line that reads as a sentence, with its fields behind it.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

words! {
    /// What access tokens are signed with (RFC 7518 section 3.1).
    AccessTokenAlg, "\"ES256\" or \"RS256\"", {
        /// ECDSA on P-256: some thirty times as fast to sign as RSA.
        Es256 = "ES256",
        /// RSA PKCS #1 v1.5, for resource servers that know nothing else.
        Rs256 = "RS256",
    }
}

/// What is logged: a level, and levels for single modules, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// Nothing but what is wrong.
    #[must_use]
    pub fn warn() -> Self {
        Self("warn".to_owned())
    }

    /// As it stands in the configuration, such as `info,vestibule_server=debug`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for LogLevel {
    const EXPECTED: &'static str =
        "off, error, warn, info, debug or trace, and for a module \"info,vestibule_server=debug\"";

    fn read(given: &Given) -> Result<Self, String> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        // A single word that is no level would be taken for a module's name, and nothing else would be logged.
        let directive = |text: &str| match text.split_once('=') {
            Some((module, level)) => !module.trim().is_empty() && LEVELS.contains(&level.trim()),
            None => LEVELS.contains(&text.trim()),
        };
        match given.text() {
            Some(text) if text.split(',').all(directive) => {
                Ok(Self(text.split_whitespace().collect::<Vec<_>>().concat()))
            }
            _ => Err(expected::<Self>()),
        }
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.0.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<T: Value>(text: &str) -> Result<T, String> {
        T::read(&Given::Text(text.to_owned()))
    }

    #[test]
    fn a_word_that_is_no_log_level_is_refused() {
        assert_eq!(text("info, sqlx=warn"), Ok(LogLevel("info,sqlx=warn".to_owned())));
        for wrong in ["inof", "", "info,", "=debug", "vestibule_server=loud"] {
            assert!(text::<LogLevel>(wrong).is_err(), "{wrong}");
        }
    }
}
