//! Applications that are known by a document at their `client_id` (draft-ietf-oauth-client-id-metadata-document).

use sea_orm_migration::{prelude::*, schema::*};

/// Adds to `clients` when the document was fetched, and until when it counts as fresh.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Both are null for applications that were registered here.
const COLUMNS: [&str; 2] = ["document_fetched_at", "document_fresh_until"];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            let add = Table::alter().table("clients").add_column(big_integer_null(column)).to_owned();
            manager.alter_table(add).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in COLUMNS {
            manager.alter_table(Table::alter().table("clients").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
