//! What came from a site, by its keys there: the table `imports`.

use std::collections::HashMap;

use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter};
use vestibule_core::NormalisedIdentifier;

/// How many rows one statement holds: five columns each, below what the engines allow as parameters.
const BATCH: usize = 1000;

/// What kinds of rows are remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Model {
    User,
    Group,
    Application,
    RefreshToken,
}

impl Model {
    fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Application => "application",
            Self::RefreshToken => "refresh_token",
        }
    }
}

/// What is known of a row of the source.
#[derive(Debug)]
pub(super) enum Met {
    /// It never came.
    New,
    /// It came, and was given this id here.
    Known(String),
    /// What came under its key went by this name.
    Another(String),
}

/// What came from one site until now.
pub(super) struct Ledger {
    site: String,
    by_key: HashMap<(&'static str, String), (String, String)>,
    /// The key by which a name came.
    by_name: HashMap<(&'static str, String), String>,
    new: Vec<row::ActiveModel>,
}

impl Ledger {
    pub(super) async fn read(connection: &impl ConnectionTrait, site: &str) -> Result<Self, DbErr> {
        let mut ledger =
            Self { site: site.to_owned(), by_key: HashMap::new(), by_name: HashMap::new(), new: Vec::new() };
        for row in row::Entity::find().filter(row::Column::Source.eq(site)).all(connection).await? {
            let known = [Model::User, Model::Group, Model::Application, Model::RefreshToken].into_iter();
            let Some(model) = known.map(Model::as_str).find(|model| *model == row.model) else { continue };
            ledger.by_name.insert((model, row.name.clone()), row.key.clone());
            ledger.by_key.insert((model, row.key), (row.name, row.our_id));
        }
        Ok(ledger)
    }

    /// What is known of a row. Where the source has no primary keys, or had none before, the name is what counts.
    pub(super) fn meet(&self, model: Model, pk: Option<&str>, name: &str) -> Met {
        let (model, name) = (model.as_str(), normal(name));
        if let Some((before, id)) = pk.and_then(|pk| self.by_key.get(&(model, format!("#{pk}")))) {
            return if *before == name { Met::Known(id.clone()) } else { Met::Another(before.clone()) };
        }
        let key = self.by_name.get(&(model, name.clone())).filter(|key| pk.is_none() || key.starts_with('='));
        match key.and_then(|key| self.by_key.get(&(model, key.clone()))) {
            Some((_, id)) => Met::Known(id.clone()),
            None => Met::New,
        }
    }

    /// The ids here of all rows of a model.
    pub(super) fn ids(&self, model: Model) -> impl Iterator<Item = &str> {
        self.by_key.iter().filter(move |((kind, _), _)| *kind == model.as_str()).map(|(_, (_, id))| id.as_str())
    }

    pub(super) fn note(&mut self, model: Model, pk: Option<&str>, name: &str, id: String) {
        let name = normal(name);
        self.new.push(row::ActiveModel {
            source: Set(self.site.clone()),
            model: Set(model.as_str().to_owned()),
            key: Set(pk.map_or_else(|| format!("={name}"), |pk| format!("#{pk}"))),
            name: Set(name),
            our_id: Set(id),
        });
    }

    pub(super) async fn write(mut self, transaction: &DatabaseTransaction) -> Result<(), DbErr> {
        while !self.new.is_empty() {
            let rest = self.new.split_off(self.new.len().min(BATCH));
            let batch = std::mem::replace(&mut self.new, rest);
            row::Entity::insert_many(batch).exec_without_returning(transaction).await?;
        }
        Ok(())
    }
}

fn normal(name: &str) -> String {
    NormalisedIdentifier::new(name).map_or_else(|_| name.to_owned(), |key| key.as_str().to_owned())
}

/// The table.
mod row {
    #![allow(unreachable_pub, reason = "SeaORM's derive makes its items public; the module is private")]
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "imports")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub source: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub model: String,
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub key: String,
        #[sea_orm(column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Text")]
        pub our_id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
