//! Finding out whether it is them: by password.
//!
//! Unknown, wrong, not active, no password: one answer, one Argon2 hash computed each time, and as long a wait (attack A60).
//! The log says which it was, by the user's id; what was typed is in no log, since people type passwords into the wrong field.

use std::time::Instant;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use secrecy::SecretString;

use crate::{
    AuthenticateError, HashingError, User, Users,
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
        if !could_be_a_password(password) {
            tracing::info!("a sign-in was refused: the password is longer than any can be");
            return Err(AuthenticateError::Refused);
        }
        let began = Instant::now();
        for _ in 0..LOOKS {
            let row = self.find_row(identifier).await?;
            let (Some(row), Proof::Proven { renewed }) = self.prove(row, password).await? else {
                self.hasher.level(began).await;
                return Err(AuthenticateError::Refused);
            };
            if let Some(user) = self.admit(row, renewed).await? {
                tracing::info!(user = %user.id, "a user signed in with a password");
                return Ok(user);
            }
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
        let mut update = Entity::update_many()
            .col_expr(Column::LastSignIn, Expr::value(now))
            .filter(Column::Id.eq(&row.id))
            .filter(Column::Active.eq(true))
            .filter(Column::PasswordHash.eq(row.password_hash.clone()));
        if let Some(hash) = &renewed {
            update = update.col_expr(Column::PasswordHash, Expr::value(hash));
        }
        if update.exec(self.database.writer()).await?.rows_affected == 0 {
            return Ok(None);
        }
        let password_hash = renewed.or(row.password_hash);
        Ok(Some(Model { password_hash, last_sign_in: Some(now), ..row }.try_into()?))
    }
}
