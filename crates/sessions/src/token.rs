//! The random values that browsers hold.

use std::fmt;

use vestibule_core::Random;

/// 32 bytes in base64url.
const CHARACTERS: usize = 43;

/// Whether a text has the form of 256 random bits. What has not never reaches the store.
fn is_token(text: &str) -> bool {
    text.len() == CHARACTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $as_text:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(String);

        impl $name {
            /// A new one: 256 random bits.
            #[must_use]
            pub fn new(random: &Random) -> Self {
                Self(random.token())
            }

            /// From what a browser sent; `None` for what cannot be one.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                is_token(text).then(|| Self(text.to_owned()))
            }

            /// As the browser holds it: 43 characters of base64url. It is a secret.
            #[must_use]
            pub fn $as_text(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

token! {
    /// The id of a session, as its cookie holds it.
    SessionToken, as_cookie_value
}
token! {
    /// Says which browser this is, whoever sits at it: what its requests and forms are bound to.
    BrowserToken, as_cookie_value
}
token! {
    /// Names a waiting request in addresses and forms of our pages. Of no use without the [`BrowserToken`].
    RequestId, as_str
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_256_bits_of_base64url_are_a_token() {
        let token = SessionToken::new(&Random::system());
        assert!(SessionToken::parse(token.as_cookie_value()).is_some());
        for bad in ["", "short", &"a".repeat(44), &"é".repeat(21), &format!("{}=", "a".repeat(42))] {
            assert!(SessionToken::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let random = Random::system();
        assert_eq!(format!("{:?}", SessionToken::new(&random)), "SessionToken(..)");
        assert_eq!(format!("{:?}", BrowserToken::new(&random)), "BrowserToken(..)");
    }
}
