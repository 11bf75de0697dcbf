//! Applications, the APIs that they call, and what people allowed them.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `clients`, `apis`, `api_scopes` and `consents`.
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
                    .table("clients")
                    .col(text("id").primary_key())
                    .col(text("name"))
                    .col(blob_null("secret_digest"))
                    .col(text_null("auth_method"))
                    // The client's metadata in the names of RFC 7591, as a JSON object.
                    .col(text("metadata"))
                    .col(boolean("first_party"))
                    .col(boolean("require_pkce"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("apis")
                    .col(text("identifier").primary_key())
                    .col(text_null("name"))
                    .col(text_null("access_token_alg"))
                    .col(big_integer_null("access_token_lifetime"))
                    .col(big_integer("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("api_scopes")
                    // A scope belongs to one API: it decides the audience of the tokens that carry it.
                    .col(text("scope").primary_key())
                    .col(text("api"))
                    .col(text_null("description"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("api_scopes", "api")
                            .to("apis", "identifier")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("consents")
                    .col(text("user_id"))
                    .col(text("client_id"))
                    .col(text("scope"))
                    .col(big_integer("granted_at"))
                    .primary_key(Index::create().col("user_id").col("client_id").col("scope"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("consents", "user_id")
                            .to("users", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .foreign_key(
                        ForeignKey::create()
                            .from("consents", "client_id")
                            .to("clients", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(Index::create().name("consents_client_id").table("consents").col("client_id").to_owned())
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["consents", "api_scopes", "apis", "clients"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}
