//! What is remembered of passwords beside the present one.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `password_history`, and the moment of the last change in `users`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // None where the password was never set here: an imported one, or none at all.
        let changed_at = Table::alter().table("users").add_column(big_integer_null("password_changed_at")).to_owned();
        manager.alter_table(changed_at).await?;
        manager
            .create_table(
                Table::create()
                    .table("password_history")
                    // The order in which they were replaced.
                    .col(big_integer("id").auto_increment().primary_key())
                    .col(text("user_id"))
                    .col(text("password_hash"))
                    .col(big_integer("replaced_at"))
                    .foreign_key(
                        ForeignKey::create()
                            .from("password_history", "user_id")
                            .to("users", "id")
                            .on_delete(ForeignKeyAction::Cascade),
                    )
                    .to_owned(),
            )
            .await?;
        let by_user =
            Index::create().name("password_history_user").table("password_history").col("user_id").col("id").to_owned();
        manager.create_index(by_user).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("password_history").to_owned()).await?;
        manager.alter_table(Table::alter().table("users").drop_column("password_changed_at").to_owned()).await
    }
}
