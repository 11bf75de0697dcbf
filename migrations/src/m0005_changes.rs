//! What changed, for every process to notice.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `changes`.
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
                    .table("changes")
                    .col(big_integer("id").auto_increment().primary_key())
                    .col(text("topic"))
                    // Empty: the topic as a whole.
                    .col(text("subject"))
                    .col(big_integer("changed_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("changes_changed_at").table("changes").col("changed_at").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("changes").to_owned()).await
    }
}
