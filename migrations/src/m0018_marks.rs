//! Whoever has a mark that few have, in whatever order.
//!
//! A list by one order among a million people that lets through only those with a rare mark has to look at very many of them, and
//! with two such marks at almost all. So each mark gets an index of its own for each order, with the other marks in it.

use sea_orm_migration::{prelude::*, sea_orm::ConnectionTrait};

/// Adds indexes to `users`.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The marks, by the names of the indexes that are there in the order of usernames, and which rows these have.
const MARKS: [(&str, &str); 3] =
    [("users_staff", "staff"), ("users_superuser", "superuser"), ("users_inactive", "NOT active")];

/// The other orders.
const ORDERS: [(&str, &str); 3] =
    [("created_at", "created_at"), ("last_sign_in", "COALESCE(last_sign_in, 0)"), ("email", "email_order")];

fn indexes() -> impl Iterator<Item = (String, String)> {
    MARKS.into_iter().flat_map(|(mark, rows)| {
        ORDERS.into_iter().map(move |(order, key)| {
            (format!("{mark}_{order}"), format!("users ({key}, id, active, staff, superuser) WHERE {rows}"))
        })
    })
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, what) in indexes() {
            manager.get_connection().execute_unprepared(&format!("CREATE INDEX {name} ON {what}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (name, _) in indexes() {
            manager.get_connection().execute_unprepared(&format!("DROP INDEX {name}")).await?;
        }
        Ok(())
    }
}
