//! What waits to be sent to others.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `outbox`.
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
                    .table("outbox")
                    .col(text("id").primary_key())
                    .col(text("kind"))
                    // What the job is about, as JSON. No secret: whoever handles it makes what it needs.
                    .col(text("payload"))
                    // How often it was begun. Also what a claim compares and sets, so it names whose turn it is.
                    .col(big_integer("attempts"))
                    // When it is due. Whoever begins it moves this to when another may.
                    .col(big_integer("next_at"))
                    .col(big_integer("created_at"))
                    .col(text_null("last_error"))
                    // Null while it waits; else when it was given up.
                    .col(big_integer_null("failed_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("outbox_due").table("outbox").col("failed_at").col("next_at").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("outbox").to_owned()).await
    }
}
