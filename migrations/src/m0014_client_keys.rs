//! What applications prove themselves with beside a secret that is hashed: theirs sealed, where it must be read back.

use sea_orm_migration::{prelude::*, schema::*};

/// Adds `secret_sealed` to `clients`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null: the secret is kept as a hash alone. Only HMACs (client_secret_jwt) need the secret itself.
        manager.alter_table(Table::alter().table("clients").add_column(blob_null("secret_sealed")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("clients").drop_column("secret_sealed").to_owned()).await
    }
}
