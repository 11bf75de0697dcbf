//! The applications that APIs are.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `api_clients`: as which applications an API may ask about the tokens that are meant for it.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let reference = |from: &'static str, to: &'static str, column: &'static str| {
            ForeignKey::create()
                .from("api_clients", from)
                .to(to, column)
                .on_delete(ForeignKeyAction::Cascade)
                .to_owned()
        };
        manager
            .create_table(
                Table::create()
                    .table("api_clients")
                    .col(text("api"))
                    .col(text("client_id"))
                    .primary_key(Index::create().col("api").col("client_id"))
                    .foreign_key(&mut reference("api", "apis", "identifier"))
                    .foreign_key(&mut reference("client_id", "clients", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("api_clients_client_id").table("api_clients").col("client_id").to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("api_clients").to_owned()).await
    }
}
