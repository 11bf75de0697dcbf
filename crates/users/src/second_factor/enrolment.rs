//! Setting a second factor up, and taking it away. The caller has made sure that it is really them, by a fresh sign-in.

use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, ExprTrait, QueryFilter, QuerySelect, SqlErr,
    sea_query::{Expr, OnConflict},
};
use secrecy::SecretString;
use vestibule_core::{Timestamp, UserId};
use zeroize::Zeroizing;

use super::{
    SecondFactorError, SecondFactors, by_operator,
    code::{self, CODES, Typed},
    context,
    entity::{codes, devices},
    is_too_old, totp,
};

/// What a person puts into their app. It is shown while it is being set up, and never again.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The secret, to be typed: base 32.
    pub secret: SecretString,
    /// The same with everything else that an app wants to know, as a QR code holds it.
    pub url: SecretString,
}

/// What a person has of second factors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SecondFactorStatus {
    /// Since when their app is in force.
    pub enrolled_at: Option<Timestamp>,
    /// How many recovery codes are left.
    pub recovery_codes_left: u64,
}

impl SecondFactors {
    /// Begins to set up an app for `user`, who goes by `account` there. It takes the place of one that was begun before, and is
    /// not in force until [`SecondFactors::confirm`].
    ///
    /// # Errors
    /// [`SecondFactorError::AlreadyEnrolled`], [`SecondFactorError::NoSuchUser`], or a store that does not answer.
    pub async fn begin_enrolment(&self, user: UserId, account: &str) -> Result<Enrolment, SecondFactorError> {
        let seed: Zeroizing<[u8; totp::SEED_BYTES]> = Zeroizing::new(self.random.bytes());
        let row = devices::ActiveModel {
            user_id: Set(user.to_string()),
            sealed: Set(self.vault.seal(&context(user), &*seed, &self.random)),
            confirmed_at: Set(None),
            last_step: Set(0),
            created_at: Set(self.clock.now().millis()),
        };
        let mut unless_confirmed = OnConflict::column(devices::Column::UserId);
        unless_confirmed
            .update_columns([devices::Column::Sealed, devices::Column::LastStep, devices::Column::CreatedAt])
            .action_and_where(Expr::col((devices::Entity, devices::Column::ConfirmedAt)).is_null());
        let written = devices::Entity::insert(row)
            .on_conflict(unless_confirmed)
            .exec_without_returning(self.database.writer())
            .await
            .map_err(|error| match error.sql_err() {
                Some(SqlErr::ForeignKeyConstraintViolation(_)) => SecondFactorError::NoSuchUser(user),
                _ => error.into(),
            })?;
        if written == 0 {
            return Err(SecondFactorError::AlreadyEnrolled);
        }
        tracing::info!(%user, "a second factor is being set up");
        let secret = super::base32::for_apps(&*seed);
        Ok(Enrolment { secret: secret.as_str().into(), url: totp::url(&*seed, &self.issuer, account) })
    }

    /// What was begun and waits to be confirmed, for a page that is shown once more.
    ///
    /// # Errors
    /// A seed that does not open, or a store that does not answer.
    pub async fn pending_enrolment(&self, user: UserId, account: &str) -> Result<Option<Enrolment>, SecondFactorError> {
        let pending = devices::Entity::find_by_id(user.to_string()).one(self.database.reader()).await?;
        let now = self.clock.now();
        let Some(pending) =
            pending.filter(|device| device.confirmed_at.is_none() && !is_too_old(device.created_at, now))
        else {
            return Ok(None);
        };
        let seed = self.open(user, &pending.sealed)?;
        let secret = super::base32::for_apps(&seed);
        Ok(Some(Enrolment { secret: secret.as_str().into(), url: totp::url(&seed, &self.issuer, account) }))
    }

    /// Puts the app of `user` in force, once `code` shows that it has the secret. The code is spent. Returns the recovery codes,
    /// to be shown once.
    ///
    /// # Errors
    /// [`SecondFactorError::NothingPending`], [`SecondFactorError::Refused`], [`SecondFactorError::TooMany`]; a store that does
    /// not answer.
    pub async fn confirm(&self, user: UserId, code: &str) -> Result<Vec<SecretString>, SecondFactorError> {
        self.count_a_try(user).await?;
        let now = self.clock.now();
        let pending = devices::Entity::find_by_id(user.to_string()).one(self.database.reader()).await?;
        let pending = pending
            .filter(|device| device.confirmed_at.is_none() && !is_too_old(device.created_at, now))
            .ok_or(SecondFactorError::NothingPending)?;
        let Some(Typed::Totp(code)) = Typed::read(code) else { return Err(SecondFactorError::Refused) };
        let seed = self.open(user, &pending.sealed)?;
        let step = totp::step_of_code(&seed, &code, now).ok_or(SecondFactorError::Refused)?;
        let transaction = self.database.begin().await?;
        let confirmed = devices::Entity::update_many()
            .col_expr(devices::Column::ConfirmedAt, Expr::value(now.millis()))
            .col_expr(devices::Column::LastStep, Expr::value(step))
            .filter(devices::Column::UserId.eq(user.to_string()))
            .filter(devices::Column::ConfirmedAt.is_null())
            .filter(devices::Column::Sealed.eq(pending.sealed))
            .exec(&transaction)
            .await?;
        if confirmed.rows_affected == 0 {
            return Err(SecondFactorError::NothingPending);
        }
        let codes = self.renew_codes(&transaction, user).await?;
        transaction.commit().await?;
        self.give_back_a_try(user).await;
        tracing::info!(%user, "a second factor is in force");
        Ok(codes)
    }

    /// Gives `user` new recovery codes, to be shown once; those before open nothing any more.
    ///
    /// # Errors
    /// [`SecondFactorError::NotEnrolled`], or a store that does not answer.
    pub async fn new_recovery_codes(&self, user: UserId) -> Result<Vec<SecretString>, SecondFactorError> {
        let transaction = self.database.begin().await?;
        // The device is held, so that it cannot go, nor another call come between.
        let held = devices::Entity::find_by_id(user.to_string()).lock_exclusive().one(&transaction).await?;
        if held.is_none_or(|device| device.confirmed_at.is_none()) {
            return Err(SecondFactorError::NotEnrolled);
        }
        let codes = self.renew_codes(&transaction, user).await?;
        transaction.commit().await?;
        tracing::info!(%user, "recovery codes were made anew");
        Ok(codes)
    }

    /// Takes the second factor of `user` away, with its recovery codes; also one that is being set up. `true` where there was any.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn disable(&self, user: UserId) -> Result<bool, SecondFactorError> {
        Ok(by_operator::take_away(&self.database, user).await?)
    }

    /// What `user` has of second factors.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn status(&self, user: UserId) -> Result<SecondFactorStatus, SecondFactorError> {
        Ok(by_operator::status(&self.database, user).await?)
    }

    /// Whether `user` has a second factor that is set up.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn is_enrolled(&self, user: UserId) -> Result<bool, SecondFactorError> {
        Ok(self.enrolled.ask(user.to_string()).await.map_err(DbErr::from)?)
    }

    async fn renew_codes(
        &self,
        transaction: &DatabaseTransaction,
        user: UserId,
    ) -> Result<Vec<SecretString>, SecondFactorError> {
        codes::Entity::delete_many().filter(codes::Column::UserId.eq(user.to_string())).exec(transaction).await?;
        let (codes, shown): (Vec<_>, Vec<_>) = (0..CODES).map(|_| code::draw(&self.random)).unzip();
        let rows = codes.iter().map(|code| codes::ActiveModel {
            user_id: Set(user.to_string()),
            digest: Set(self.digest(user, code).as_bytes().to_vec()),
            used_at: Set(None),
        });
        codes::Entity::insert_many(rows).exec_without_returning(transaction).await?;
        Ok(shown)
    }
}
