//! Applications that register themselves (RFC 7591), and the tokens that let them.

use sea_orm_migration::{prelude::*, schema::*};

/// Adds to `clients` by which door an application came, and creates `initial_access_tokens`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            // Null for those that an administrator registered; else the mode of registration that let it in.
            text_null("self_registered"),
            // The digest of its registration access token.
            blob_null("registration_digest"),
        ];
        for column in columns {
            let add = Table::alter().table("clients").add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("clients_self_registered")
                    .table("clients")
                    .col("self_registered")
                    .col("created_at")
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("initial_access_tokens")
                    .col(text("id").primary_key())
                    .col(text("name"))
                    .col(blob("digest").unique_key())
                    .col(big_integer("uses_left"))
                    .col(big_integer("created_at"))
                    .col(big_integer("expires_at"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("initial_access_tokens").to_owned()).await?;
        manager.drop_index(Index::drop().name("clients_self_registered").table("clients").to_owned()).await?;
        for column in ["registration_digest", "self_registered"] {
            manager.alter_table(Table::alter().table("clients").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
