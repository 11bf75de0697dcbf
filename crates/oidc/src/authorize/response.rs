//! What an authorization request is answered with, and how the answer travels (OAuth 2.0 Multiple Response Type Encoding
//! Practices, OAuth 2.0 Form Post Response Mode).

use serde::{Deserialize, Serialize};
use vestibule_core::Parameters;

/// What an answer holds: a set of words, of which the order means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseType {
    /// A code for the token endpoint.
    pub code: bool,
    /// An ID token.
    pub id_token: bool,
    /// An access token.
    pub token: bool,
}

impl ResponseType {
    /// A code alone.
    pub const CODE: Self = Self { code: true, id_token: false, token: false };

    /// All that are answered, in the order that discovery names them. `token` alone is not: such a token says to no application
    /// whom it was meant for (RFC 9700 section 2.1.2).
    pub const ALL: [Self; 6] = [
        Self::CODE,
        Self { code: false, id_token: true, token: false },
        Self { code: false, id_token: true, token: true },
        Self { code: true, id_token: true, token: false },
        Self { code: true, id_token: false, token: true },
        Self { code: true, id_token: true, token: true },
    ];

    /// Reads a list of words; nothing where it is none of [`ResponseType::ALL`], or a word stands twice.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut read = Self { code: false, id_token: false, token: false };
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let part = match word {
                "code" => &mut read.code,
                "id_token" => &mut read.id_token,
                "token" => &mut read.token,
                _ => return None,
            };
            if std::mem::replace(part, true) {
                return None;
            }
        }
        Self::ALL.contains(&read).then_some(read)
    }

    /// Its name, in the order of words that the specifications use.
    #[must_use]
    pub fn name(self) -> String {
        self.words().collect::<Vec<_>>().join(" ")
    }

    /// Its words.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        [(self.code, "code"), (self.id_token, "id_token"), (self.token, "token")]
            .into_iter()
            .filter_map(|(there, word)| there.then_some(word))
    }

    /// Whether it brings tokens through the browser, so that they may stand in no query (Multiple Response Types section 3).
    #[must_use]
    pub fn is_front_channel(self) -> bool {
        self.id_token || self.token
    }

    /// The grants that an application has to be registered for (OpenID Connect Registration section 2).
    pub fn grant_types(self) -> impl Iterator<Item = &'static str> {
        [(self.code, "authorization_code"), (self.is_front_channel(), IMPLICIT)]
            .into_iter()
            .filter_map(|(needed, grant)| needed.then_some(grant))
    }
}

/// The grant whose tokens come from the authorization endpoint: the token endpoint knows none of this name.
pub(crate) const IMPLICIT: &str = "implicit";

/// How an answer travels to the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In its fragment, which the browser keeps to itself.
    Fragment,
    /// In a form that a page of ours posts there.
    FormPost,
}

impl ResponseMode {
    /// All of them, in the order that discovery names them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// From its name on the wire.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }

    /// The mode in which a request is answered, be it with an error, before any rule has looked at it: the one it names where
    /// that can be, else the default of what it asks for (Multiple Response Types sections 2.1 and 3).
    pub(super) fn of(parameters: &Parameters) -> Self {
        let asked = parameters.all("response_type").flat_map(|list| list.split(' '));
        let front_channel = asked.into_iter().any(|word| matches!(word, "id_token" | "token"));
        match parameters.single("response_mode").ok().flatten().and_then(Self::parse) {
            Some(Self::Query) | None if front_channel => Self::Fragment,
            Some(mode) => mode,
            None => Self::Query,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_words_means_nothing() {
        for (text, name) in [
            ("code", "code"),
            ("id_token", "id_token"),
            ("token id_token", "id_token token"),
            ("id_token  code", "code id_token"),
            ("token code", "code token"),
            ("token code id_token", "code id_token token"),
        ] {
            assert_eq!(ResponseType::parse(text).map(ResponseType::name).as_deref(), Some(name));
        }
    }

    #[test]
    fn token_alone_doubles_and_words_of_others_are_no_response_type() {
        for text in ["", " ", "token", "code code", "id_token id_token", "none", "Code", "code none", "code,id_token"] {
            assert_eq!(ResponseType::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_holds_tokens_is_never_answered_in_a_query() {
        let mode = |query: &str| ResponseMode::of(&Parameters::parse(query.as_bytes()).unwrap());
        assert_eq!(mode("response_type=code"), ResponseMode::Query);
        assert_eq!(mode("response_type=code&response_mode=fragment"), ResponseMode::Fragment);
        assert_eq!(mode("response_type=code&response_mode=form_post"), ResponseMode::FormPost);
        assert_eq!(mode("response_type=code&response_mode=other"), ResponseMode::Query);
        assert_eq!(mode("response_type=token+code"), ResponseMode::Fragment);
        assert_eq!(mode("response_type=id_token&response_mode=query"), ResponseMode::Fragment);
        assert_eq!(mode("response_type=id_token&response_mode=form_post"), ResponseMode::FormPost);
        assert_eq!(mode("response_type=token"), ResponseMode::Fragment, "be it refused");
        assert_eq!(mode(""), ResponseMode::Query);
    }
}
