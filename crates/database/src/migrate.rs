//! Brings the schema up to date, all or nothing, one process at a time.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use sea_orm_migration::MigratorTrait;
use vestibule_migrations::Migrator;

use crate::{Database, Error};

/// The key of PostgreSQL's advisory lock around the schema: "vestibul" in ASCII.
const ADVISORY_LOCK: i64 = 0x7665_7374_6962_756c;

impl Database {
    /// Applies what the schema lacks and returns the names of the steps. Several replicas may call it at once: one works, the
    /// others wait and find nothing to do.
    ///
    /// # Errors
    /// A schema newer than this program, or an engine that refuses; nothing is changed then.
    pub async fn migrate(&self) -> Result<Vec<String>, Error> {
        let transaction = self.begin_exclusively().await?;
        let pending = pending_in(&transaction).await?;
        if !pending.is_empty() {
            Migrator::up(&transaction, None).await?;
        }
        transaction.commit().await?;
        Ok(pending)
    }

    /// The steps that the schema lacks, changing nothing.
    ///
    /// # Errors
    /// As [`Database::migrate`].
    pub async fn pending(&self) -> Result<Vec<String>, Error> {
        let transaction = self.begin_exclusively().await?;
        let pending = pending_in(&transaction).await?;
        transaction.rollback().await?;
        Ok(pending)
    }

    async fn begin_exclusively(&self) -> Result<DatabaseTransaction, DbErr> {
        let transaction = self.begin().await?;
        if self.is_postgres() {
            transaction.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")).await?;
        }
        Ok(transaction)
    }
}

async fn pending_in(transaction: &DatabaseTransaction) -> Result<Vec<String>, Error> {
    let known: Vec<String> = Migrator::migrations()
        .iter()
        .map(|step| sea_orm_migration::MigrationName::name(step.as_ref()).to_owned())
        .collect();
    Migrator::install(transaction).await?;
    let applied: Vec<String> =
        Migrator::get_migration_models(transaction).await?.into_iter().map(|model| model.version).collect();
    let unknown: Vec<&str> = applied.iter().filter(|name| !known.contains(name)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(Error::Newer(unknown.join(", ")));
    }
    let applied: HashSet<&String> = applied.iter().collect();
    Ok(known.iter().filter(|name| !applied.contains(name)).cloned().collect())
}
