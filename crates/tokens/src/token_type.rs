//! The `typ` of what we sign (RFC 8725 section 3.11): a token of one kind is never taken for another.

/// A kind of token that we sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// An access token (RFC 9068 section 2.1).
    AccessToken,
    /// An ID token. OpenID Connect gave it no type of its own, and clients know this one.
    IdToken,
    /// An answer about a token (RFC 9701 section 5).
    Introspection,
    /// A message that a session has ended (OpenID Connect Back-Channel Logout section 2.4).
    Logout,
    /// Claims about a person (OpenID Connect Core section 5.3.2). They have no type of their own either; what is no ID token
    /// among them lacks `exp`.
    Userinfo,
}

impl TokenType {
    /// All of them; a key keeps one encoded header for each.
    pub(crate) const ALL: [Self; 5] =
        [Self::AccessToken, Self::IdToken, Self::Introspection, Self::Logout, Self::Userinfo];

    /// As the `typ` of a JWS header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccessToken => "at+jwt",
            Self::IdToken | Self::Userinfo => "JWT",
            Self::Introspection => "token-introspection+jwt",
            Self::Logout => "logout+jwt",
        }
    }

    /// Whether a header with this `typ` is of this kind.
    #[must_use]
    pub fn is(self, typ: Option<&str>) -> bool {
        vestibule_jose::is_type(typ, self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_itself_and_no_other() {
        assert!(TokenType::AccessToken.is(Some("at+jwt")));
        assert!(TokenType::AccessToken.is(Some("application/at+jwt")));
        for other in [None, Some(""), Some("JWT"), Some("at+jwt2"), Some("logout+jwt"), Some("application/JWT")] {
            assert!(!TokenType::AccessToken.is(other), "{other:?}");
        }
    }
}
