//! A person, and what can be said when one is created or changed.

use secrecy::SecretString;
use serde_json::{Map, Value};
use vestibule_core::{Timestamp, UserId};

use crate::{Editor, StandardClaims, Unavailable, change::read_claims, entity::Model, hashing::name_of};

/// A person who can sign in. Neither the password nor its hash is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The `sub` of everything that is said of them.
    pub id: UserId,
    /// The username, as typed when it was given.
    pub username: String,
    /// The e-mail address, as typed when it was given.
    pub email: Option<String>,
    /// Whether they were shown to hold that address.
    pub email_verified: bool,
    /// Whether they may sign in.
    pub active: bool,
    /// Whether they may enter the administration.
    pub staff: bool,
    /// Whether they may do everything there.
    pub superuser: bool,
    /// Whether a password is set.
    pub has_password: bool,
    /// By which function the password was hashed, such as `argon2id`, or `pbkdf2_sha256` where it came
    /// from Django; none without a password.
    pub password_hasher: Option<String>,
    /// When the password was last set or taken away here; none where it never was.
    pub password_changed_at: Option<Timestamp>,
    /// What applications may be told of them.
    pub claims: StandardClaims,
    /// When they were created.
    pub created_at: Timestamp,
    /// When anything above last changed: the claim `updated_at` (OpenID Connect Core 5.1). A sign-in is no change.
    pub updated_at: Timestamp,
    /// When they last signed in with their password.
    pub last_sign_in: Option<Timestamp>,
    /// Whether they need a second factor, whatever else asks for one.
    pub require_second_factor: bool,
}

/// A person to be created.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The username. One with an `@` must be the e-mail address.
    pub username: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// Whether they were shown to hold that address; without one it says nothing.
    pub email_verified: bool,
    /// The password, as [`Users::password_rules`](crate::Users::password_rules) want it. Without one they cannot sign in by
    /// password.
    pub password: Option<SecretString>,
    /// Whether they may sign in.
    pub active: bool,
    /// Whether they may enter the administration.
    pub staff: bool,
    /// Whether they may do everything there.
    pub superuser: bool,
    /// What applications may be told of them. A telephone number becomes one of their contacts.
    pub claims: StandardClaims,
    /// Whether they need a second factor, whatever else asks for one.
    pub require_second_factor: bool,
    /// The attributes that are declared, by their names.
    pub attributes: Map<String, Value>,
    /// On whose behalf this is: it decides which attributes may be given, and which must.
    pub editor: Editor,
}

impl NewUser {
    /// An active user with no more than a name.
    #[must_use]
    pub fn named(username: impl Into<String>) -> Self {
        Self {
            username: username.into(),
            email: None,
            email_verified: false,
            password: None,
            active: true,
            staff: false,
            superuser: false,
            claims: StandardClaims::default(),
            require_second_factor: false,
            attributes: Map::new(),
            editor: Editor::default(),
        }
    }
}

/// What is to be different of a user; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Another username.
    pub username: Option<String>,
    /// Another e-mail address in the place of the primary one, or (`Some(None)`) none at all. Unless `email_verified` says
    /// otherwise, a new one is not verified.
    pub email: Option<Option<String>>,
    /// Whether the address is verified.
    pub email_verified: Option<bool>,
    /// Whether they may enter the administration.
    pub staff: Option<bool>,
    /// Whether they may do everything there.
    pub superuser: Option<bool>,
    /// All claims, in place of those before. The telephone number takes the place of the primary one.
    pub claims: Option<StandardClaims>,
    /// Whether they need a second factor, whatever else asks for one.
    pub require_second_factor: Option<bool>,
    /// Attributes to be changed, by their names; null takes one away.
    pub attributes: Option<Map<String, Value>>,
    /// On whose behalf this is: it decides which attributes may be changed.
    pub editor: Editor,
    /// Only where the user was not changed since: the `updated_at` that was read.
    pub read_at: Option<Timestamp>,
}

impl TryFrom<Model> for User {
    type Error = Unavailable;

    fn try_from(row: Model) -> Result<Self, Unavailable> {
        let damaged = |why: String| Unavailable::Damaged { user: row.id.clone(), why };
        Ok(Self {
            id: row.id.parse().map_err(|_| damaged("its id is not a UUID".into()))?,
            claims: read_claims(&row)?,
            has_password: row.password_hash.is_some(),
            password_hasher: row.password_hash.as_deref().map(|hash| name_of(hash).to_owned()),
            password_changed_at: row.password_changed_at.map(Timestamp::from_millis),
            username: row.username,
            email: row.email,
            email_verified: row.email_verified,
            active: row.active,
            staff: row.staff,
            superuser: row.superuser,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            last_sign_in: row.last_sign_in.map(Timestamp::from_millis),
            require_second_factor: row.require_second_factor,
        })
    }
}
