//! Putting another password in the place of the present one.
//!
//! The rules and the hash take long, so they are done before the row is locked. Where the rules look at former passwords and
//! the present one changed meanwhile, everything is looked at again.

use std::time::Duration;

use sea_orm::{DatabaseTransaction, EntityTrait, QuerySelect, Set};
use secrecy::SecretString;
use vestibule_core::{Timestamp, UserId};

use super::{About, history};
use crate::{
    ChangeError, ImportedHash, Unavailable, User, Users,
    entity::{ActiveModel, Entity, Model},
};

/// How often a change looks again because the password changed under it. As many changes within as many hashes are no
/// accident.
const LOOKS: usize = 3;

impl Users {
    /// Gives a user a new password. Their sessions and tokens are for the caller to end.
    ///
    /// # Errors
    /// No such user, every rule that the password breaks, a busy pool or a password that others keep changing, a store that
    /// does not answer.
    pub async fn set_password(&self, id: UserId, password: &SecretString) -> Result<(), ChangeError> {
        let mut hash = None;
        for _ in 0..LOOKS {
            let before = self.present(id).await?;
            let used = self.used(&before).await?;
            let about = About::user(&User::try_from(before.clone())?);
            let problems = self.problems(password, &about, &used).await?;
            if !problems.is_empty() {
                return Err(ChangeError::WeakPassword(problems));
            }
            let new = match hash.take() {
                Some(hash) => hash,
                None => self.hasher.hash(password).await?,
            };
            if self.replace(id, Expected::This(&before), Some(new.clone()), Some(self.clock.now())).await? {
                tracing::info!(user = %id, "a user has a new password");
                return Ok(());
            }
            hash = Some(new);
        }
        tracing::warn!(user = %id, "a password was not changed: it kept changing while the new one was looked at");
        Err(ChangeError::Busy { retry_after: Duration::from_secs(1) })
    }

    /// Takes a user's password away, so that they cannot sign in by password until they have a new one. Their sessions and
    /// tokens are for the caller to end.
    ///
    /// # Errors
    /// No such user, or a store that does not answer.
    pub async fn set_unusable_password(&self, id: UserId) -> Result<(), ChangeError> {
        self.replace(id, Expected::Any, None, Some(self.clock.now())).await?;
        tracing::info!(user = %id, "a user has no password any more");
        Ok(())
    }

    /// Gives a user a password that another system hashed. No rule is asked, since nobody knows the password,
    /// and when it was set nobody knows either.
    ///
    /// # Errors
    /// No such user, or a store that does not answer.
    pub async fn set_imported_password(&self, id: UserId, imported: ImportedHash) -> Result<(), ChangeError> {
        let hasher = imported.hasher();
        self.replace(id, Expected::Any, imported.into_stored(), None).await?;
        tracing::info!(user = %id, hasher, "a user has a password that was made elsewhere");
        Ok(())
    }

    async fn present(&self, id: UserId) -> Result<Model, ChangeError> {
        let row = Entity::find_by_id(id.to_string()).one(self.database.reader()).await?;
        row.ok_or(ChangeError::NoSuchUser(id))
    }

    /// Writes the new hash. `false` where the present hash is
    /// not the one that was judged; without a history it does not matter, and the last one to write wins.
    async fn replace(
        &self,
        id: UserId,
        expected: Expected<'_>,
        hash: Option<String>,
        changed_at: Option<Timestamp>,
    ) -> Result<bool, ChangeError> {
        let remembered = self.password_rules.remembered();
        let transaction = self.database.begin().await?;
        // The row stays as it was read until it is written: PostgreSQL locks it, and SQLite has one writer.
        let found = Entity::find_by_id(id.to_string()).lock_exclusive().one(&transaction).await?;
        let present = found.ok_or(ChangeError::NoSuchUser(id))?;
        if remembered > 0 && !expected.is(&present) {
            transaction.rollback().await?;
            return Ok(false);
        }
        self.write_password(&transaction, present, hash, changed_at).await?;
        self.commit_known(transaction, id).await?;
        Ok(true)
    }

    /// Writes the new hash into a row that is locked, and the old one into the history where the rules ask for one.
    pub(crate) async fn write_password(
        &self,
        transaction: &DatabaseTransaction,
        present: Model,
        hash: Option<String>,
        changed_at: Option<Timestamp>,
    ) -> Result<(), Unavailable> {
        let (now, kept) = (self.clock.now().millis(), self.password_rules.remembered().saturating_sub(1));
        history::remember(transaction, &present.id, present.password_hash, now, kept).await?;
        let row = ActiveModel {
            id: Set(present.id),
            password_hash: Set(hash),
            password_changed_at: Set(changed_at.map(Timestamp::millis)),
            updated_at: Set(now),
            ..Default::default()
        };
        Entity::update(row).exec(transaction).await?;
        Ok(())
    }
}

/// Which hash the row must still hold.
enum Expected<'a> {
    Any,
    This(&'a Model),
}

impl Expected<'_> {
    fn is(&self, present: &Model) -> bool {
        match self {
            Self::Any => true,
            Self::This(before) => before.password_hash == present.password_hash,
        }
    }
}
