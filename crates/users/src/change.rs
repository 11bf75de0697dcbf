//! Changing people, and letting them go. Each change moves `updated_at`.

use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use vestibule_core::UserId;

use crate::{
    ChangeError, Changes, StandardClaims, Unavailable, User, Users,
    contacts::{self, ContactKind, Sharing, list::Contacts},
    create::checked,
    draft::{Before, Draft},
    entity::{Column, Entity, Model},
    rules::Names,
};

impl Users {
    /// Changes what `changes` names and returns the user as they are then.
    ///
    /// # Errors
    /// No such user, one who was changed since they were read; else as [`Users::create`].
    pub async fn update(&self, id: UserId, changes: Changes) -> Result<User, ChangeError> {
        let transaction = self.database.begin().await?;
        let before = self.lock(&transaction, id).await?.ok_or(ChangeError::NoSuchUser(id))?;
        if changes.read_at.is_some_and(|moment| moment.millis() != before.row.updated_at) {
            return Err(ChangeError::Changed(id));
        }
        let now = self.clock.now().millis();
        let known_before = (before.row.superuser, before.row.username.clone());
        let (mut draft, row) = changed(&before, changes, now)?;
        match draft.update(&transaction, &before, row, Sharing::Judged, now).await {
            Ok((row, _)) => {
                if known_before == (row.superuser, row.username.clone()) {
                    self.commit_known(transaction, id).await?;
                } else {
                    self.commit_access(transaction, id).await?;
                }
                tracing::info!(user = %id, "a user was changed");
                Ok(row.try_into()?)
            }
            Err(refusal) => {
                transaction.rollback().await?;
                Err(self.explained(refusal, &draft, Some(id)).await.into())
            }
        }
    }

    /// Somebody as they are, who stays so until the transaction ends: PostgreSQL locks the row, and SQLite has one writer.
    pub(crate) async fn lock(
        &self,
        transaction: &DatabaseTransaction,
        id: UserId,
    ) -> Result<Option<Before>, Unavailable> {
        let id = id.to_string();
        let Some(row) = Entity::find_by_id(&id).lock_exclusive().one(transaction).await? else {
            return Ok(None);
        };
        Ok(Some(Before { contacts: contacts::load(transaction, &id).await?, row }))
    }

    /// Lets a user sign in again.
    ///
    /// # Errors
    /// No such user, or a store that does not answer.
    pub async fn activate(&self, id: UserId) -> Result<(), ChangeError> {
        self.set_active(id, true).await?;
        tracing::info!(user = %id, "a user was activated");
        Ok(())
    }

    /// Lets a user sign in no more. Their sessions and tokens are for the caller to end.
    ///
    /// # Errors
    /// No such user, or a store that does not answer.
    pub async fn deactivate(&self, id: UserId) -> Result<(), ChangeError> {
        self.set_active(id, false).await?;
        tracing::info!(user = %id, "a user was deactivated");
        Ok(())
    }

    /// Removes a user for good. The name can be given again; the id never is.
    ///
    /// # Errors
    /// No such user, or a store that does not answer.
    pub async fn delete(&self, id: UserId) -> Result<(), ChangeError> {
        let transaction = self.database.begin().await?;
        let done = Entity::delete_by_id(id.to_string()).exec(&transaction).await?;
        if done.rows_affected == 0 {
            return Err(ChangeError::NoSuchUser(id));
        }
        self.commit_access(transaction, id).await?;
        tracing::info!(user = %id, "a user was deleted");
        Ok(())
    }

    async fn set_active(&self, id: UserId, active: bool) -> Result<(), ChangeError> {
        let transaction = self.database.begin().await?;
        let done = Entity::update_many()
            .col_expr(Column::Active, active.into())
            .col_expr(Column::UpdatedAt, Expr::value(self.clock.now().millis()))
            .filter(Column::Id.eq(id.to_string()))
            .exec(&transaction)
            .await?;
        if done.rows_affected == 0 {
            return Err(ChangeError::NoSuchUser(id));
        }
        Ok(self.commit_access(transaction, id).await?)
    }
}

/// The person as they will be.
fn changed(before: &Before, changes: Changes, now: i64) -> Result<(Draft, Model), ChangeError> {
    let Before { row, contacts } = before;
    let mut contacts = Contacts::read(contacts.clone());
    match &changes.email {
        Some(email) => contacts.set_primary(ContactKind::Email, email.as_deref(), changes.email_verified, now)?,
        None => {
            let same = row.email.as_deref();
            contacts.set_primary(ContactKind::Email, same, changes.email_verified, now)?;
        }
    }
    let claims = match changes.claims {
        Some(claims) => {
            let claims = checked(claims)?;
            let number = claims.phone_number.as_deref();
            contacts.set_primary(ContactKind::Phone, number, claims.phone_number_verified, now)?;
            claims
        }
        None => read_claims(row)?,
    };
    let draft = Draft {
        names: Names::new(changes.username.as_deref().unwrap_or(&row.username), contacts)?,
        claims,
        attributes: changes.attributes,
        editor: changes.editor,
    };
    let row = Model {
        staff: changes.staff.unwrap_or(row.staff),
        superuser: changes.superuser.unwrap_or(row.superuser),
        require_second_factor: changes.require_second_factor.unwrap_or(row.require_second_factor),
        ..row.clone()
    };
    Ok((draft, row))
}

/// The claims that a row holds.
pub(crate) fn read_claims(row: &Model) -> Result<StandardClaims, Unavailable> {
    let damaged =
        |error: serde_json::Error| Unavailable::Damaged { user: row.id.clone(), why: format!("its claims: {error}") };
    serde_json::from_str(&row.claims).map_err(damaged)
}
