//! Since when a scope carries an attribute: whoever allowed the scope before is asked again.

use sea_orm_migration::{prelude::*, schema::*};

/// Adds `carried_since` to `attribute_definitions`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null where nothing is carried, and where it was before this was kept: nobody is asked for the sake of an update.
        let table =
            Table::alter().table("attribute_definitions").add_column(big_integer_null("carried_since")).to_owned();
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table("attribute_definitions").drop_column("carried_since").to_owned();
        manager.alter_table(table).await
    }
}
