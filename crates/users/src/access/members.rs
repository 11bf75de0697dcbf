//! Who is in which group.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    sea_query::OnConflict,
};
use vestibule_core::{GroupId, UserId};

use super::{
    Access, AccessError, BATCH, Touched,
    tables::{group, group_user},
};
use crate::entity;

impl Access {
    /// Puts a user into a group. Returns whether that is new.
    ///
    /// # Errors
    /// No such group or user, or a store that does not answer.
    pub async fn add_user(&self, group: GroupId, user: UserId) -> Result<bool, AccessError> {
        let transaction = self.0.database.begin().await?;
        let added = self.add_user_in(&transaction, group, user).await?;
        self.settle(transaction, added.then_some(Touched::User(user))).await?;
        tracing::info!(%group, %user, added, "a user was put into a group");
        Ok(added)
    }

    /// [`Access::add_user`] in a transaction; it concerns the user.
    ///
    /// # Errors
    /// As [`Access::add_user`].
    pub async fn add_user_in(
        &self,
        transaction: &DatabaseTransaction,
        group: GroupId,
        user: UserId,
    ) -> Result<bool, AccessError> {
        group_is_there(transaction, group).await?;
        user_is_there(transaction, user).await?;
        Ok(self.add_users_in(transaction, &[(group, user)]).await? > 0)
    }

    /// Puts many users into groups, and returns how many memberships are new. It concerns everyone.
    ///
    /// # Errors
    /// [`AccessError::Gone`] where a group or a user is not there; a store that does not answer.
    pub async fn add_users_in(
        &self,
        transaction: &DatabaseTransaction,
        members: &[(GroupId, UserId)],
    ) -> Result<u64, AccessError> {
        let now = self.0.clock.now().millis();
        let mut added = 0;
        for batch in members.chunks(BATCH) {
            let rows = batch.iter().map(|(group, user)| group_user::ActiveModel {
                group_id: Set(group.to_string()),
                user_id: Set(user.to_string()),
                added_at: Set(now),
            });
            let known =
                OnConflict::columns([group_user::Column::GroupId, group_user::Column::UserId]).do_nothing().to_owned();
            let insert = group_user::Entity::insert_many(rows).on_conflict(known);
            added += insert.exec_without_returning(transaction).await?;
        }
        Ok(added)
    }

    /// Takes a user out of a group. Returns whether they were in it.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn remove_user(&self, group: GroupId, user: UserId) -> Result<bool, AccessError> {
        let transaction = self.0.database.begin().await?;
        let removed = self.remove_user_in(&transaction, group, user).await?;
        self.settle(transaction, removed.then_some(Touched::User(user))).await?;
        tracing::info!(%group, %user, removed, "a user was taken out of a group");
        Ok(removed)
    }

    /// [`Access::remove_user`] in a transaction; it concerns the user.
    ///
    /// # Errors
    /// As [`Access::remove_user`].
    pub async fn remove_user_in(
        &self,
        transaction: &DatabaseTransaction,
        group: GroupId,
        user: UserId,
    ) -> Result<bool, AccessError> {
        let membership = group_user::Entity::delete_by_id((group.to_string(), user.to_string()));
        Ok(membership.exec(transaction).await?.rows_affected > 0)
    }
}

/// Whether there is such a group.
pub(super) async fn group_is_there(connection: &impl ConnectionTrait, id: GroupId) -> Result<(), AccessError> {
    let found: Option<String> = group::Entity::find_by_id(id.to_string())
        .select_only()
        .column(group::Column::Id)
        .into_tuple()
        .one(connection)
        .await?;
    found.map(drop).ok_or(AccessError::NoSuchGroup(id))
}

/// Whether there is such a user.
pub(super) async fn user_is_there(connection: &impl ConnectionTrait, id: UserId) -> Result<(), AccessError> {
    let found: Option<String> = entity::Entity::find()
        .filter(entity::Column::Id.eq(id.to_string()))
        .select_only()
        .column(entity::Column::Id)
        .into_tuple()
        .one(connection)
        .await?;
    found.map(drop).ok_or(AccessError::NoSuchUser(id))
}
