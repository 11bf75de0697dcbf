//! Who can sign in to the demo, each with a password that is made anew at every start and can be typed by hand.

use secrecy::SecretString;
use vestibule_core::Random;
use vestibule_users::{Address, StandardClaims};

/// A person of the demo, to be created before it starts.
#[derive(Clone, Debug)]
pub struct DemoUser {
    /// The username to sign in with.
    pub username: &'static str,
    /// The password, which is printed on the terminal of whoever started the demo.
    pub password: SecretString,
    /// The e-mail address, to be stored as verified.
    pub email: &'static str,
    /// What else apps may be told.
    pub claims: StandardClaims,
}

/// Alice, of whom everything is known, and Bob, of whom only the name is.
#[must_use]
pub fn demo_users(random: &Random) -> Vec<DemoUser> {
    let user = |username, email, claims| DemoUser { username, password: password(random).into(), email, claims };
    vec![user("alice", "alice@example.com", alice()), user("bob", "bob@example.com", bob())]
}

/// Every claim that the scopes of OpenID Connect can ask for.
fn alice() -> StandardClaims {
    StandardClaims {
        name: told("Alice Anchor"),
        given_name: told("Alice"),
        family_name: told("Anchor"),
        middle_name: told("Marina"),
        nickname: told("Allie"),
        profile: told("https://example.com/people/alice"),
        picture: told("https://example.com/people/alice.jpg"),
        website: told("https://alice.example.com/"),
        gender: told("female"),
        birthdate: told("1984-06-21"),
        zoneinfo: told("Europe/Lisbon"),
        locale: told("en-GB"),
        phone_number: told("+351 21 555 0134"),
        phone_number_verified: Some(true),
        address: Some(Address {
            formatted: told("7 Quay Street\n1200-109 Lisboa\nPortugal"),
            street_address: told("7 Quay Street"),
            locality: told("Lisboa"),
            region: told("Lisboa"),
            postal_code: told("1200-109"),
            country: told("Portugal"),
        }),
    }
}

fn bob() -> StandardClaims {
    let (given_name, family_name) = (told("Bob"), told("Brook"));
    StandardClaims { name: told("Bob Brook"), given_name, family_name, ..StandardClaims::default() }
}

fn told(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// Short words that are hard to mistake for one another when read from a screen. Their number divides 256, so that a byte
/// chooses each as often as any other.
const WORDS: [&str; 64] = [
    "acorn", "amber", "anchor", "apple", "autumn", "badger", "bamboo", "basil", "beacon", "birch", "breeze", "bridge",
    "canyon", "cedar", "cherry", "cinder", "clover", "cobalt", "comet", "copper", "coral", "cotton", "crystal",
    "daisy", "delta", "ember", "falcon", "fern", "forest", "garden", "ginger", "granite", "harbor", "hazel", "heron",
    "island", "ivory", "jasmine", "juniper", "lagoon", "lantern", "lemon", "linen", "maple", "marble", "meadow",
    "mellow", "nectar", "olive", "orchid", "pebble", "pepper", "planet", "quartz", "raven", "river", "saffron",
    "silver", "spruce", "summit", "timber", "tulip", "velvet", "willow",
];

/// Two words and five digits, some 28 bits: more than enough for users that live as long as the demo runs, behind a sign-in
/// that only this machine can reach.
fn password(random: &Random) -> String {
    let [first, second, digits @ ..] = random.bytes::<10>();
    let word = |byte: u8| WORDS[usize::from(byte) % WORDS.len()];
    let number = u64::from_le_bytes(digits) % 100_000;
    format!("{}-{}-{number:05}", word(first), word(second))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn passwords_are_two_words_and_five_digits_and_differ() {
        let users = demo_users(&Random::system());
        let [alice, bob] = [&users[0], &users[1]].map(|user| user.password.expose_secret().to_owned());
        assert_ne!(alice, bob);
        let parts: Vec<&str> = alice.split('-').collect();
        assert_eq!(parts.len(), 3);
        assert!(WORDS.contains(&parts[0]) && WORDS.contains(&parts[1]) && parts[2].len() == 5, "{alice}");
    }

    #[test]
    fn everybodys_claims_can_be_stored() {
        for user in demo_users(&Random::system()) {
            assert_eq!(user.claims.check(), Ok(()), "{}", user.username);
        }
    }

    #[test]
    fn no_word_stands_twice() {
        let mut words = WORDS.to_vec();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), WORDS.len());
    }

    #[test]
    fn a_password_is_not_shown_by_debug() {
        let users = demo_users(&Random::system());
        assert!(!format!("{users:?}").contains(users[0].password.expose_secret()));
    }
}
