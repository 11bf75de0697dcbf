//! Whoever has a mark that few have, in whatever order.
//!
//! A list by one order among a million people that lets through only those with a rare mark has to look at very many of them, and
//! with two of them at all. On SQLite the indexes of the marks come to hold, beside the username, all else that people are
//! sorted and looked for by: a page is found by one of them alone. PostgreSQL bounds the length of an entry, and joins indexes by
//! itself: it gets one for each order.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, DbBackend},
};

/// Widens the indexes of `users` on marks on SQLite, and adds to them on PostgreSQL.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// The indexes, and which rows each has.
const MARKS: [(&str, &str); 3] =
    [("users_staff", "staff"), ("users_superuser", "superuser"), ("users_inactive", "NOT active")];

/// What each holds.
const WIDE: &str =
    "username_key, id, active, staff, superuser, created_at, last_sign_in, email_order, name_key, family_key";

/// The orders but that by username. Superusers are so few that they are sorted in any case.
const ORDERS: [(&str, &str); 6] = [
    ("users_staff_created_at", "(created_at, id) WHERE staff"),
    ("users_staff_last_sign_in", "(COALESCE(last_sign_in, 0), id) WHERE staff"),
    ("users_staff_email_order", "(email_order, id) WHERE staff"),
    ("users_inactive_created_at", "(created_at, id) WHERE NOT active"),
    ("users_inactive_last_sign_in", "(COALESCE(last_sign_in, 0), id) WHERE NOT active"),
    ("users_inactive_email_order", "(email_order, id) WHERE NOT active"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if connection.get_database_backend() == DbBackend::Sqlite {
            return widen(connection, WIDE).await;
        }
        for (index, rows) in ORDERS {
            connection.execute_unprepared(&format!("CREATE INDEX {index} ON users {rows}")).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        if connection.get_database_backend() == DbBackend::Sqlite {
            return widen(connection, "username_key").await;
        }
        for (index, _) in ORDERS {
            connection.execute_unprepared(&format!("DROP INDEX {index}")).await?;
        }
        Ok(())
    }
}

/// Makes the indexes on marks anew, of these columns.
async fn widen(connection: &impl ConnectionTrait, columns: &str) -> Result<(), DbErr> {
    for (index, rows) in MARKS {
        connection.execute_unprepared(&format!("DROP INDEX {index}")).await?;
        connection.execute_unprepared(&format!("CREATE INDEX {index} ON users ({columns}) WHERE {rows}")).await?;
    }
    Ok(())
}
