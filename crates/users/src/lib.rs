//! Who people are: creating and finding them, and finding out whether it is them.
//!
//! [`Users`] owns the table `users` and the rules around it; [`PasswordHasher`] is the only place where passwords are hashed,
//! on a few threads with a bounded queue. The crates above see [`User`], which never holds a password or its hash.

mod authenticate;
mod change;
mod claims;
mod create;
mod entity;
mod error;
mod find;
mod hashing;
mod passwords;
mod rules;
mod user;

use std::sync::Arc;

use vestibule_core::{Clock, Random};
use vestibule_database::Database;

pub use claims::{Address, ClaimError, StandardClaims};
pub use error::{AuthenticateError, ChangeError, CreateError, Unavailable};
pub use find::Page;
pub use hashing::{
    HashingError, HashingPolicy, HashingPolicyError, ImportedHash, PasswordHasher, StartError, UnknownHash, Verdict,
};
pub use passwords::{About, PasswordProblem, PasswordRule, PasswordRules, UnknownRule};
pub use user::{Changes, NewUser, User};

/// The people who can sign in here. Cheap to clone.
///
/// A username and an e-mail address each have one normal form ([`vestibule_core::NormalisedIdentifier`]), unique in the table,
/// so that nobody can take a look-alike of another's; what people see is what was typed.
#[derive(Clone, Debug)]
pub struct Users {
    database: Database,
    hasher: PasswordHasher,
    clock: Clock,
    random: Random,
    password_rules: Arc<PasswordRules>,
}

impl Users {
    /// On a database whose schema is up to date. New passwords are held against [`PasswordRules::default`].
    #[must_use]
    pub fn new(database: Database, hasher: PasswordHasher, clock: Clock, random: Random) -> Self {
        Self { database, hasher, clock, random, password_rules: Arc::default() }
    }

    /// The same, but new passwords are held against these rules. Those that people have already stay good.
    #[must_use]
    pub fn with_password_rules(self, rules: PasswordRules) -> Self {
        Self { password_rules: Arc::new(rules), ..self }
    }

    /// What a new password must be: [`PasswordRules::describe`] tells it before somebody types one.
    #[must_use]
    pub fn password_rules(&self) -> &PasswordRules {
        &self.password_rules
    }

    /// How many characters a new password needs at least.
    #[must_use]
    pub fn shortest_password(&self) -> usize {
        self.password_rules.shortest()
    }
}
