//! What a username, an e-mail address and a password may be.

use secrecy::{ExposeSecret, SecretString};
use vestibule_core::NormalisedIdentifier;

/// The shortest password that can be set unless a site asks for longer ones, in characters (OWASP ASVS 6.2.1).
pub(crate) const SHORTEST_PASSWORD: usize = 8;

/// The longest password, in characters: far above the 64 that ASVS 6.2.9 asks for, and no burden to read.
pub(crate) const LONGEST_PASSWORD: usize = 1024;

/// Characters that turn the direction of the text around them: in a name, they change what the rest of a page seems to say.
const TURNING: [char; 9] =
    ['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];

/// A field that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) field: &'static str,
    pub(crate) why: String,
}

impl Invalid {
    fn new(field: &'static str, why: impl Into<String>) -> Self {
        Self { field, why: why.into() }
    }
}

/// A username or an e-mail address: as typed, and in its normal form.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) shown: String,
    pub(crate) key: String,
}

impl Name {
    fn new(field: &'static str, typed: &str) -> Result<Self, Invalid> {
        let key = NormalisedIdentifier::new(typed).map_err(|error| Invalid::new(field, error.to_string()))?;
        let shown = typed.trim().to_owned();
        if shown.contains(TURNING) {
            return Err(Invalid::new(field, "it holds a character that turns the direction of text; leave it out"));
        }
        Ok(Self { shown, key: key.as_str().to_owned() })
    }
}

/// A username, an e-mail address, and the rule between them.
///
/// A username with an `@` must be the user's own e-mail address. So nobody can go by another's address, neither now nor once
/// that other comes, and the two unique columns together hold one name for one person.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) username: Name,
    pub(crate) email: Option<Name>,
}

impl Names {
    pub(crate) fn new(username: &str, email: Option<&str>) -> Result<Self, Invalid> {
        let username = Name::new("username", username)?;
        let email = email.map(address).transpose()?;
        let own = email.as_ref().is_some_and(|email| email.key == username.key);
        // In the normal form, where a full-width ＠ is an @ as well.
        if username.key.contains('@') && !own {
            let why =
                "a username with an @ must be the user's own e-mail address; give that address, or another username";
            return Err(Invalid::new("username", why));
        }
        Ok(Self { username, email })
    }
}

/// An e-mail address, as far as one can be told by looking: `local@domain`, without blanks.
fn address(typed: &str) -> Result<Name, Invalid> {
    let name = Name::new("email", typed)?;
    let looks_right = |text: &str| match text.split_once('@') {
        None => false,
        Some((local, domain)) => {
            (1..=64).contains(&local.chars().count())
                && !domain.is_empty()
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
                && !text.contains(char::is_whitespace)
        }
    };
    if looks_right(&name.shown) && looks_right(&name.key) {
        Ok(name)
    } else {
        Err(Invalid::new("email", "it is not an e-mail address; write it as name@example.com"))
    }
}

/// Whether a text is short enough to be anyone's password; a longer one is refused before it costs a hash.
pub(crate) fn could_be_a_password(password: &SecretString) -> bool {
    let text = password.expose_secret();
    // A character has at most four bytes: a megabyte need not be counted through.
    text.len() <= 4 * LONGEST_PASSWORD && text.chars().count() <= LONGEST_PASSWORD
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(username: &str, email: Option<&str>) -> &'static str {
        Names::new(username, email).unwrap_err().field
    }

    #[test]
    fn a_username_is_shown_as_typed_and_kept_in_its_normal_form() {
        let name = Names::new(" ＢＯＢ ", None).unwrap().username;
        assert_eq!((name.shown.as_str(), name.key.as_str()), ("ＢＯＢ", "bob"));
    }

    #[test]
    fn a_username_with_an_at_is_the_users_own_address() {
        assert!(Names::new("Eve@Example.com", Some("eve@example.com")).is_ok());
        assert_eq!(refused("boss@example.com", Some("eve@example.com")), "username");
        assert_eq!(refused("boss@example.com", None), "username");
        assert_eq!(refused("boss＠example.com", None), "username", "full-width, and the same once normalised");
    }

    #[test]
    fn an_address_has_a_local_part_and_a_domain() {
        for wrong in ["eve", "@example.com", "eve@", "eve@a@b", "e ve@example.com", "eve@.com", "eve@com.", ""] {
            assert_eq!(refused("eve", Some(wrong)), "email", "{wrong:?}");
        }
        assert!(Names::new("eve", Some("eve+tag@localhost")).is_ok());
    }

    #[test]
    fn a_name_cannot_turn_the_text_around_it() {
        assert_eq!(refused("eve\u{202e}nimda", None), "username");
    }

    /// Attack A62.
    #[test]
    fn a_password_has_at_most_1024_characters_of_any_kind() {
        assert!(could_be_a_password(&"\0".repeat(1024).into()));
        assert!(could_be_a_password(&"\u{1f511}".repeat(1024).into()));
        assert!(!could_be_a_password(&"x".repeat(1025).into()));
        assert!(!could_be_a_password(&"x".repeat(1 << 20).into()));
    }
}
