//! What happened.

use sea_orm_migration::{prelude::*, schema::*};

/// Creates `audit_events`. Nothing in it points at other tables: what happened to someone is told after they are gone.
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
                    .table("audit_events")
                    // A UUID of version 7, of the moment in `at`: it sorts as time does.
                    .col(text("id").primary_key())
                    .col(big_integer("at"))
                    .col(text("kind"))
                    // Who did it; for an API token its person, with the token beside.
                    .col(text("actor_type"))
                    .col(text_null("actor_id"))
                    .col(text_null("actor_token"))
                    // The person it was done to, and the thing.
                    .col(text_null("subject"))
                    .col(text_null("object_type"))
                    .col(text_null("object_id"))
                    .col(text_null("client_id"))
                    .col(text_null("way"))
                    .col(text_null("address"))
                    .col(text_null("request_id"))
                    // A JSON object.
                    .col(text("details"))
                    .to_owned(),
            )
            .await?;
        let indexes: [(&str, &[&str]); 5] = [
            ("audit_events_at", &["at", "id"]),
            ("audit_events_kind", &["kind", "at", "id"]),
            ("audit_events_actor", &["actor_id", "at", "id"]),
            ("audit_events_subject", &["subject", "at", "id"]),
            ("audit_events_object", &["object_type", "object_id", "at", "id"]),
        ];
        for (name, columns) in indexes {
            let mut index = Index::create();
            columns.iter().for_each(|column| {
                index.col(*column);
            });
            manager.create_index(index.name(name).table("audit_events").to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("audit_events").to_owned()).await
    }
}
