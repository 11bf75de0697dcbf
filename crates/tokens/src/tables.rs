//! The three tables of this crate, and the lock that orders what must not happen twice.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use vestibule_database::Database;

/// Random secrets of the provider itself, sealed.
pub(crate) mod sealed_secrets {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sealed_secrets")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub name: String,
        #[sea_orm(column_type = "Blob")]
        pub sealed: Vec<u8>,
        pub created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The key ring.
pub(crate) mod signing_keys {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "signing_keys")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false, column_type = "Text")]
        pub kid: String,
        #[sea_orm(column_type = "Text")]
        pub algorithm: String,
        #[sea_orm(column_type = "Text")]
        pub public_jwk: String,
        #[sea_orm(column_type = "Blob")]
        pub private_sealed: Vec<u8>,
        pub created_at: i64,
        pub signs_from: i64,
        pub verifies_until: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The revocation log.
pub(crate) mod revocations {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "revocations")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        #[sea_orm(column_type = "Text")]
        pub subject: String,
        pub issued_before: Option<i64>,
        pub revoked_at: i64,
        pub expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Begins a transaction of which only one runs at a time over all replicas: first keys, rotation, a change of the
/// key-encryption key. On SQLite `BEGIN IMMEDIATE` is that already; PostgreSQL has a lock for it that ends with the transaction.
pub(crate) async fn exclusive(db: &Database) -> Result<DatabaseTransaction, DbErr> {
    let transaction = db.begin().await?;
    if db.is_postgres() {
        // The number is "vestkeys" in ASCII, so that it meets no other lock of this database.
        transaction.execute_unprepared("SELECT pg_advisory_xact_lock(8531352012978485619)").await?;
    }
    Ok(transaction)
}
