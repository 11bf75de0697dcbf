//! Telling every process that what it keeps of what a user may do has changed, where it changes with the user: active or not,
//! superuser or not, called otherwise, gone.

use sea_orm::{DatabaseTransaction, DbErr};
use vestibule_core::UserId;
use vestibule_database::ChangeLog;

use crate::{Users, access::Touched};

impl Users {
    /// The same, but what decides what people may do is told to [`Access`](crate::Access) in every process.
    #[must_use]
    pub fn with_changes(self, changes: ChangeLog) -> Self {
        Self { changes: Some(changes), ..self }
    }

    /// Ends a transaction that changed what a user may do, and tells of it.
    pub(crate) async fn commit_access(&self, transaction: DatabaseTransaction, id: UserId) -> Result<(), DbErr> {
        let Some(changes) = &self.changes else { return transaction.commit().await };
        changes.record(&transaction, &Touched::User(id).into()).await?;
        transaction.commit().await?;
        changes.announce(Touched::User(id).into());
        Ok(())
    }
}
