//! Telling every process that what it keeps of a user has changed: what is known of them, and what they may do where that changes
//! with it: active or not, superuser or not, called otherwise, gone.

use sea_orm::{DatabaseTransaction, DbErr};
use vestibule_core::UserId;
use vestibule_database::{Change, ChangeLog, Topic};

use crate::{Unavailable, Users, access::Touched};

impl Users {
    /// The same, but what changes of people is told to [`Access`](crate::Access) and [`Portraits`](crate::Portraits) in every
    /// process.
    #[must_use]
    pub fn with_changes(self, changes: ChangeLog) -> Self {
        Self { changes: Some(changes), ..self }
    }

    /// Ends a transaction that changed what is known of a user and nothing of what they may do, and tells of it.
    pub(crate) async fn commit_known(&self, transaction: DatabaseTransaction, id: UserId) -> Result<(), DbErr> {
        self.commit_telling(transaction, [known(id)]).await
    }

    /// Ends a transaction that changed what a user may do, and tells of it.
    pub(crate) async fn commit_access(&self, transaction: DatabaseTransaction, id: UserId) -> Result<(), DbErr> {
        self.commit_telling(transaction, [known(id), Touched::User(id).into()]).await
    }

    async fn commit_telling<const N: usize>(
        &self,
        transaction: DatabaseTransaction,
        told: [Change; N],
    ) -> Result<(), DbErr> {
        let Some(changes) = &self.changes else { return transaction.commit().await };
        for change in &told {
            changes.record(&transaction, change).await?;
        }
        transaction.commit().await?;
        for change in told {
            changes.announce(change);
        }
        Ok(())
    }

    /// Writes down that many were changed, as the last statement of a transaction of the caller's.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn note_in(&self, transaction: &DatabaseTransaction) -> Result<(), Unavailable> {
        let Some(changes) = &self.changes else { return Ok(()) };
        Ok(changes.record(transaction, &Change::all_of(Topic::People)).await?)
    }

    /// Tells this process, after the commit, that many were changed.
    pub fn announce(&self) {
        if let Some(changes) = &self.changes {
            changes.announce(Change::all_of(Topic::People));
        }
    }
}

fn known(id: UserId) -> Change {
    Change::of(Topic::People, id.to_string())
}
