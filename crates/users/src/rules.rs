//! What a username, an e-mail address and a password may be.

use secrecy::{ExposeSecret, SecretString};
use vestibule_core::NormalisedIdentifier;

use crate::contacts::{ContactKind, list::Contacts, normal};

/// The shortest password that can be set unless a site asks for longer ones, in characters (OWASP ASVS 6.2.1).
pub(crate) const SHORTEST_PASSWORD: usize = 8;

/// The longest password, in characters: far above the 64 that ASVS 6.2.9 asks for, and no burden to read.
pub(crate) const LONGEST_PASSWORD: usize = 1024;

/// Characters that turn the direction of the text around them: in a name, they change what the rest of a page seems to say.
pub(crate) const TURNING: [char; 9] =
    ['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];

/// A field that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid {
    pub(crate) field: &'static str,
    pub(crate) why: String,
}

impl Invalid {
    pub(crate) fn new(field: &'static str, why: impl Into<String>) -> Self {
        Self { field, why: why.into() }
    }
}

/// A username or an address: as typed, and in its normal form.
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

/// A username, the contacts, and the rule between them.
///
/// A username that looks like an e-mail address or a telephone number must be the user's own. So nobody can go by another's
/// address, neither now nor once that other comes: usernames and contacts together hold one name for one person.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) username: Name,
    pub(crate) contacts: Contacts,
    /// Who else loses a contact as a name, since they were never shown to hold it: the contact's normal form.
    pub(crate) displaced: Vec<String>,
}

impl Names {
    pub(crate) fn new(username: &str, contacts: Contacts) -> Result<Self, Invalid> {
        let username = Name::new("username", username)?;
        let names = Self { username, contacts, displaced: Vec::new() };
        match names.contact_of_username() {
            Some((kind, key)) if names.contacts.find(kind, &key).is_none() => {
                Err(Invalid::new("username", not_their_own(kind)))
            }
            _ => Ok(names),
        }
    }

    /// What the username looks like, in the normal form of that kind. (In the username's own normal form a full-width ＠ is an @
    /// as well.)
    pub(crate) fn contact_of_username(&self) -> Option<(ContactKind, String)> {
        let key = &self.username.key;
        if key.contains('@') {
            return Some((ContactKind::Email, key.clone()));
        }
        normal::login_phone(key).map(|number| (ContactKind::Phone, number))
    }
}

fn not_their_own(kind: ContactKind) -> &'static str {
    match kind {
        ContactKind::Email => {
            "a username with an @ must be the user's own e-mail address; give that address, or another username"
        }
        ContactKind::Phone => {
            "a username that is a telephone number must be the user's own; give that number, or another username"
        }
    }
}

/// An e-mail address, as far as one can be told by looking: `local@domain`, without blanks.
pub(crate) fn address(typed: &str) -> Result<Name, Invalid> {
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

    fn names(username: &str, email: Option<&str>, phone: Option<&str>) -> Result<Names, Invalid> {
        let mut contacts = Contacts::default();
        for (kind, typed) in [(ContactKind::Email, email), (ContactKind::Phone, phone)] {
            contacts.set_primary(kind, typed, None, 0)?;
        }
        Names::new(username, contacts)
    }

    fn refused(username: &str, email: Option<&str>) -> &'static str {
        names(username, email, None).unwrap_err().field
    }

    #[test]
    fn a_username_is_shown_as_typed_and_kept_in_its_normal_form() {
        let name = names(" ＢＯＢ ", None, None).unwrap().username;
        assert_eq!((name.shown.as_str(), name.key.as_str()), ("ＢＯＢ", "bob"));
    }

    #[test]
    fn a_username_with_an_at_is_the_users_own_address() {
        assert!(names("Eve@Example.com", Some("eve@example.com"), None).is_ok());
        assert_eq!(refused("boss@example.com", Some("eve@example.com")), "username");
        assert_eq!(refused("boss@example.com", None), "username");
        assert_eq!(refused("boss＠example.com", None), "username", "full-width, and the same once normalised");
    }

    #[test]
    fn a_username_that_is_a_number_is_the_users_own() {
        let own = Some("+351 21 555 0134");
        assert!(names("+351-21-5550134", None, own).is_ok());
        assert!(names("＋351215550134", None, own).is_ok(), "full-width, and the same once normalised");
        for anothers in ["+351 21 555 0135", "+351215550135", "＋351215550135"] {
            assert_eq!(names(anothers, None, own).unwrap_err().field, "username", "{anothers}");
        }
        assert!(names("+1", None, None).is_ok() && names("351215550135", None, None).is_ok(), "these are no numbers");
    }

    #[test]
    fn an_address_has_a_local_part_and_a_domain() {
        for wrong in ["eve", "@example.com", "eve@", "eve@a@b", "e ve@example.com", "eve@.com", "eve@com.", ""] {
            assert_eq!(refused("eve", Some(wrong)), "email", "{wrong:?}");
        }
        assert!(names("eve", Some("eve+tag@localhost"), None).is_ok());
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
