//! The sectors in which applications know people by a `sub` of their own (OpenID Connect Core section 8.1).

use sea_orm_migration::{prelude::*, schema::*};

/// Adds `sector` to `clients`, so that those in use are found without reading what every application said of itself.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A host; null where people are known by the same `sub` as everywhere.
        manager.alter_table(Table::alter().table("clients").add_column(text_null("sector")).to_owned()).await?;
        let index = "CREATE INDEX clients_sector ON clients (sector) WHERE sector IS NOT NULL";
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared("DROP INDEX clients_sector").await?;
        manager.alter_table(Table::alter().table("clients").drop_column("sector").to_owned()).await
    }
}
