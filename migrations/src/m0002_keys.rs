//! Signing keys and other secrets, sealed by the key-encryption key.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `sealed_secrets` and `signing_keys`.
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
                    .table("sealed_secrets")
                    .col(text("name").primary_key())
                    .col(blob("sealed"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("signing_keys")
                    .col(text("kid").primary_key())
                    .col(text("algorithm"))
                    .col(text("public_jwk"))
                    .col(blob("private_sealed"))
                    .col(big_integer("created_at"))
                    .col(big_integer("signs_from"))
                    .col(big_integer_null("verifies_until"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("signing_keys").to_owned()).await?;
        manager.drop_table(Table::drop().table("sealed_secrets").to_owned()).await
    }
}
