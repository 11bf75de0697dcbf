//! What came from other systems.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `imports`, and gives `clients` room for a secret's hash that another system made.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("imports")
                    // Which site it is, as whoever imports calls it.
                    .col(text("source"))
                    .col(text("model"))
                    // The row's key there: `#` and the primary key, or `=` and the name where there is none.
                    .col(text("key"))
                    // What it was called when it came, in its normal form.
                    .col(text("name"))
                    // What it is here. It stays when that goes, so that it does not come again.
                    .col(text("our_id"))
                    .primary_key(Index::create().col("source").col("model").col("key"))
                    .to_owned(),
            )
            .await?;
        manager
            .alter_table(Table::alter().table("clients").add_column(text_null("imported_secret_hash")).to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("clients").drop_column("imported_secret_hash").to_owned()).await?;
        manager.drop_table(Table::drop().table("imports").to_owned()).await
    }
}
