//! What else people prove themselves with: API tokens, one-time codes, certificates.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `api_tokens`, `totp_devices`, `recovery_codes` and `certificate_bindings`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(api_tokens()).await?;
        manager
            .create_index(Index::create().name("api_tokens_user_id").table("api_tokens").col("user_id").to_owned())
            .await?;
        manager.create_table(totp_devices()).await?;
        manager.create_table(recovery_codes()).await?;
        manager.create_table(certificate_bindings()).await?;
        manager
            .create_index(
                Index::create()
                    .name("certificate_bindings_user_id")
                    .table("certificate_bindings")
                    .col("user_id")
                    .to_owned(),
            )
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["certificate_bindings", "recovery_codes", "totp_devices", "api_tokens"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

/// What is a user's goes with the user.
fn of_a_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(table, "user_id").to("users", "id").on_delete(ForeignKeyAction::Cascade).to_owned()
}

fn api_tokens() -> TableCreateStatement {
    Table::create()
        .table("api_tokens")
        .col(text("id").primary_key())
        .col(text("user_id"))
        .col(text("name"))
        .col(blob("digest").unique_key())
        // The last characters of the token, to tell it from others.
        .col(text("hint"))
        // Names of permissions, as a JSON array. Null: whatever the user may do.
        .col(text_null("scopes"))
        .col(big_integer("created_at"))
        .col(big_integer_null("expires_at"))
        .col(big_integer_null("last_used_at"))
        .foreign_key(&mut of_a_user("api_tokens"))
        .to_owned()
}

fn totp_devices() -> TableCreateStatement {
    Table::create()
        .table("totp_devices")
        .col(text("user_id").primary_key())
        .col(blob("sealed"))
        // Null: nobody has shown a code of it yet, so that it does not count.
        .col(big_integer_null("confirmed_at"))
        // The time step of the last code that was taken: an earlier one, or the same again, is refused.
        .col(big_integer("last_step"))
        .col(big_integer("created_at"))
        .foreign_key(&mut of_a_user("totp_devices"))
        .to_owned()
}

fn recovery_codes() -> TableCreateStatement {
    Table::create()
        .table("recovery_codes")
        .col(text("user_id"))
        .col(blob("digest"))
        .col(big_integer_null("used_at"))
        .primary_key(Index::create().col("user_id").col("digest"))
        // A code stands in for a device, and goes with it.
        .foreign_key(
            ForeignKey::create()
                .from("recovery_codes", "user_id")
                .to("totp_devices", "user_id")
                .on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}

fn certificate_bindings() -> TableCreateStatement {
    Table::create()
        .table("certificate_bindings")
        .col(text("kind"))
        .col(text("value"))
        .col(text("user_id"))
        .col(big_integer("created_at"))
        // A certificate is one person's.
        .primary_key(Index::create().col("kind").col("value"))
        .foreign_key(&mut of_a_user("certificate_bindings"))
        .to_owned()
}
