//! What applications may come back for with a refresh token, and which APIs get opaque access tokens.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `grants`, and adds `apis.opaque`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let opaque = Table::alter().table("apis").add_column(boolean("opaque").default(false)).to_owned();
        manager.alter_table(opaque).await?;
        manager.create_table(grants()).await?;
        for column in ["client_id", "user_id", "session", "ends_at"] {
            let index = Index::create().name(format!("grants_{column}")).table("grants").col(column).to_owned();
            manager.create_index(index).await?;
        }
        let name = "grants_imported_digest";
        let imported = Index::create().name(name).table("grants").col("imported_digest").unique().to_owned();
        manager.create_index(imported).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("grants").to_owned()).await?;
        manager.alter_table(Table::alter().table("apis").drop_column("opaque").to_owned()).await
    }
}

/// One row a grant, however often its token changes. What a rotation writes is in no index (but for `ends_at`, which it writes
/// rarely), so that PostgreSQL can change the row in its place.
fn grants() -> TableCreateStatement {
    Table::create()
        .table("grants")
        .col(text("id").primary_key())
        .col(text("client_id"))
        .col(text("user_id"))
        // Null: it outlives the session in which it was given.
        .col(text_null("session"))
        .col(text("scope"))
        // The APIs that were named when it was given, as a JSON list.
        .col(text("resources"))
        .col(big_integer("auth_time"))
        .col(text_null("acr"))
        // A JSON list.
        .col(text("amr"))
        // The key that a public application must prove to hold, as the JSON of `cnf`.
        .col(text_null("confirmation"))
        // The moment that entries of the revocation log are held against.
        .col(big_integer("granted_at"))
        // Its end, used or not.
        .col(big_integer("expires_at"))
        // Its end if it is used no more, or that end.
        .col(big_integer("ends_at"))
        // The keyed hash of the token that another system gave out for it: generation 0.
        .col(blob_null("imported_digest"))
        // The generation of the token that is good now. Of the token itself nothing is kept: it is made from the id and this.
        .col(big_integer("generation"))
        // The generations that were spent last, each with its successor and when that was, as a JSON list.
        .col(text("spent"))
        .foreign_key(
            ForeignKey::create().from("grants", "client_id").to("clients", "id").on_delete(ForeignKeyAction::Cascade),
        )
        .foreign_key(
            ForeignKey::create().from("grants", "user_id").to("users", "id").on_delete(ForeignKeyAction::Cascade),
        )
        .to_owned()
}
