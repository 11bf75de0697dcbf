//! The apps that an application stands for: it is told of their permissions, and of no others.

use std::collections::BTreeSet;

use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    SqlErr,
};
use vestibule_core::ClientId;
use vestibule_users::PermissionName;

use super::{Clients, ClientsError};
use crate::{Unavailable, tables::client_app};

/// The most apps that one application can stand for.
const MOST: usize = 100;

impl Clients {
    /// The apps that an application stands for, in order; none for one that is not there.
    ///
    /// # Errors
    /// A database that does not answer.
    pub async fn apps(&self, id: &ClientId) -> Result<Vec<String>, Unavailable> {
        let apps = client_app::Entity::find()
            .select_only()
            .column(client_app::Column::App)
            .filter(client_app::Column::ClientId.eq(id.as_str()))
            .order_by_asc(client_app::Column::App);
        Ok(apps.into_tuple().all(self.database.reader()).await?)
    }

    /// Says which apps an application stands for, in place of those before. None need have registered a permission yet.
    ///
    /// # Errors
    /// An unknown application, an app that cannot be called so, more than 100 of them, or a database that does not answer.
    pub async fn set_apps(&self, id: &ClientId, apps: Vec<String>) -> Result<(), ClientsError> {
        let apps = checked(apps)?;
        if self.find(id).await?.is_none() {
            return Err(ClientsError::NoSuchClient(id.clone()));
        }
        let transaction = self.database.begin().await?;
        let before = client_app::Column::ClientId.eq(id.as_str());
        client_app::Entity::delete_many().filter(before).exec(&transaction).await?;
        let count = apps.len();
        // Who was there may have gone meanwhile.
        if let Err(error) = write(&transaction, id, apps).await {
            transaction.rollback().await?;
            return Err(match error.sql_err() {
                Some(SqlErr::ForeignKeyConstraintViolation(_)) => ClientsError::NoSuchClient(id.clone()),
                _ => error.into(),
            });
        }
        transaction.commit().await?;
        tracing::info!(client_id = %id, count, "an application stands for other apps");
        Ok(())
    }
}

/// Names that apps can have, and not too many.
pub(super) fn checked(apps: Vec<String>) -> Result<BTreeSet<String>, ClientsError> {
    let apps: BTreeSet<String> = apps.into_iter().collect();
    apps.iter().try_for_each(|app| PermissionName::check_app(app))?;
    if apps.len() > MOST { Err(ClientsError::TooManyApps) } else { Ok(apps) }
}

pub(super) async fn write(
    transaction: &DatabaseTransaction,
    id: &ClientId,
    apps: BTreeSet<String>,
) -> Result<(), DbErr> {
    let rows =
        apps.into_iter().map(|app| client_app::ActiveModel { client_id: Set(id.as_str().to_owned()), app: Set(app) });
    client_app::Entity::insert_many(rows).exec_without_returning(transaction).await.map(drop)
}
