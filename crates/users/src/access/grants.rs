//! Who holds which permission themselves.

use std::collections::HashMap;

use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, sea_query::OnConflict};
use vestibule_core::{GroupId, UserId};

use super::{
    Access, AccessError, BATCH, ObjectName, PermissionName, Permit, Touched,
    members::{group_is_there, user_is_there},
    register::by_names,
    tables::{group_permission, permission, user_permission},
};
use crate::Unavailable;

/// Who can hold a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A user.
    User(UserId),
    /// A group: whoever is in it, however deep.
    Group(GroupId),
}

impl From<Holder> for Touched {
    fn from(holder: Holder) -> Self {
        match holder {
            Holder::User(user) => Self::User(user),
            Holder::Group(_) => Self::Everyone,
        }
    }
}

impl Access {
    /// Gives a permission. Returns whether that is new.
    ///
    /// # Errors
    /// No such user, group or permission, or a store that does not answer.
    pub async fn grant(&self, holder: Holder, permit: &Permit) -> Result<bool, AccessError> {
        let transaction = self.0.database.begin().await?;
        let granted = self.grant_in(&transaction, holder, permit).await?;
        self.settle(transaction, granted.then_some(holder.into())).await?;
        tracing::info!(?holder, permission = %permit.permission, object = ?permit.object, granted, "a permission was given");
        Ok(granted)
    }

    /// [`Access::grant`] in a transaction; it concerns the user, or everyone where a group is given it.
    ///
    /// # Errors
    /// As [`Access::grant`].
    pub async fn grant_in(
        &self,
        transaction: &DatabaseTransaction,
        holder: Holder,
        permit: &Permit,
    ) -> Result<bool, AccessError> {
        match holder {
            Holder::User(user) => user_is_there(transaction, user).await?,
            Holder::Group(group) => group_is_there(transaction, group).await?,
        }
        Ok(self.grant_all_in(transaction, &[(holder, permit.clone())]).await? > 0)
    }

    /// Gives many permissions, and returns how many grants are new. It concerns everyone.
    ///
    /// # Errors
    /// A permission that nobody registered; [`AccessError::Gone`] where a user or group is not there; a store that does not
    /// answer.
    pub async fn grant_all_in(
        &self,
        transaction: &DatabaseTransaction,
        grants: &[(Holder, Permit)],
    ) -> Result<u64, AccessError> {
        let mut granted = 0;
        for batch in grants.chunks(BATCH) {
            let ids = by_names(transaction, batch.iter().map(|(_, permit)| &permit.permission)).await?;
            let (mut to_users, mut to_groups) = (Vec::new(), Vec::new());
            for (holder, permit) in batch {
                let permission_id = Set(id_of(&ids, &permit.permission)?);
                let object = Set(permit.stored_object());
                match holder {
                    Holder::User(user) => {
                        let user_id = Set(user.to_string());
                        to_users.push(user_permission::ActiveModel { user_id, permission_id, object });
                    }
                    Holder::Group(group) => {
                        let group_id = Set(group.to_string());
                        to_groups.push(group_permission::ActiveModel { group_id, permission_id, object });
                    }
                }
            }
            let known = OnConflict::columns(["user_id", "permission_id", "object"]).do_nothing().to_owned();
            let insert = user_permission::Entity::insert_many(to_users).on_conflict(known);
            granted += insert.exec_without_returning(transaction).await?;
            let known = OnConflict::columns(["group_id", "permission_id", "object"]).do_nothing().to_owned();
            let insert = group_permission::Entity::insert_many(to_groups).on_conflict(known);
            granted += insert.exec_without_returning(transaction).await?;
        }
        Ok(granted)
    }

    /// Takes a permission away. Returns whether it was held: everywhere is one thing, and on an object another.
    ///
    /// # Errors
    /// No such permission, or a store that does not answer.
    pub async fn revoke(&self, holder: Holder, permit: &Permit) -> Result<bool, AccessError> {
        let transaction = self.0.database.begin().await?;
        let revoked = self.revoke_in(&transaction, holder, permit).await?;
        self.settle(transaction, revoked.then_some(holder.into())).await?;
        tracing::info!(?holder, permission = %permit.permission, object = ?permit.object, revoked, "a permission was taken away");
        Ok(revoked)
    }

    /// [`Access::revoke`] in a transaction; it concerns the user, or everyone where it is taken from a group.
    ///
    /// # Errors
    /// As [`Access::revoke`].
    pub async fn revoke_in(
        &self,
        transaction: &DatabaseTransaction,
        holder: Holder,
        permit: &Permit,
    ) -> Result<bool, AccessError> {
        let ids = by_names(transaction, std::iter::once(&permit.permission)).await?;
        let id = id_of(&ids, &permit.permission)?;
        let object = permit.stored_object();
        let done = match holder {
            Holder::User(user) => {
                user_permission::Entity::delete_by_id((user.to_string(), id, object)).exec(transaction).await?
            }
            Holder::Group(group) => {
                group_permission::Entity::delete_by_id((group.to_string(), id, object)).exec(transaction).await?
            }
        };
        Ok(done.rows_affected > 0)
    }

    /// What a user or group was given itself, in order. What comes by groups is in [`Access::effective`] and
    /// [`Access::group_effective`].
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn granted(&self, holder: Holder) -> Result<Vec<Permit>, Unavailable> {
        let reader = self.0.database.reader();
        let held: Vec<(String, String)> = match holder {
            Holder::User(user) => {
                let own = user_permission::Column::UserId.eq(user.to_string());
                let rows = user_permission::Entity::find().filter(own).all(reader).await?;
                rows.into_iter().map(|row| (row.permission_id, row.object)).collect()
            }
            Holder::Group(group) => {
                let own = group_permission::Column::GroupId.eq(group.to_string());
                let rows = group_permission::Entity::find().filter(own).all(reader).await?;
                rows.into_iter().map(|row| (row.permission_id, row.object)).collect()
            }
        };
        let mut names: HashMap<String, PermissionName> = HashMap::new();
        for batch in held.chunks(BATCH) {
            let these = permission::Column::Id.is_in(batch.iter().map(|(id, _)| id.as_str()));
            let rows = permission::Entity::find().filter(these).all(reader).await?;
            names.extend(rows.into_iter().map(|row| (row.id, PermissionName::stored(row.app, row.codename))));
        }
        let named = held.into_iter().filter_map(|(id, object)| {
            Some(Permit { permission: names.get(&id)?.clone(), object: ObjectName::stored(object) })
        });
        let mut permits: Vec<Permit> = named.collect();
        permits.sort();
        Ok(permits)
    }
}

fn id_of(ids: &HashMap<PermissionName, permission::Model>, name: &PermissionName) -> Result<String, AccessError> {
    ids.get(name).map(|row| row.id.clone()).ok_or_else(|| AccessError::NoSuchPermission(name.to_string()))
}
