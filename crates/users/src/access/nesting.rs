//! Groups in groups. Whoever is in `member` is, by that, in `group`, and holds what it holds.
//!
//! No group comes to be in itself: whoever nests is alone in doing so until the end of the transaction (PostgreSQL by an
//! advisory lock, SQLite by its one writer), and looks upwards from `group` before.

use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement, sea_query::OnConflict,
};
use vestibule_core::GroupId;

use super::{
    Access, AccessError, Group, Touched,
    members::group_is_there,
    tables::{group, group_group},
};
use crate::Unavailable;

/// Held by whoever nests. Not a lock of the table: removing a group takes that after the group's own row, so that the two
/// could wait for each other.
const ONE_AT_A_TIME: &str = "SELECT pg_advisory_xact_lock(hashtext('vestibule.group_groups'))";

/// Every group that holds the first one, however far up. A walk that never passes a group twice, so that it ends whatever the
/// table holds.
const IS_ABOVE: &str = "WITH RECURSIVE above(id) AS (\
     SELECT CAST($1 AS TEXT) UNION \
     SELECT gg.group_id FROM group_groups gg JOIN above ON gg.member_id = above.id\
     ) SELECT id FROM above WHERE id = $2";

impl Access {
    /// Puts a group into another. Returns whether that is new.
    ///
    /// # Errors
    /// No such group, [`AccessError::Cycle`] where `group` is in `member` already or is the same, a store that does not answer.
    pub async fn nest(&self, group: GroupId, member: GroupId) -> Result<bool, AccessError> {
        let transaction = self.0.database.begin().await?;
        let nested = self.nest_in(&transaction, group, member).await?;
        self.settle(transaction, nested.then_some(Touched::Everyone)).await?;
        tracing::info!(%group, %member, nested, "a group was put into another");
        Ok(nested)
    }

    /// [`Access::nest`] in a transaction; it concerns everyone.
    ///
    /// # Errors
    /// As [`Access::nest`].
    pub async fn nest_in(
        &self,
        transaction: &DatabaseTransaction,
        group: GroupId,
        member: GroupId,
    ) -> Result<bool, AccessError> {
        if self.0.database.is_postgres() {
            transaction.execute_unprepared(ONE_AT_A_TIME).await?;
        }
        group_is_there(transaction, group).await?;
        group_is_there(transaction, member).await?;
        if is_above(transaction, group, member).await? {
            return Err(AccessError::Cycle { group, member });
        }
        let row = group_group::ActiveModel { group_id: Set(group.to_string()), member_id: Set(member.to_string()) };
        let known =
            OnConflict::columns([group_group::Column::GroupId, group_group::Column::MemberId]).do_nothing().to_owned();
        let insert = group_group::Entity::insert_many([row]).on_conflict(known);
        Ok(insert.exec_without_returning(transaction).await? > 0)
    }

    /// Takes a group out of another. Returns whether it was in it.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn unnest(&self, group: GroupId, member: GroupId) -> Result<bool, AccessError> {
        let transaction = self.0.database.begin().await?;
        let removed = self.unnest_in(&transaction, group, member).await?;
        self.settle(transaction, removed.then_some(Touched::Everyone)).await?;
        tracing::info!(%group, %member, removed, "a group was taken out of another");
        Ok(removed)
    }

    /// [`Access::unnest`] in a transaction; it concerns everyone.
    ///
    /// # Errors
    /// As [`Access::unnest`].
    pub async fn unnest_in(
        &self,
        transaction: &DatabaseTransaction,
        group: GroupId,
        member: GroupId,
    ) -> Result<bool, AccessError> {
        let nesting = group_group::Entity::delete_by_id((group.to_string(), member.to_string()));
        Ok(nesting.exec(transaction).await?.rows_affected > 0)
    }

    /// The groups that were put into `group` themselves, by name.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn groups_in(&self, group: GroupId) -> Result<Vec<Group>, Unavailable> {
        self.beside(group_group::Column::GroupId, group_group::Column::MemberId, group).await
    }

    /// The groups that `group` was put into itself, by name.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn groups_around(&self, group: GroupId) -> Result<Vec<Group>, Unavailable> {
        self.beside(group_group::Column::MemberId, group_group::Column::GroupId, group).await
    }

    async fn beside(
        &self,
        from: group_group::Column,
        to: group_group::Column,
        group: GroupId,
    ) -> Result<Vec<Group>, Unavailable> {
        let others = group_group::Entity::find().select_only().column(to).filter(from.eq(group.to_string()));
        let rows = group::Entity::find()
            .filter(group::Column::Id.in_subquery(others.into_query()))
            .order_by_asc(group::Column::NameKey)
            .all(self.0.database.reader())
            .await?;
        Ok(rows.into_iter().map(Group::try_from).collect::<Result<_, _>>()?)
    }
}

/// Whether `group` is in `other`, however far down, or is the same.
async fn is_above(connection: &impl ConnectionTrait, group: GroupId, other: GroupId) -> Result<bool, DbErr> {
    let backend = connection.get_database_backend();
    let values = [group.to_string().into(), other.to_string().into()];
    let found = connection.query_one_raw(Statement::from_sql_and_values(backend, IS_ABOVE, values)).await?;
    Ok(found.is_some())
}
