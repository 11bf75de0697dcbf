//! The door for people from another system, many in one transaction of the caller's.
//!
//! What comes is checked as everywhere, but nothing is hashed, moments are the source's, and an address is shared where the source
//! says so. A second run finds people again and writes only what is different. `identities` are the names that other systems have
//! for people here.
//!
//! On PostgreSQL a statement that fails ends its transaction, so that whatever another has already is looked for before it is
//! written. Whoever imports while others write may still lose a race; then all is to be done again.

mod draft;
mod identities;

use sea_orm::DatabaseTransaction;
use serde_json::{Map, Value};
use vestibule_core::{Timestamp, UserId};

use self::draft::drafted;
use crate::{
    BadAttributes, StandardClaims, Unavailable, User, Users,
    change::read_claims,
    contacts::{ContactKind, Sharing, list::Contacts},
    entity::Model,
    error::{Refusal, Taken},
    find::Identifiers,
    rules::Invalid,
};

pub use identities::Identity;

/// Somebody as another system has them.
#[derive(Clone, Debug, Default)]
pub struct ImportedUser {
    /// The username. Where it looks like an address or a number that is not among the contacts, it is brought as one of them, not
    /// verified.
    pub username: String,
    /// Addresses and numbers. The first of a kind is the primary one, unless another says so. A telephone number of the claims is
    /// brought as well.
    pub contacts: Vec<ImportedContact>,
    /// The hash of the password, in a form that can be verified.
    pub password_hash: Option<String>,
    /// Whether they may sign in.
    pub active: bool,
    /// Whether they may enter the administration.
    pub staff: bool,
    /// Whether they may do everything there.
    pub superuser: bool,
    /// Whether they need a second factor, whatever else asks for one.
    pub require_second_factor: bool,
    /// What applications may be told of them.
    pub claims: StandardClaims,
    /// The attributes that are declared, by their names; the required ones among them.
    pub attributes: Map<String, Value>,
    /// When they were created.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub last_sign_in: Option<Timestamp>,
}

/// An address or number as another system has it.
#[derive(Clone, Debug)]
pub struct ImportedContact {
    /// What it is.
    pub kind: ContactKind,
    /// As it stands there.
    pub value: String,
    /// Whether they were shown to hold it.
    pub verified: bool,
    /// Whether it is the primary one of its kind.
    pub primary: bool,
    /// Whether others there have it too: then nobody signs in or recovers by it, but by the username that it is.
    pub shared: bool,
}

/// Why somebody was not brought.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Another user goes by that name, or by one that looks like it, or has it as an address.
    #[error("the username is taken")]
    UsernameTaken,
    /// An address leads to another user, or one that looks like it does.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// A field breaks a rule.
    #[error("{field}: {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Attributes that are missing or not allowed: everything that is wrong with them.
    #[error(transparent)]
    Attributes(BadAttributes),
    /// There is no such user.
    #[error("there is no user {0}")]
    NoSuchUser(
        /// Who was asked for.
        UserId,
    ),
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Users {
    /// Brings somebody new.
    ///
    /// # Errors
    /// A name or address that leads to another, a field or attribute that breaks a rule, a store that does not answer. All but the
    /// last leave the transaction as it was.
    pub async fn insert_in(
        &self,
        transaction: &DatabaseTransaction,
        user: ImportedUser,
    ) -> Result<UserId, ImportError> {
        let id = UserId::random(&self.random);
        let row = Model {
            id: id.to_string(),
            created_at: user.created_at.millis(),
            updated_at: self.clock.now().millis(),
            last_sign_in: user.last_sign_in.map(Timestamp::millis),
            password_hash: user.password_hash.clone(),
            ..marked(Model::blank(0), &user)
        };
        let mut draft = drafted(user, Contacts::default(), StandardClaims::default())?;
        draft.insert(transaction, row, Sharing::Told).await?;
        Ok(id)
    }

    /// Brings somebody again who is here, and tells whether anything was different. The source's word counts, marks included, with
    /// these exceptions: a password that is here stays, since people change theirs and hashes are renewed; what was verified here
    /// stays verified; contacts, claims and attributes that the source does not have stay; the later sign-in counts.
    ///
    /// # Errors
    /// No such user; else as [`Users::insert_in`].
    pub async fn update_in(
        &self,
        transaction: &DatabaseTransaction,
        id: UserId,
        user: ImportedUser,
    ) -> Result<bool, ImportError> {
        let before = self.lock(transaction, id).await?.ok_or(ImportError::NoSuchUser(id))?;
        let row = before.row.clone();
        let row = Model {
            password_hash: row.password_hash.clone().or_else(|| user.password_hash.clone()),
            last_sign_in: row.last_sign_in.max(user.last_sign_in.map(Timestamp::millis)),
            ..marked(row, &user)
        };
        let contacts = Contacts::read(before.contacts.clone());
        let mut draft = drafted(user, contacts, read_claims(&before.row)?)?;
        let now = self.clock.now().millis();
        let (_, changed) = draft.update(transaction, &before, row, Sharing::Told, now).await?;
        Ok(changed)
    }

    /// The user to whom a username, else an address or number leads, as the transaction sees them.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn find_in(
        &self,
        transaction: &DatabaseTransaction,
        identifier: &str,
    ) -> Result<Option<User>, Unavailable> {
        self.row_by(transaction, identifier, Identifiers::ALL).await?.map(User::try_from).transpose()
    }
}

fn marked(row: Model, user: &ImportedUser) -> Model {
    Model {
        active: user.active,
        staff: user.staff,
        superuser: user.superuser,
        require_second_factor: user.require_second_factor,
        ..row
    }
}

impl From<Invalid> for ImportError {
    fn from(Invalid { field, why }: Invalid) -> Self {
        Self::Invalid { field, why }
    }
}

impl From<Refusal> for ImportError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Taken(Taken::Username) => Self::UsernameTaken,
            Refusal::Taken(Taken::Email) => Self::EmailTaken,
            Refusal::Attributes(bad) => Self::Attributes(bad),
            Refusal::Unavailable(cause) => Self::Unavailable(cause),
        }
    }
}
