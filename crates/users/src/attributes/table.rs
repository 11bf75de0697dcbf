//! The tables `attribute_definitions` and `user_attributes`, as SeaORM sees them.
#![allow(unreachable_pub, reason = "SeaORM's derive makes its items public; the module is private")]

use sea_orm::{ConnectionTrait, EntityTrait, QueryOrder, QuerySelect};
use vestibule_core::Timestamp;

use super::{AttributeKind, Audience, Declaration, Definition};
use crate::Unavailable;

/// Rows of `attribute_definitions`.
pub(crate) mod definition {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "attribute_definitions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub label: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub description: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        pub required: bool,
        pub is_unique: bool,
        #[sea_orm(column_type = "Text", nullable)]
        pub pattern: Option<String>,
        #[sea_orm(column_type = "Text")]
        pub choices: String,
        #[sea_orm(column_type = "Text")]
        pub visible_to: String,
        #[sea_orm(column_type = "Text")]
        pub editable_by: String,
        #[sea_orm(column_type = "Text", nullable, unique)]
        pub claim: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub scope: Option<String>,
        pub position: i32,
        pub created_at: i64,
        pub updated_at: i64,
        pub carried_since: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Rows of `user_attributes`.
pub(crate) mod value {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_attributes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub user_id: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub value: String,
        #[sea_orm(column_type = "Text")]
        pub value_key: String,
        #[sea_orm(column_type = "Text", nullable)]
        pub unique_key: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// All definitions in their order; where `locked`, they stay as they are until the transaction ends.
pub(crate) async fn definitions(
    connection: &impl ConnectionTrait,
    locked: bool,
) -> Result<Vec<Definition>, Unavailable> {
    use definition::{Column, Entity};
    let mut query = Entity::find().order_by_asc(Column::Position).order_by_asc(Column::Name);
    if locked {
        query = query.lock_shared();
    }
    query.all(connection).await?.into_iter().map(Definition::try_from).collect()
}

impl TryFrom<definition::Model> for Definition {
    type Error = Unavailable;

    fn try_from(row: definition::Model) -> Result<Self, Unavailable> {
        let damaged = |why: &str| Unavailable::DamagedAttribute { name: row.name.clone(), why: why.to_owned() };
        let audience = |text: &str| Audience::parse(text).ok_or_else(|| damaged("it names an unknown audience"));
        let declaration = Declaration {
            kind: AttributeKind::parse(&row.kind).ok_or_else(|| damaged("its kind is unknown"))?,
            visible_to: audience(&row.visible_to)?,
            editable_by: audience(&row.editable_by)?,
            choices: serde_json::from_str(&row.choices).map_err(|error| damaged(&error.to_string()))?,
            label: row.label,
            description: row.description,
            required: row.required,
            unique: row.is_unique,
            pattern: row.pattern,
            claim: row.claim,
            scope: row.scope,
            position: row.position,
        };
        let [created_at, updated_at] = [row.created_at, row.updated_at].map(Timestamp::from_millis);
        let carried_since = row.carried_since.map(Timestamp::from_millis);
        Ok(Self { name: row.name, declaration, created_at, updated_at, carried_since })
    }
}

impl From<&Definition> for definition::Model {
    fn from(definition: &Definition) -> Self {
        let declaration = definition.declaration.clone();
        Self {
            name: definition.name.clone(),
            label: declaration.label,
            description: declaration.description,
            kind: declaration.kind.as_str().to_owned(),
            required: declaration.required,
            is_unique: declaration.unique,
            pattern: declaration.pattern,
            choices: serde_json::Value::from(declaration.choices).to_string(),
            visible_to: declaration.visible_to.as_str().to_owned(),
            editable_by: declaration.editable_by.as_str().to_owned(),
            claim: declaration.claim,
            scope: declaration.scope,
            position: declaration.position,
            created_at: definition.created_at.millis(),
            updated_at: definition.updated_at.millis(),
            carried_since: definition.carried_since.map(Timestamp::millis),
        }
    }
}
