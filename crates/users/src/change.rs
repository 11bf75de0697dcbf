//! Changing people, and letting them go. Each change moves `updated_at`.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::{Expr, SimpleExpr},
};
use vestibule_core::UserId;

use crate::{
    ChangeError, Changes, User, Users,
    create::{taken, written},
    entity::{Column, Entity, Model},
    rules::Names,
};

impl Users {
    /// Changes what `changes` names and returns the user as they are then.
    ///
    /// # Errors
    /// No such user; else as [`Users::create`].
    pub async fn update(&self, id: UserId, changes: Changes) -> Result<User, ChangeError> {
        let transaction = self.database.begin().await?;
        // The row stays as it was read until it is written: PostgreSQL locks it, and SQLite has one writer.
        let found = Entity::find_by_id(id.to_string()).lock_exclusive().one(&transaction).await?;
        let before = found.ok_or(ChangeError::NoSuchUser(id))?;
        let (names, mut row) = changed(before, changes)?;
        if let Some(taken) = taken(&transaction, &names, Some(id)).await? {
            return Err(taken.into());
        }
        row.updated_at = self.clock.now().millis();
        if let Err(error) = row.clone().into_active_model().reset_all().update(&transaction).await {
            transaction.rollback().await?;
            return Err(self.lost_race(error, &names, Some(id)).await);
        }
        transaction.commit().await?;
        tracing::info!(user = %id, "a user was changed");
        Ok(row.try_into()?)
    }

    /// Lets a user sign in again.
    ///
    /// # Errors
    /// No such user, or a store that does not answer.
    pub async fn activate(&self, id: UserId) -> Result<(), ChangeError> {
        self.set(id, Column::Active, true.into()).await?;
        tracing::info!(user = %id, "a user was activated");
        Ok(())
    }

    /// Lets a user sign in no more. Their sessions and tokens are for the caller to end.
    ///
    /// # Errors
    /// No such user, or a store that does not answer.
    pub async fn deactivate(&self, id: UserId) -> Result<(), ChangeError> {
        self.set(id, Column::Active, false.into()).await?;
        tracing::info!(user = %id, "a user was deactivated");
        Ok(())
    }

    /// Removes a user for good. The name can be given again; the id never is.
    ///
    /// # Errors
    /// No such user, or a store that does not answer.
    pub async fn delete(&self, id: UserId) -> Result<(), ChangeError> {
        let done = Entity::delete_by_id(id.to_string()).exec(self.database.writer()).await?;
        if done.rows_affected == 0 {
            return Err(ChangeError::NoSuchUser(id));
        }
        tracing::info!(user = %id, "a user was deleted");
        Ok(())
    }

    async fn set(&self, id: UserId, column: Column, value: SimpleExpr) -> Result<(), ChangeError> {
        let done = Entity::update_many()
            .col_expr(column, value)
            .col_expr(Column::UpdatedAt, Expr::value(self.clock.now().millis()))
            .filter(Column::Id.eq(id.to_string()))
            .exec(self.database.writer())
            .await?;
        if done.rows_affected == 0 { Err(ChangeError::NoSuchUser(id)) } else { Ok(()) }
    }
}

/// The row as it will be.
fn changed(row: Model, changes: Changes) -> Result<(Names, Model), ChangeError> {
    let username = changes.username.unwrap_or(row.username);
    let email = changes.email.unwrap_or(row.email);
    let names = Names::new(&username, email.as_deref())?;
    let email_key = names.email.as_ref().map(|email| email.key.clone());
    let same_address = email_key == row.email_key;
    let row = Model {
        username: names.username.shown.clone(),
        username_key: names.username.key.clone(),
        email: names.email.as_ref().map(|email| email.shown.clone()),
        // Whoever was shown to hold one address was not shown to hold another.
        email_verified: email_key.is_some() && changes.email_verified.unwrap_or(same_address && row.email_verified),
        email_key,
        staff: changes.staff.unwrap_or(row.staff),
        superuser: changes.superuser.unwrap_or(row.superuser),
        claims: match &changes.claims {
            Some(claims) => written(claims)?,
            None => row.claims,
        },
        ..row
    };
    Ok((names, row))
}
