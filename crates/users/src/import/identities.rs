//! By which names other systems know people here: imported social accounts, and whoever signs in elsewhere.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder,
};
use serde_json::{Map, Value};
use vestibule_core::{Timestamp, UserId};

use super::ImportError;
use crate::{Unavailable, Users, rules::Invalid};

/// The longest name of a provider or a subject, in bytes.
const LONGEST: usize = 255;

/// The name that a provider has for a user.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// The provider.
    pub provider: String,
    /// The user's name there, which never changes. Letters that differ in case are others.
    pub subject: String,
    /// What the provider said of them.
    pub details: Map<String, Value>,
    /// Since when it is known here.
    pub created_at: Timestamp,
}

impl Users {
    /// Notes that a provider knows a user by a name, and tells whether that is new. One that leads to another user stays theirs.
    ///
    /// # Errors
    /// A name that is too long or leads to another user, or a store that does not answer.
    pub async fn link_in(
        &self,
        transaction: &DatabaseTransaction,
        user: UserId,
        identity: Identity,
    ) -> Result<bool, ImportError> {
        for (field, text) in [("provider", &identity.provider), ("subject", &identity.subject)] {
            if text.is_empty() || text.len() > LONGEST || text.contains('\0') {
                return Err(Invalid::new(field, "it has 1 to 255 bytes and no NUL").into());
            }
        }
        match self.linked_in(transaction, &identity.provider, &identity.subject).await? {
            Some(linked) if linked == user => return Ok(false),
            Some(_) => {
                return Err(Invalid::new("subject", "it leads to another user here; unlink it there first").into());
            }
            None => {}
        }
        let row = row::Model {
            provider: identity.provider,
            subject: identity.subject,
            user_id: user.to_string(),
            details: Value::Object(identity.details).to_string(),
            created_at: identity.created_at.millis(),
        };
        let insert = row::Entity::insert(row.into_active_model().reset_all());
        insert.exec_without_returning(transaction).await.map_err(Unavailable::from)?;
        Ok(true)
    }

    /// The user whom a provider knows by that name.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn linked_in(
        &self,
        connection: &impl ConnectionTrait,
        provider: &str,
        subject: &str,
    ) -> Result<Option<UserId>, Unavailable> {
        let key = (provider.to_owned(), subject.to_owned());
        let Some(row) = row::Entity::find_by_id(key).one(connection).await? else { return Ok(None) };
        let damaged = |_| Unavailable::Damaged { user: row.user_id.clone(), why: "its id is not a UUID".to_owned() };
        row.user_id.parse().map(Some).map_err(damaged)
    }

    /// All names that providers have for a user.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn identities(&self, user: UserId) -> Result<Vec<Identity>, Unavailable> {
        let theirs = row::Entity::find().filter(row::Column::UserId.eq(user.to_string()));
        let theirs = theirs.order_by_asc(row::Column::Provider).order_by_asc(row::Column::Subject);
        let identity = |row: row::Model| {
            let damaged = |error: serde_json::Error| Unavailable::Damaged {
                user: row.user_id.clone(),
                why: format!("what a provider said: {error}"),
            };
            Ok(Identity {
                details: serde_json::from_str(&row.details).map_err(damaged)?,
                created_at: Timestamp::from_millis(row.created_at),
                provider: row.provider,
                subject: row.subject,
            })
        };
        theirs.all(self.database.reader()).await?.into_iter().map(identity).collect()
    }
}

/// The table.
mod row {
    #![allow(unreachable_pub, reason = "SeaORM's derive makes its items public; the module is private")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "external_identities")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub provider: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub subject: String,
        #[sea_orm(column_type = "Text")]
        pub user_id: String,
        #[sea_orm(column_type = "Text")]
        pub details: String,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
