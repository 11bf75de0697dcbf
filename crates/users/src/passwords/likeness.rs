//! Whether a password is like something that is known of its owner.
//!
//! What is compared is how many characters two texts share, in any order: the upper bound that Python's `difflib` calls
//! `quick_ratio`, at Django's threshold. A phrase that merely holds a name is not like the name.

use std::collections::HashMap;

use crate::{NewUser, StandardClaims, User};

/// How like is too like: twice the shared characters, over all characters of both.
const TOO_LIKE: f64 = 0.7;

/// The most values that are compared, and the most characters of each.
const MOST_VALUES: usize = 64;
const MOST_CHARACTERS: usize = 256;

/// What is known of a person, which their password must not be like.
#[derive(Clone, Debug, Default)]
pub struct About {
    values: Vec<String>,
}

impl About {
    /// What the store knows of a user: username, address, names, number, birthdate.
    #[must_use]
    pub fn user(user: &User) -> Self {
        Self::from_parts(&user.username, user.email.as_deref(), &user.claims)
    }

    /// The same of one who is to be created.
    #[must_use]
    pub fn new_user(new: &NewUser) -> Self {
        Self::from_parts(&new.username, new.email.as_deref(), &new.claims)
    }

    /// And this, such as an attribute that the site declared.
    #[must_use]
    pub fn and(mut self, value: &str) -> Self {
        if self.values.len() < MOST_VALUES && !value.is_empty() {
            self.values.push(value.chars().take(MOST_CHARACTERS).collect());
        }
        self
    }

    fn from_parts(username: &str, email: Option<&str>, claims: &StandardClaims) -> Self {
        let claims = [
            &claims.name,
            &claims.given_name,
            &claims.family_name,
            &claims.middle_name,
            &claims.nickname,
            &claims.phone_number,
            &claims.birthdate,
        ];
        let claims = claims.into_iter().filter_map(Option::as_deref);
        [username].into_iter().chain(email).chain(claims).fold(Self::default(), Self::and)
    }

    /// Each value in lower case, and the words in it.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        self.values.iter().map(|value| value.to_lowercase()).flat_map(|value| {
            let mut words: Vec<String> =
                value.split(is_between).filter(|word| !word.is_empty()).map(str::to_owned).collect();
            if words.first() != Some(&value) {
                words.push(value);
            }
            words
        })
    }

    /// Whether a password is like any of it.
    pub(super) fn is_like(&self, password: &str) -> bool {
        let password = Counted::new(&password.to_lowercase());
        self.words().any(|word| password.is_like(&Counted::new(&word)))
    }
}

/// What is in no word.
fn is_between(character: char) -> bool {
    !character.is_alphanumeric() && character != '_'
}

/// A text as the number of times that each character is in it.
struct Counted {
    length: usize,
    times: HashMap<char, usize>,
}

impl Counted {
    fn new(text: &str) -> Self {
        let mut times = HashMap::new();
        let mut length = 0;
        for character in text.chars() {
            *times.entry(character).or_insert(0) += 1;
            length += 1;
        }
        Self { length, times }
    }

    fn is_like(&self, other: &Self) -> bool {
        let shared: usize = other
            .times
            .iter()
            .map(|(character, times)| self.times.get(character).map_or(0, |own| *own.min(times)))
            .sum();
        2.0 * shared as f64 >= TOO_LIKE * (self.length + other.length) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alice() -> About {
        let mut new = NewUser { email: Some("alice.liddell@example.com".into()), ..NewUser::named("alice") };
        new.claims.family_name = Some("Pleasance-Liddell".into());
        About::new_user(&new).and("Wonderland Ltd")
    }

    #[test]
    fn what_is_like_something_about_the_person_is_found() {
        for like in ["alice", "ALICE123", "alice.liddell", "Liddell1", "pleasance", "ecila", "example1", "wonderland99"]
        {
            assert!(alice().is_like(like), "{like}");
        }
    }

    #[test]
    fn a_phrase_that_holds_the_name_is_not_like_it() {
        for unlike in ["correct horse of alice", "alice went down the rabbit hole", "looking glass", "x"] {
            assert!(!alice().is_like(unlike), "{unlike}");
        }
        assert!(!About::default().is_like("anything"));
        assert!(!About::default().and("").is_like(""));
    }

    #[test]
    fn the_threshold_is_seven_tenths() {
        // 2 × 7 shared of 10 + 10, then 2 × 6.
        let about = About::default().and("abcdefghij");
        assert!(about.is_like("abcdefg###"));
        assert!(!about.is_like("abcdef####"));
    }

    #[test]
    fn values_without_end_are_cut() {
        let about = (0..1000).fold(About::default(), |about, _| about.and(&"x".repeat(5000)));
        assert_eq!(about.values.len(), MOST_VALUES);
        assert!(about.values.iter().all(|value| value.len() == MOST_CHARACTERS));
    }
}
