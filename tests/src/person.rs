//! People with an account.

use vestibule_core::UserId;
use vestibule_users::{Address, NewUser, StandardClaims};

use crate::TestApp;

/// Somebody with an account at the provider, who knows their password.
#[derive(Clone, Debug)]
pub struct Person {
    /// What they sign in with.
    pub username: String,
    /// Their password.
    pub password: String,
    /// Their e-mail address, which is verified.
    pub email: String,
    /// Their `sub`.
    pub id: UserId,
}

impl TestApp {
    /// Creates an account for somebody of whom everything is known that the standard scopes can tell.
    pub async fn user(&self, username: &str) -> Person {
        self.user_with(username, |_| {}).await
    }

    /// The same, changed by `change` before it is created.
    pub async fn user_with(&self, username: &str, change: impl FnOnce(&mut NewUser)) -> Person {
        let (password, email) = (format!("correct horse of {username}"), format!("{username}@example.com"));
        let mut new = NewUser {
            email: Some(email.clone()),
            email_verified: true,
            password: Some(password.clone().into()),
            claims: everything_about(username),
            ..NewUser::named(username)
        };
        change(&mut new);
        let user = self.provider().users().create(new).await.expect("an account");
        Person { username: user.username, password, email, id: user.id }
    }
}

fn everything_about(username: &str) -> StandardClaims {
    let told = |text: &str| Some(text.to_owned());
    StandardClaims {
        name: Some(format!("{username} Anchor")),
        given_name: told(username),
        family_name: told("Anchor"),
        middle_name: told("Marina"),
        nickname: told("Allie"),
        profile: told("https://example.com/people/one"),
        picture: told("https://example.com/people/one.jpg"),
        website: told("https://one.example.com/"),
        gender: told("female"),
        birthdate: told("1984-06-21"),
        zoneinfo: told("Europe/Lisbon"),
        locale: told("en-GB"),
        phone_number: told("+351 21 555 0134"),
        phone_number_verified: Some(true),
        address: Some(Address {
            formatted: told("7 Quay Street\nLisboa\nPortugal"),
            street_address: told("7 Quay Street"),
            locality: told("Lisboa"),
            region: told("Lisboa"),
            postal_code: told("1200-109"),
            country: told("Portugal"),
        }),
    }
}
