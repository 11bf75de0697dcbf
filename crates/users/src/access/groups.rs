//! Groups: making, changing and removing them.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, SqlErr, sea_query::OnConflict,
};
use vestibule_core::{GroupId, NormalisedIdentifier, Timestamp, UserId};

use super::{
    Access, AccessError, Touched,
    names::{check_description, group_name},
    tables::{group, group_user},
};
use crate::Unavailable;

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What names it for good.
    pub id: GroupId,
    /// What it is called, as typed; look-alikes are the same.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether its members must sign in with a second factor.
    pub require_second_factor: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When anything above last changed.
    pub updated_at: Timestamp,
}

/// A group to be made.
#[derive(Clone, Debug, Default)]
pub struct NewGroup {
    /// What it is called: up to 150 characters.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether its members must sign in with a second factor.
    pub require_second_factor: bool,
}

impl NewGroup {
    /// One with no more than a name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// What is to be different of a group; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct GroupChanges {
    /// Another name.
    pub name: Option<String>,
    /// Another description.
    pub description: Option<String>,
    /// Whether its members must sign in with a second factor.
    pub require_second_factor: Option<bool>,
    /// Only where the group was not changed since: the `updated_at` that was read.
    pub read_at: Option<Timestamp>,
}

impl Access {
    /// Makes a group.
    ///
    /// # Errors
    /// A name that another group has, a field that breaks a rule, a store that does not answer.
    pub async fn create_group(&self, new: &NewGroup) -> Result<Group, AccessError> {
        let transaction = self.0.database.begin().await?;
        let group = self.create_group_in(&transaction, new).await?;
        transaction.commit().await?;
        tracing::info!(group = %group.id, "a group was made");
        Ok(group)
    }

    /// [`Access::create_group`] in a transaction. It concerns nobody yet, so there is nothing to record.
    ///
    /// # Errors
    /// As [`Access::create_group`].
    pub async fn create_group_in(
        &self,
        transaction: &DatabaseTransaction,
        new: &NewGroup,
    ) -> Result<Group, AccessError> {
        match self.ensure_group_in(transaction, new).await? {
            (group, true) => Ok(group),
            (_, false) => Err(AccessError::NameTaken(new.name.trim().to_owned())),
        }
    }

    /// The group of that name, which is made where there is none, and whether it was.
    ///
    /// # Errors
    /// A field that breaks a rule, or a store that does not answer.
    pub async fn ensure_group_in(
        &self,
        transaction: &DatabaseTransaction,
        new: &NewGroup,
    ) -> Result<(Group, bool), AccessError> {
        let (name, name_key) = group_name(&new.name)?;
        check_description(&new.description)?;
        let now = self.0.clock.now().millis();
        let row = group::Model {
            id: GroupId::random(&self.0.random).to_string(),
            name,
            name_key: name_key.clone(),
            description: new.description.clone(),
            require_second_factor: new.require_second_factor,
            created_at: now,
            updated_at: now,
        };
        let first = OnConflict::column(group::Column::NameKey).do_nothing().to_owned();
        let insert = group::Entity::insert_many([row.clone().into_active_model().reset_all()]).on_conflict(first);
        if insert.exec_without_returning(transaction).await? > 0 {
            return Ok((row.try_into()?, true));
        }
        let found = by_key(transaction, &name_key).await?.ok_or(AccessError::Gone)?;
        Ok((found.try_into()?, false))
    }

    /// Changes what `changes` names and returns the group as it is then.
    ///
    /// # Errors
    /// No such group, one that was changed since it was read; else as [`Access::create_group`].
    pub async fn change_group(&self, id: GroupId, changes: &GroupChanges) -> Result<Group, AccessError> {
        let transaction = self.0.database.begin().await?;
        let group = self.change_group_in(&transaction, id, changes).await?;
        self.commit(transaction, Some(Touched::Everyone)).await?;
        tracing::info!(group = %id, "a group was changed");
        Ok(group)
    }

    /// [`Access::change_group`] in a transaction; it concerns everyone.
    ///
    /// # Errors
    /// As [`Access::change_group`].
    pub async fn change_group_in(
        &self,
        transaction: &DatabaseTransaction,
        id: GroupId,
        changes: &GroupChanges,
    ) -> Result<Group, AccessError> {
        // The row stays as it was read until it is written: PostgreSQL locks it, and SQLite has one writer.
        let found = group::Entity::find_by_id(id.to_string()).lock_exclusive().one(transaction).await?;
        let mut row = found.ok_or(AccessError::NoSuchGroup(id))?;
        if changes.read_at.is_some_and(|moment| moment.millis() != row.updated_at) {
            return Err(AccessError::Changed(id));
        }
        if let Some(name) = &changes.name {
            (row.name, row.name_key) = group_name(name)?;
        }
        if let Some(description) = &changes.description {
            check_description(description)?;
            row.description.clone_from(description);
        }
        row.require_second_factor = changes.require_second_factor.unwrap_or(row.require_second_factor);
        // Later than before in any case: it is how a change is noticed.
        row.updated_at = self.0.clock.now().millis().max(row.updated_at + 1);
        match row.clone().into_active_model().reset_all().update(transaction).await {
            Ok(_) => Ok(row.try_into()?),
            Err(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
                Err(AccessError::NameTaken(row.name))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Removes a group for good, with its memberships and what it holds. Its members stay.
    ///
    /// # Errors
    /// No such group, or a store that does not answer.
    pub async fn delete_group(&self, id: GroupId) -> Result<(), AccessError> {
        let transaction = self.0.database.begin().await?;
        self.delete_group_in(&transaction, id).await?;
        self.commit(transaction, Some(Touched::Everyone)).await?;
        tracing::info!(group = %id, "a group was removed");
        Ok(())
    }

    /// [`Access::delete_group`] in a transaction; it concerns everyone.
    ///
    /// # Errors
    /// As [`Access::delete_group`].
    pub async fn delete_group_in(&self, transaction: &DatabaseTransaction, id: GroupId) -> Result<(), AccessError> {
        let done = group::Entity::delete_by_id(id.to_string()).exec(transaction).await?;
        if done.rows_affected == 0 { Err(AccessError::NoSuchGroup(id)) } else { Ok(()) }
    }

    /// The group with that id.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn group(&self, id: GroupId) -> Result<Option<Group>, Unavailable> {
        let row = group::Entity::find_by_id(id.to_string()).one(self.0.database.reader()).await?;
        Ok(row.map(Group::try_from).transpose()?)
    }

    /// The group of that name; look-alikes are the same.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn find_group(&self, name: &str) -> Result<Option<Group>, Unavailable> {
        let Ok(key) = NormalisedIdentifier::new(name) else { return Ok(None) };
        let row = by_key(self.0.database.reader(), key.as_str()).await?;
        Ok(row.map(Group::try_from).transpose()?)
    }

    /// The groups that a user was put into, by name; whether the user is active or not.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn groups_of(&self, user: UserId) -> Result<Vec<Group>, Unavailable> {
        let joined = group_user::Entity::find()
            .select_only()
            .column(group_user::Column::GroupId)
            .filter(group_user::Column::UserId.eq(user.to_string()));
        let rows = group::Entity::find()
            .filter(group::Column::Id.in_subquery(sea_orm::QueryTrait::into_query(joined)))
            .order_by_asc(group::Column::NameKey)
            .all(self.0.database.reader())
            .await?;
        Ok(rows.into_iter().map(Group::try_from).collect::<Result<_, _>>()?)
    }
}

async fn by_key(connection: &impl ConnectionTrait, key: &str) -> Result<Option<group::Model>, DbErr> {
    group::Entity::find().filter(group::Column::NameKey.eq(key)).one(connection).await
}

impl TryFrom<group::Model> for Group {
    type Error = DbErr;

    fn try_from(row: group::Model) -> Result<Self, DbErr> {
        Ok(Self {
            id: row.id.parse().map_err(|_| DbErr::Type(format!("the id of group {:?} is no UUID", row.id)))?,
            name: row.name,
            description: row.description,
            require_second_factor: row.require_second_factor,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}
