//! Grants that end: of a person, a session, an application, a consent, or one by itself; and those whose time is over.
//!
//! The revocation log comes first, so that nothing is given for them from then on. What was given a moment before, on another
//! replica that had not read the log yet, is named by the grants themselves, once their rows are gone and none can follow.

use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use vestibule_core::{ClientId, GrantId, PublicSessionId, Timestamp, UserId};
use vestibule_database::Database;
use vestibule_tokens::{Revocation, RevocationError, RevocationLog, Subject};

use super::Grants;
use crate::{Unavailable, provider::LONGEST_ACCESS_TOKEN, tables::grant};

/// Rows deleted at a time, so that nobody waits for long.
const PAGE: u64 = 500;
/// How often grants are looked for whose time is over.
const SWEEP_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// Whose grants end.
#[derive(Clone, Debug)]
pub enum Whose {
    /// A person's.
    User(UserId),
    /// Those of one browser session.
    Session(PublicSessionId),
    /// Those of one person at one application.
    Consent(UserId, ClientId),
    /// One.
    Grant(GrantId),
}

impl Whose {
    fn condition(&self) -> Condition {
        match self {
            Self::User(user) => Condition::all().add(grant::Column::UserId.eq(user.to_string())),
            Self::Session(sid) => Condition::all().add(grant::Column::Session.eq(sid.to_string())),
            Self::Consent(user, client) => Condition::all()
                .add(grant::Column::UserId.eq(user.to_string()))
                .add(grant::Column::ClientId.eq(client.as_str())),
            Self::Grant(id) => Condition::all().add(grant::Column::Id.eq(id.to_string())),
        }
    }
}

/// Why grants did not end.
#[derive(Debug, thiserror::Error)]
pub enum EndingError {
    /// The table does not answer.
    #[error("cannot delete grants: {0}")]
    Table(#[from] DbErr),
    /// The log does not answer.
    #[error(transparent)]
    Log(#[from] RevocationError),
}

impl From<EndingError> for Unavailable {
    fn from(error: EndingError) -> Self {
        Self::because(error)
    }
}

/// Ends grants, with every token that was minted from them. Whoever calls this has said it in the log before, as far as it is to
/// hit what is minted in other ways too.
///
/// # Errors
/// A database that does not answer: some may have ended then.
pub async fn end_grants(
    database: &Database,
    log: &RevocationLog,
    whose: &Whose,
    now: Timestamp,
) -> Result<Vec<GrantId>, EndingError> {
    let ended = delete(database.writer(), whose.condition()).await?;
    for grant in &ended {
        let subject = Subject::Grant(*grant);
        let expires_at = now + LONGEST_ACCESS_TOKEN;
        log.revoke(Revocation { subject, issued_before: None, expires_at }).await?;
    }
    Ok(ended)
}

async fn delete(connection: &impl ConnectionTrait, which: Condition) -> Result<Vec<GrantId>, DbErr> {
    let rows = grant::Entity::delete_many().filter(which).exec_with_returning(connection).await?;
    Ok(rows.into_iter().filter_map(|row| row.id.parse().ok()).collect())
}

impl Grants {
    /// Ends grants, with every token that was minted from them.
    pub(crate) async fn end(&self, log: &RevocationLog, whose: &Whose) -> Result<Vec<GrantId>, EndingError> {
        end_grants(self.database(), log, whose, self.now()).await
    }

    /// Sweeps what is over until `shutdown` turns true or its sender is gone.
    pub async fn follow(self, mut shutdown: watch::Receiver<bool>) {
        let mut sweep = interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = told_to_stop(&mut shutdown) => return,
                _ = sweep.tick() => if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "grants whose time is over cannot be deleted");
                },
            }
        }
    }

    /// Deletes the grants whose time is over, in small batches. Returns how many that were.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn sweep(&self) -> Result<u64, DbErr> {
        let over = self.now().millis();
        let mut swept = 0;
        loop {
            let ids: Vec<String> = grant::Entity::find()
                .select_only()
                .column(grant::Column::Id)
                .filter(grant::Column::EndsAt.lte(over))
                .limit(PAGE)
                .into_tuple()
                .all(self.database().reader())
                .await?;
            if ids.is_empty() {
                return Ok(swept);
            }
            // Asked once more: it may have been used meanwhile.
            let named = grant::Entity::delete_many().filter(grant::Column::Id.is_in(ids));
            swept += named.filter(grant::Column::EndsAt.lte(over)).exec(self.database().writer()).await?.rows_affected;
        }
    }
}

/// Ends when `shutdown` turns true or its sender is gone. (What `wait_for` returns must not be held across an await.)
async fn told_to_stop(shutdown: &mut watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|stop| *stop).await;
}
