//! What the store of users promises, whatever engine lies beneath. A test program includes this and says how to `open` one.

mod access;
mod api_tokens;
mod attributes;
mod authenticating;
mod certificates;
mod changing;
mod contacts;
mod creating;
mod importing;
mod moving_in;
mod passwords;
mod recovery;
mod searching;
mod second_factors;
mod ways;

use std::{future::Future, time::Duration};

use tempfile::TempDir;
use tokio::task::JoinSet;
use vestibule_core::{Clock, Random};
use vestibule_database::Database;
use vestibule_users::{AuthenticateError, HashingPolicy, NewUser, PasswordHasher, User, Users};

/// Everyone's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A store with nobody in it, and what it stands on.
pub(crate) struct Site {
    pub(crate) users: Users,
    pub(crate) database: Database,
    pub(crate) clock: Clock,
    _folder: Option<TempDir>,
}

impl Site {
    pub(crate) async fn new(database: Database, folder: Option<TempDir>) -> Self {
        database.migrate().await.unwrap();
        let clock = Clock::system();
        let users = Users::new(database.clone(), hasher(64), clock.clone(), Random::system());
        Self { users, database, clock, _folder: folder }
    }

    /// Someone with an address and the password.
    pub(crate) fn person(&self, name: &str) -> NewUser {
        NewUser { email: Some(format!("{name}@example.com")), password: Some(PASSWORD.into()), ..NewUser::named(name) }
    }

    pub(crate) async fn sign_in(&self, identifier: &str, password: &str) -> Result<User, AuthenticateError> {
        self.users.authenticate(identifier, &password.into()).await
    }

    /// The same users under a policy that hashes otherwise than the one they were made under.
    pub(crate) fn under_a_new_policy(&self) -> Users {
        Users::new(self.database.clone(), hasher(128), self.clock.clone(), Random::system())
    }

    pub(crate) async fn stored_hash(&self, user: &User) -> Option<String> {
        use sea_orm::{ConnectionTrait, Statement};
        let writer = self.database.writer();
        let sql = format!("SELECT password_hash FROM users WHERE id = '{}'", user.id);
        let row = writer.query_one_raw(Statement::from_string(writer.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    }

    pub(crate) async fn store_hash(&self, user: &User, hash: &str) {
        use sea_orm::ConnectionTrait;
        let sql = format!("UPDATE users SET password_hash = '{hash}' WHERE id = '{}'", user.id);
        self.database.writer().execute_unprepared(&sql).await.unwrap();
    }
}

/// A pool that costs a test little.
fn hasher(memory_kib: u32) -> PasswordHasher {
    let policy = HashingPolicy { memory_kib, iterations: 1, ..HashingPolicy::default() };
    PasswordHasher::new(policy, Random::system()).unwrap()
}

/// Brings people called mass00000, mass00001 and so on, in one transaction.
pub(crate) async fn many(site: &Site, from: usize, count: usize) {
    use vestibule_users::{ContactKind, ImportedContact, ImportedUser};
    let transaction = site.database.begin().await.unwrap();
    for number in from..from + count {
        let username = format!("mass{number:05}");
        let value = format!("{username}@example.com");
        let contact =
            ImportedContact { kind: ContactKind::Email, value, verified: false, primary: true, shared: false };
        let user = ImportedUser { username, contacts: vec![contact], active: true, ..ImportedUser::default() };
        site.users.insert_in(&transaction, user).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

/// Lets fifty callers do the same at once.
pub(crate) async fn fifty<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    call: impl Fn(usize) -> F,
) -> Vec<T> {
    let mut callers = JoinSet::new();
    for number in 0..50 {
        let call = call(number);
        callers.spawn(async move { (number, call.await) });
    }
    // They end in any order, and are told by their numbers.
    let mut answers = callers.join_all().await;
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// Longer than a millisecond, so that one moment can be told from another.
pub(crate) const A_WHILE: Duration = Duration::from_secs(5);
