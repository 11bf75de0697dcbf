//! People.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `users`.
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
                    .table("users")
                    .col(text("id").primary_key())
                    .col(text("username"))
                    // The normal form, for lookup: one function makes it, one index keeps it unique.
                    .col(text("username_key").unique_key())
                    .col(text_null("email"))
                    .col(text_null("email_key").unique_key())
                    .col(boolean("email_verified"))
                    .col(text_null("password_hash"))
                    .col(boolean("active"))
                    .col(boolean("staff"))
                    .col(boolean("superuser"))
                    // The standard claims of OpenID Connect Core 5.1, as a JSON object.
                    .col(text("claims"))
                    .col(big_integer("created_at"))
                    .col(big_integer("updated_at"))
                    .col(big_integer_null("last_sign_in"))
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("users").to_owned()).await
    }
}
