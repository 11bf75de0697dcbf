//! The single claims that were asked for with a grant (OpenID Connect Core section 5.5).

use sea_orm_migration::{prelude::*, schema::*};

/// Adds `claims` to `grants`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // As JSON; null where none were asked for.
        manager.alter_table(Table::alter().table("grants").add_column(text_null("claims")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("grants").drop_column("claims").to_owned()).await
    }
}
