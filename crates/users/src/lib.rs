//! Who people are: creating and finding them, and finding out whether it is them.
//!
//! [`Users`] owns the table `users` and the rules around it; [`PasswordHasher`] is the only place where passwords are hashed,
//! on a few threads with a bounded queue. [`Access`] owns groups and permissions, and says who may do what. The crates above see [`User`], which never holds a password or its hash.

mod access;
mod api_tokens;
mod attributes;
mod authenticate;
mod change;
mod claims;
mod contacts;
mod create;
mod draft;
mod entity;
mod error;
mod find;
mod hashing;
mod import;
mod links;
mod passwords;
mod portraits;
mod recovery;
mod rules;
mod sample;
mod search;
mod second_factor;
mod throttle;
mod told;
mod user;
mod ways;

use std::sync::Arc;

use vestibule_core::{Clock, Random};
use vestibule_database::{ChangeLog, Database, Gather};

pub use access::{
    Access, AccessError, Effective, Entitled, Group, GroupChanges, GroupCursor, GroupQuery, GroupSort, HeldGroup,
    Holder, Member, NameError, NamesForApps, NewGroup, NewPermission, OWN_RESOURCE_TYPES, ObjectName, Permission,
    PermissionName, PermissionQuery, Permit, Question, Reason, Touched,
};
pub use api_tokens::{ApiToken, ApiTokenError, ApiTokens};
pub use attributes::{
    AttributeError, AttributeKind, Attributes, Audience, BadAttribute, BadAttributes, Carried, Declaration, Definition,
    DefinitionError, Editor, Problem,
};
pub use claims::{Address, ClaimError, StandardClaims};
pub use contacts::{Contact, ContactError, ContactKind, NewContact};
pub use error::{AuthenticateError, ChangeError, CreateError, Unavailable};
pub use find::{Identifiers, Named, Page};
pub use hashing::{
    HashingError, HashingPolicy, HashingPolicyError, ImportedHash, PasswordHasher, StartError, UnknownHash, Verdict,
};
pub use import::{Identity, ImportError, ImportedContact, ImportedUser};
pub use passwords::{About, PasswordProblem, PasswordRule, PasswordRules, UnknownRule};
pub use portraits::{Portrait, Portraits};
pub use recovery::{
    AskError, NewAccount, Notice, Postman, Recovery, RecoverySettings, RecoveryUnavailable, RegisterError,
    Registration, ResetError, Verification, VerifyError,
};
pub use sample::{Sample, SampleError, SampleStep, Sampled};
pub use search::{Found, Query, SearchError, SortBy};
pub use second_factor::{
    AcrWish, Asking, Demand, Enrolment, SecondFactorError, SecondFactorPolicy, SecondFactorStatus, SecondFactorUsed,
    SecondFactors, UnknownPolicy, demand,
};
pub use throttle::{Admitted, Because, Throttle, ThrottleError, ThrottlePolicy, ThrottlePolicyError, Try};
pub use user::{Changes, NewUser, User};
pub use ways::{
    ApiTokenWay, Binding, BindingError, BindingKind, CertificateBindings, CertificateFields, CertificateRule,
    CertificateWay, Evidence, ForwardedCertificateError, InvalidBinding, PasswordWay, Proven, RemoteUserWay,
    UnknownCertificateRule, UnknownWay, Way, WayName, Ways, forwarded_certificate, normal_subject,
};

/// The people who can sign in here. Cheap to clone.
///
/// A username, an e-mail address and a telephone number each have one normal form ([`vestibule_core::NormalisedIdentifier`]),
/// unique in the tables where it leads to one person, so that nobody can take a look-alike of another's; what people see is what
/// was typed.
#[derive(Clone, Debug)]
pub struct Users {
    database: Database,
    entries: Gather<authenticate::Entry, bool>,
    hasher: PasswordHasher,
    clock: Clock,
    random: Random,
    identifiers: Identifiers,
    changes: Option<ChangeLog>,
    password_rules: Arc<PasswordRules>,
}

impl Users {
    /// On a database whose schema is up to date. New passwords are held against [`PasswordRules::default`].
    #[must_use]
    pub fn new(database: Database, hasher: PasswordHasher, clock: Clock, random: Random) -> Self {
        let identifiers = Identifiers::default();
        let entries = authenticate::entries(database.clone());
        Self { database, entries, hasher, clock, random, identifiers, changes: None, password_rules: Arc::default() }
    }

    /// The same, but people sign in by these.
    #[must_use]
    pub fn with_identifiers(self, identifiers: Identifiers) -> Self {
        Self { identifiers, ..self }
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

    /// The threads that hash passwords, for whatever else comes as a hash of that kind.
    #[must_use]
    pub fn hasher(&self) -> &PasswordHasher {
        &self.hasher
    }

    /// How many characters a new password needs at least.
    #[must_use]
    pub fn shortest_password(&self) -> usize {
        self.password_rules.shortest()
    }
}
