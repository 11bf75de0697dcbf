//! The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.
//!
//! ```text
//!          begin_enrolment               confirm, with a code of it
//!  none ───────────────────▶ pending ────────────────────────────────▶ in force
//!    ▲                          │  begun again, or too old                 │
//!    └──────────────────────────┴──────────────── disable ─────────────────┘
//! ```
//!
//! Each code is good once (attack A64): the time step of the last one is stored, and only a later one moves it; a recovery code
//! is marked as used where it was not. Both are one conditional update, so that of many callers one wins. Tries are counted
//! before they are verified.
//!
//! Seeds lie sealed, bound to their user; recovery codes as keyed hashes, bound likewise. `enrolment` sets up and takes away;
//! here is what is asked at a sign-in. `policy` says of whom.

mod base32;
mod by_operator;
mod code;
mod enrolment;
mod entity;
mod error;
mod policy;
mod totp;

use std::{sync::Arc, time::Duration};

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use vestibule_core::{Clock, Digest, HashKey, Random, Timestamp, UserId, Vault};
use vestibule_database::{Database, Gather};
use vestibule_ephemeral::{Admission, Ephemeral, Kind, Pace};
use zeroize::Zeroizing;

use self::{
    code::Typed,
    entity::{codes, devices},
};
use crate::throttle::in_whole_seconds;
pub use enrolment::{Enrolment, SecondFactorStatus};
pub use error::SecondFactorError;
pub use policy::{AcrWish, Asking, Demand, SecondFactorPolicy, UnknownPolicy, demand};

const TRIES: Kind = Kind::new("second-factor-tries");

/// With what a second factor was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorUsed {
    /// A code of the app.
    Totp,
    /// A recovery code.
    RecoveryCode {
        /// How many are left.
        left: u64,
    },
}

/// Everyone's second factors. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SecondFactors {
    database: Database,
    enrolled: Gather<String, bool>,
    vault: Arc<Vault>,
    key: HashKey,
    tries: Ephemeral,
    clock: Clock,
    random: Random,
    issuer: String,
}

impl SecondFactors {
    /// On a database whose schema is up to date. `vault` seals seeds, `hash_key` is the provider's, `tries` counts what was
    /// tried, and `issuer` is the name under which an app lists what it keeps.
    #[must_use]
    pub fn new(
        database: Database,
        vault: Arc<Vault>,
        hash_key: &HashKey,
        tries: Ephemeral,
        clock: Clock,
        random: Random,
        issuer: impl Into<String>,
    ) -> Self {
        let key = hash_key.for_purpose("recovery code");
        let enrolled = by_operator::enrolled(database.clone());
        Self { database, enrolled, vault, key, tries, clock, random, issuer: issuer.into() }
    }

    /// Whether `code` shows the second factor of `user`: a code of their app, else a recovery code. It is spent then.
    ///
    /// # Errors
    /// [`SecondFactorError::Refused`], [`SecondFactorError::TooMany`]; a seed that does not open, or a store that does not
    /// answer.
    pub async fn verify(&self, user: UserId, code: &str) -> Result<SecondFactorUsed, SecondFactorError> {
        self.count_a_try(user).await?;
        let used = match Typed::read(code) {
            Some(Typed::Totp(code)) => self.spend_totp(user, &code).await?.then_some(SecondFactorUsed::Totp),
            Some(Typed::Recovery(code)) => self.spend_recovery_code(user, &code).await?,
            None => None,
        };
        let Some(used) = used else {
            tracing::info!(%user, "a second factor was refused");
            return Err(SecondFactorError::Refused);
        };
        self.give_back_a_try(user).await;
        tracing::info!(%user, ?used, "a second factor was shown");
        Ok(used)
    }

    async fn spend_totp(&self, user: UserId, code: &str) -> Result<bool, SecondFactorError> {
        let device = devices::Entity::find_by_id(user.to_string())
            .filter(devices::Column::ConfirmedAt.is_not_null())
            .one(self.database.reader())
            .await?;
        let Some(device) = device else { return Ok(false) };
        let seed = self.open(user, &device.sealed)?;
        let Some(step) = totp::step_of_code(&seed, code, self.clock.now()) else { return Ok(false) };
        let spent = devices::Entity::update_many()
            .col_expr(devices::Column::LastStep, Expr::value(step))
            .filter(devices::Column::UserId.eq(user.to_string()))
            .filter(devices::Column::LastStep.lt(step))
            // The device that was read, and not one that took its place meanwhile.
            .filter(devices::Column::Sealed.eq(device.sealed))
            .exec(self.database.writer())
            .await?;
        Ok(spent.rows_affected == 1)
    }

    async fn spend_recovery_code(
        &self,
        user: UserId,
        code: &str,
    ) -> Result<Option<SecondFactorUsed>, SecondFactorError> {
        let spent = codes::Entity::update_many()
            .col_expr(codes::Column::UsedAt, Expr::value(self.clock.now().millis()))
            .filter(codes::Column::UserId.eq(user.to_string()))
            .filter(codes::Column::Digest.eq(self.digest(user, code).as_bytes().to_vec()))
            .filter(codes::Column::UsedAt.is_null())
            .exec(self.database.writer())
            .await?;
        if spent.rows_affected == 0 {
            return Ok(None);
        }
        Ok(Some(SecondFactorUsed::RecoveryCode { left: self.codes_left(user).await? }))
    }

    async fn codes_left(&self, user: UserId) -> Result<u64, SecondFactorError> {
        Ok(by_operator::codes_left(&self.database, user).await?)
    }

    async fn count_a_try(&self, user: UserId) -> Result<(), SecondFactorError> {
        match self.tries.admit(TRIES, &user.to_string(), &pace()).await? {
            Admission::Admitted => Ok(()),
            Admission::Wait(wait) => {
                tracing::warn!(%user, "a second factor must wait: there were too many tries");
                Err(SecondFactorError::TooMany { retry_after: in_whole_seconds(wait) })
            }
        }
    }

    /// A code that was right does not count as a failure. Where that cannot be written down, it does, and nothing worse comes of it.
    async fn give_back_a_try(&self, user: UserId) {
        if let Err(error) = self.tries.give_back(TRIES, &user.to_string(), &pace()).await {
            tracing::warn!(%user, %error, "a second factor that was right counts as a failed try");
        }
    }

    fn open(&self, user: UserId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecondFactorError> {
        self.vault.open(&context(user), sealed).map_err(|source| SecondFactorError::Sealed { user, source })
    }

    fn digest(&self, user: UserId, code: &str) -> Digest {
        self.key.digest(&format!("{user} {code}"))
    }
}

/// What a seed is sealed for; it opens for nobody else.
fn context(user: UserId) -> String {
    format!("totp {user}")
}

/// Five tries are free, then there is one in 30 seconds, from ten on one in 5 minutes, from twenty on one in 15; one is forgiven
/// every ten minutes. So a guesser who knows the password has some 150 of a million codes a day.
fn pace() -> Pace {
    let seconds = Duration::from_secs;
    Pace { free: 5, waits: vec![seconds(30), seconds(300), seconds(900)], forgive: seconds(600) }
}

/// How long an enrolment may wait to be confirmed.
const PENDING_FOR: Duration = Duration::from_secs(1800);

fn is_too_old(created_at: i64, now: Timestamp) -> bool {
    now.since(Timestamp::from_millis(created_at)) >= PENDING_FOR
}
