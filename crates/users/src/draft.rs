//! A person on the way into the tables: row, contacts and attributes, in one transaction and through one function.

use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel};
use serde_json::{Map, Value};
use vestibule_core::UserId;

use crate::{
    Editor, StandardClaims, Users, attributes,
    contacts::{self, Sharing, table},
    entity::{Entity, Model},
    error::Refusal,
    rules::Names,
};

/// What a person is to be, beyond the columns that are theirs alone.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) names: Names,
    pub(crate) claims: StandardClaims,
    /// The attributes to be given or changed, if any are.
    pub(crate) attributes: Option<Map<String, Value>>,
    pub(crate) editor: Editor,
}

/// A person as they are in the tables.
pub(crate) struct Before {
    pub(crate) row: Model,
    pub(crate) contacts: Vec<table::Model>,
}

impl Draft {
    /// Whether it could be written now; nothing is.
    pub(crate) async fn look(&self, connection: &impl ConnectionTrait) -> Result<(), Refusal> {
        let mut names = self.names.clone();
        if let Some(taken) = contacts::settle(connection, &mut names, None, Sharing::Judged).await? {
            return Err(taken.into());
        }
        self.values(connection, None).await.map(drop)
    }

    /// Writes somebody new.
    pub(crate) async fn insert(
        &mut self,
        transaction: &DatabaseTransaction,
        row: Model,
        sharing: Sharing,
    ) -> Result<Model, Refusal> {
        if let Some(taken) = contacts::settle(transaction, &mut self.names, None, sharing).await? {
            return Err(taken.into());
        }
        let values = self.values(transaction, None).await?;
        if let Some(taken) = contacts::displace(transaction, &row.id, &self.names).await? {
            return Err(taken.into());
        }
        let row = contacts::copied(row, &self.names, self.claims.clone())?;
        Entity::insert(row.clone().into_active_model().reset_all()).exec_without_returning(transaction).await?;
        contacts::write(transaction, &row.id, &[], &self.names).await?;
        attributes::write::write(transaction, &row.id, &values).await?;
        Ok(row)
    }

    /// Writes what changed of somebody, if anything did: the row as it is then, and whether it did. `row` holds the other columns.
    pub(crate) async fn update(
        &mut self,
        transaction: &DatabaseTransaction,
        before: &Before,
        row: Model,
        sharing: Sharing,
        now: i64,
    ) -> Result<(Model, bool), Refusal> {
        let own = before.row.id.parse::<UserId>().ok();
        if let Some(taken) = contacts::settle(transaction, &mut self.names, own, sharing).await? {
            return Err(taken.into());
        }
        let values = self.values(transaction, Some(&row.id)).await?;
        if let Some(taken) = contacts::displace(transaction, &row.id, &self.names).await? {
            return Err(taken.into());
        }
        let row = contacts::copied(row, &self.names, self.claims.clone())?;
        let wrote = contacts::write(transaction, &row.id, &before.contacts, &self.names).await?;
        attributes::write::write(transaction, &row.id, &values).await?;
        if row == before.row && !wrote && values.is_empty() {
            return Ok((row, false));
        }
        // Later than before in any case: it is how a change is noticed.
        let row = Model { updated_at: now.max(before.row.updated_at + 1), ..row };
        row.clone().into_active_model().reset_all().update(transaction).await?;
        Ok((row, true))
    }

    async fn values(
        &self,
        connection: &impl ConnectionTrait,
        user: Option<&str>,
    ) -> Result<attributes::write::Values, Refusal> {
        match &self.attributes {
            None => Ok(attributes::write::Values::default()),
            Some(values) => attributes::write::plan(connection, values, self.editor, user).await,
        }
    }
}

impl Users {
    /// What a failed write means, once it is rolled back: where a unique index refused it, whoever came first is in the tables.
    pub(crate) async fn explained(&self, refusal: Refusal, draft: &Draft, own: Option<UserId>) -> Refusal {
        if !refusal.is_lost_race() {
            return refusal;
        }
        let user = own.map(|own| own.to_string());
        if let Err(taken @ Refusal::Attributes(_)) = draft.values(self.database.writer(), user.as_deref()).await {
            return taken;
        }
        match contacts::username_or_contact_taken(self.database.writer(), &draft.names, own).await {
            Ok(Some(taken)) => taken.into(),
            Ok(None) | Err(_) => refusal,
        }
    }
}
