//! The durable revocation log.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `revocations`.
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
                    .table("revocations")
                    .col(big_integer("id").auto_increment().primary_key())
                    .col(text("kind"))
                    .col(text("subject"))
                    // Null: whatever the subject has, whenever it was minted.
                    .col(big_integer_null("issued_before"))
                    .col(big_integer("revoked_at"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await?;
        for column in ["revoked_at", "expires_at"] {
            manager
                .create_index(
                    Index::create().name(format!("revocations_{column}")).table("revocations").col(column).to_owned(),
                )
                .await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("revocations").to_owned()).await
    }
}
