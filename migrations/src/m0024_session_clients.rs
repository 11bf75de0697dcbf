//! Which applications were given tokens in a browser session, so that they hear of its end.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `session_clients`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(session_clients()).await?;
        for column in ["client_id", "user_id", "expires_at"] {
            let name = format!("session_clients_{column}");
            let index = Index::create().name(name).table("session_clients").col(column).to_owned();
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("session_clients").to_owned()).await
    }
}

/// Only applications that want to hear of it stand here. A person's rows outlive the person: whoever deletes one tells their
/// applications first.
fn session_clients() -> TableCreateStatement {
    Table::create()
        .table("session_clients")
        // The public id of the session (`sid`).
        .col(text("session"))
        .col(text("client_id"))
        .col(text("user_id"))
        // When the session is over in any case, and nobody is left to be told.
        .col(big_integer("expires_at"))
        .primary_key(Index::create().col("session").col("client_id"))
        .foreign_key(
            ForeignKey::create()
                .from("session_clients", "client_id")
                .to("clients", "id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
