//! Settings that are one of a few words: how logs are written, what is logged.

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
    /// How mail is sent.
    MailTransport, "\"folder\" or \"smtp\"", {
        /// Not at all: each mail becomes a file, to be looked at while developing.
        Folder = "folder",
        /// By an SMTP server.
        Smtp = "smtp",
    }
}

words! {
    /// How the way to the SMTP server is protected.
    SmtpSecurity, "\"starttls\", \"tls\" or \"none\"", {
        /// TLS begins within the conversation, or the mail is not sent (RFC 3207).
        StartTls = "starttls",
        /// TLS from the first byte (RFC 8314).
        Tls = "tls",
        /// Not at all.
        None = "none",
    }
}

words! {
    /// Who is asked for a second factor, where neither the person, a group of theirs nor the application demands one.
    SecondFactorMode, "\"never\", \"enrolled\", \"staff\" or \"always\"", {
        /// Nobody.
        Never = "never",
        /// Whoever has one.
        Enrolled = "enrolled",
        /// Whoever has one; and staff and superusers must have one.
        Staff = "staff",
        /// Everybody, and everybody must have one.
        Always = "always",
    }
}

words! {
    /// Who may register an application.
    RegistrationMode, "\"off\", \"token\" or \"open\"", {
        /// Administrators alone.
        Off = "off",
        /// Whoever has an initial access token.
        Token = "token",
        /// Anybody.
        Open = "open",
    }
}

words! {
    /// How an application comes to tokens (RFC 7591 section 2).
    GrantType, "a grant type, such as \"authorization_code\"", {
        /// By a code.
        AuthorizationCode = "authorization_code",
        /// Through the browser.
        Implicit = "implicit",
        /// By coming back.
        RefreshToken = "refresh_token",
        /// For itself.
        ClientCredentials = "client_credentials",
        /// By a code that a device shows (RFC 8628).
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// For another token (RFC 8693).
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// By a statement of somebody else (RFC 7523).
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
    }
}

words! {
    /// A way to authenticate.
    WayToAuthenticate, "\"password\", \"api_token\", \"remote_user\" or \"certificate\"", {
        /// A password.
        Password = "password",
        /// An API token.
        ApiToken = "api_token",
        /// A name that a trusted proxy tells.
        RemoteUser = "remote_user",
        /// A client certificate.
        Certificate = "certificate",
    }
}

words! {
    /// Where a client certificate names its holder.
    CertificateField, "\"fingerprint\", \"subject_cn\", \"subject_dn\", \"san_email\", \"san_upn\", \"san_uri\" or \"san_dns\"", {
        /// The SHA-256 of the whole certificate, as it was bound to a user.
        Fingerprint = "fingerprint",
        /// The common name, which is then the username.
        SubjectCn = "subject_cn",
        /// The whole subject, as it was bound to a user.
        SubjectDn = "subject_dn",
        /// An e-mail address of the user, verified.
        SanEmail = "san_email",
        /// The user principal name of a smart card, which is then the username.
        SanUpn = "san_upn",
        /// A URI, as the username or as it was bound to a user.
        SanUri = "san_uri",
        /// A DNS name, as the username or as it was bound to a user.
        SanDns = "san_dns",
    }
}

words! {
    /// What a person may name themselves by to sign in.
    SignInIdentifier, "\"username\", \"email\" or \"phone\"", {
        /// The username.
        Username = "username",
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
    }
}

words! {
    /// A rule for new passwords.
    PasswordRuleName, "\"length\", \"similarity\", \"common\", \"numeric\", \"strength\" or \"history\"", {
        /// At least `passwords.min_length` characters.
        Length = "length",
        /// Not like the person's own name, e-mail address or attributes.
        Similarity = "similarity",
        /// None of those that many people have.
        Common = "common",
        /// Not only digits.
        Numeric = "numeric",
        /// Estimated to be hard enough to guess (`passwords.min_strength`).
        Strength = "strength",
        /// None of the last ones (`passwords.history`).
        History = "history",
    }
}

/// A list of words in an order that counts, none of them twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered<T>(Vec<T>);

impl<T> Ordered<T> {
    /// The words, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T: PartialEq> Ordered<T> {
    /// Whether the word is in the list.
    #[must_use]
    pub fn contains(&self, word: &T) -> bool {
        self.0.contains(word)
    }
}

impl<T> FromIterator<T> for Ordered<T> {
    fn from_iter<I: IntoIterator<Item = T>>(words: I) -> Self {
        Self(words.into_iter().collect())
    }
}

impl<T: Value + PartialEq> Value for Ordered<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(given: &Given) -> Result<Self, String> {
        let mut words = Vec::new();
        for text in given.texts().ok_or_else(expected::<Self>)? {
            let word = T::read(&Given::Text(text.to_owned()))?;
            if words.contains(&word) {
                return Err(format!("each word once, and {text:?} stands there twice"));
            }
            words.push(word);
        }
        Ok(Self(words))
    }

    fn written(&self) -> Option<Given> {
        Some(Given::List(self.0.iter().filter_map(Value::written).collect()))
    }
}

/// The name of a scope (RFC 6749 section 3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeName(String);

impl ScopeName {
    /// As it stands in the configuration.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Value for ScopeName {
    const EXPECTED: &'static str = "the name of a scope, such as \"profile\"";

    fn read(given: &Given) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        match given.text() {
            Some(text) if !text.is_empty() && text.bytes().all(allowed) => Ok(Self(text.to_owned())),
            _ => Err(expected::<Self>()),
        }
    }

    fn written(&self) -> Option<Given> {
        Some(Given::Text(self.0.clone()))
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
    fn a_list_of_words_keeps_its_order_and_holds_none_twice() {
        let read = |text: &str| Ordered::<SignInIdentifier>::read(&Given::Bare(text.to_owned()));
        let both: Vec<_> = read("email, username").unwrap().iter().map(|word| word.as_str()).collect();
        assert_eq!(both, ["email", "username"]);
        assert!(read("email,email").unwrap_err().contains("twice"));
        assert!(read("email,badge").is_err());
    }

    #[test]
    fn a_word_that_is_no_log_level_is_refused() {
        assert_eq!(text("info, sqlx=warn"), Ok(LogLevel("info,sqlx=warn".to_owned())));
        for wrong in ["inof", "", "info,", "=debug", "vestibule_server=loud"] {
            assert!(text::<LogLevel>(wrong).is_err(), "{wrong}");
        }
    }
}
