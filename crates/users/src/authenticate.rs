//! Finding out whether it is them: by password.
//!
//! Unknown, wrong, not active, no password: one answer, one Argon2 hash computed each time, and as long a wait (attack A60).
//! The log says which it was, by the user's id; what was typed is in no log, since people type passwords into the wrong field.

use std::{collections::HashSet, time::Instant};

use sea_orm::{
    ColumnTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, QueryFilter, Statement, Value, sea_query::Expr,
};
use secrecy::SecretString;
use vestibule_database::{Database, Gather, in_few_shapes};

use crate::{
    AuthenticateError, HashingError, Named, User, Users,
    entity::{Column, Entity, Model},
    rules::could_be_a_password,
};

/// How often a sign-in looks again because the row changed under it. Two changes within two hashes are no accident.
const LOOKS: usize = 3;

/// What was found out about a password.
enum Proof {
    /// It is not theirs, or they may not sign in.
    None,
    /// It is theirs; the hash to replace the stored one, where that is out of date.
    Proven { renewed: Option<String> },
}

impl Users {
    /// The user who goes by `identifier` (username, else e-mail address), if `password` is theirs and they are active.
    ///
    /// A hash made under an older policy is replaced on the way, unless the password was changed meanwhile; the moment is kept
    /// as `last_sign_in`.
    ///
    /// # Errors
    /// [`AuthenticateError::Refused`], the same for every reason; [`AuthenticateError::Busy`] in a storm of sign-ins;
    /// [`AuthenticateError::Unavailable`] where the store does not answer.
    pub async fn authenticate(&self, identifier: &str, password: &SecretString) -> Result<User, AuthenticateError> {
        let named = self.named(identifier).await?;
        self.authenticate_named(named, password).await
    }

    /// The same, of who was just found to go by what was typed. It does not matter how long ago: what has changed since is seen
    /// when the sign-in is written down.
    ///
    /// # Errors
    /// As [`Users::authenticate`].
    pub async fn authenticate_named(&self, named: Named, password: &SecretString) -> Result<User, AuthenticateError> {
        if !could_be_a_password(password) {
            tracing::info!("a sign-in was refused: the password is longer than any can be");
            return Err(AuthenticateError::Refused);
        }
        let began = Instant::now();
        let Named { identifier, row } = named;
        let mut row = row.map(|row| *row);
        for _ in 0..LOOKS {
            let (Some(found), Proof::Proven { renewed }) = self.prove(row, password).await? else {
                self.hasher.level(began).await;
                return Err(AuthenticateError::Refused);
            };
            if let Some(user) = self.admit(found, renewed).await? {
                tracing::info!(user = %user.id, "a user signed in with a password");
                return Ok(user);
            }
            row = self.find_row(&identifier).await?;
        }
        tracing::warn!("a sign-in was refused: the user kept changing while the password was verified");
        Err(AuthenticateError::Refused)
    }

    /// Computes one hash, whatever there is to compare it with.
    async fn prove(
        &self,
        row: Option<Model>,
        password: &SecretString,
    ) -> Result<(Option<Model>, Proof), AuthenticateError> {
        let refused = match &row {
            None => "nobody goes by that name",
            Some(row) if !row.active => "the user is not active",
            Some(Model { password_hash: None, .. }) => "the user has no password",
            Some(Model { password_hash: Some(hash), id, .. }) => match self.hasher.verify(password, hash).await {
                Ok(verdict) if verdict.matches => {
                    let renewed = if verdict.needs_rehash { self.renew(id, password).await } else { None };
                    return Ok((row, Proof::Proven { renewed }));
                }
                Ok(_) => {
                    tracing::info!(user = %id, "a sign-in was refused: the password is wrong");
                    return Ok((row, Proof::None));
                }
                Err(HashingError::Unverifiable(why)) => why,
                Err(error) => return Err(error.into()),
            },
        };
        self.hasher.verify_nothing(password).await?;
        let user = row.as_ref().map(|row| tracing::field::display(&row.id));
        tracing::info!(user, "a sign-in was refused: {refused}");
        Ok((row, Proof::None))
    }

    /// The hash by today's policy; none where the pool has no time for it, since the sign-in does not depend on it.
    async fn renew(&self, id: &str, password: &SecretString) -> Option<String> {
        match self.hasher.hash(password).await {
            Ok(hash) => Some(hash),
            Err(error) => {
                tracing::warn!(user = %id, %error, "a password hash stays out of date until the next sign-in");
                None
            }
        }
    }

    /// Writes the sign-in down, provided that the user is still active and the password still the one that was verified;
    /// `None` where it is not so any more.
    async fn admit(&self, row: Model, renewed: Option<String>) -> Result<Option<User>, AuthenticateError> {
        let now = self.clock.now().millis();
        let Some(verified) = row.password_hash.clone() else { return Ok(None) };
        let admitted = match &renewed {
            None => {
                let entry = Entry { id: row.id.clone(), password_hash: verified, at: now };
                self.entries.ask(entry).await.map_err(DbErr::from)?
            }
            Some(hash) => {
                let update = Entity::update_many()
                    .col_expr(Column::LastSignIn, Expr::value(now))
                    .col_expr(Column::PasswordHash, Expr::value(hash))
                    .filter(Column::Id.eq(&row.id))
                    .filter(Column::Active.eq(true))
                    .filter(Column::PasswordHash.eq(verified));
                update.exec(self.database.writer()).await?.rows_affected > 0
            }
        };
        if !admitted {
            return Ok(None);
        }
        let password_hash = renewed.or(row.password_hash);
        Ok(Some(Model { password_hash, last_sign_in: Some(now), ..row }.try_into()?))
    }
}

/// So many sign-ins are written down by one statement at most.
const MOST: usize = 32;

/// A sign-in to be written down, of somebody whose password was verified against this hash.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    id: String,
    password_hash: String,
    at: i64,
}

/// Writes sign-ins down in groups. The answer is whether the user is still active, and the hash still theirs.
pub(crate) fn entries(database: Database) -> Gather<Entry, bool> {
    Gather::new(MOST, move |entries: Vec<Entry>| {
        let database = database.clone();
        async move {
            let writer = database.writer();
            let statement = enter(writer.get_database_backend(), entries.clone());
            let entered: HashSet<Entered> =
                Entered::find_by_statement(statement).all(writer).await?.into_iter().collect();
            let is_entered = |Entry { id, password_hash, .. }| entered.contains(&Entered { id, password_hash });
            Ok(entries.into_iter().map(is_entered).collect())
        }
    })
}

#[derive(PartialEq, Eq, Hash, FromQueryResult)]
struct Entered {
    id: String,
    password_hash: String,
}

/// `UPDATE … FROM (VALUES …)`, which both engines have. They name the columns of the values themselves.
fn enter(backend: DbBackend, mut entries: Vec<Entry>) -> Statement {
    // In one order on every replica, so that no two statements wait for each other's rows.
    entries.sort_by(|one, other| one.id.cmp(&other.id));
    let entries = in_few_shapes(entries.into_iter().map(Some).collect(), &None);
    let mut values = Vec::with_capacity(entries.len() * 3);
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let n = values.len();
        rows.push(format!("(CAST(${} AS text), CAST(${} AS text), CAST(${} AS bigint))", n + 1, n + 2, n + 3));
        let (id, hash, at) = match entry {
            Some(Entry { id, password_hash, at }) => (Some(id), Some(password_hash), Some(at)),
            None => (None, None, None),
        };
        values.extend([Value::from(id), hash.into(), at.into()]);
    }
    let sql = format!(
        "UPDATE users SET last_sign_in = new.column3 FROM (VALUES {}) AS new \
         WHERE users.id = new.column1 AND users.password_hash = new.column2 AND users.active \
         RETURNING users.id, users.password_hash",
        rows.join(", ")
    );
    Statement::from_sql_and_values(backend, sql, values)
}
