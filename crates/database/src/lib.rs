//! What lasts: opens SQLite or PostgreSQL, begins transactions, brings the schema up to date, and tells every process what
//! changed ([`ChangeLog`]), so that what was read can be kept in memory ([`Kept`]).
//!
//! The crates above own their tables and speak SeaORM to the connections given here; there is no layer between.
//!
//! SQLite has two pools on one file: readers, and one writer. A deferred transaction that reads and then writes fails at
//! once under WAL when another has written meanwhile (`SQLITE_BUSY_SNAPSHOT` is not waited on), so whatever reads in order to
//! write takes the writer, by [`Database::begin`], which is `BEGIN IMMEDIATE` there.

mod changes;
mod companion;
mod connect;
mod gather;
mod kept;
mod migrate;
mod place;

use sea_orm::{DatabaseConnection, DbBackend, DbErr, SqliteTransactionMode, TransactionOptions, TransactionTrait};

/// What [`Database::begin`] begins, for those who name it and speak no SQL themselves.
pub use sea_orm::DatabaseTransaction;

pub use changes::{Change, ChangeLog, Changes, Topic};
pub use gather::{Gather, GatherError, in_few_shapes};
pub use kept::{Began, Kept, KeptStatistics};
pub use place::{LATE, Place};

/// Where users, keys, clients, consents and revocations lie. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

/// Why the database could not be opened or brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The URL is of no kind that is known.
    #[error("database.url must begin with sqlite:// or postgres://")]
    UnknownScheme,
    /// The folder or the file of an SQLite database could not be made.
    #[error("cannot make the database file {path}: {source}")]
    File {
        /// The file's path.
        path: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The schema is newer than this program.
    #[error(
        "the database holds schema steps that this program does not know ({0}): run the newer program that made them"
    )]
    Newer(
        /// The unknown steps.
        String,
    ),
    /// The engine answered with an error.
    #[error("the database does not answer: {0}")]
    Engine(#[from] DbErr),
}

impl Database {
    /// The connection to read by.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The connection to write by in single statements, and to read by what must not be stale.
    #[must_use]
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Begins a transaction that may read and then write.
    ///
    /// # Errors
    /// Where the engine does not answer, or no connection comes free in time.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: (!self.is_postgres()).then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.writer.begin_with_options(options).await?;
        companion::run_in(&transaction).await?;
        Ok(transaction)
    }

    /// Whether the engine is PostgreSQL; else it is SQLite.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        self.writer.get_database_backend() == DbBackend::Postgres
    }

    /// Asks the engine whether it is there, for `/health/ready`.
    ///
    /// # Errors
    /// Where it is not.
    pub async fn ping(&self) -> Result<(), Error> {
        Ok(self.reader.ping().await?)
    }

    /// Closes all connections once their work is done.
    pub async fn close(self) {
        // Errors while closing leave nothing to be done: the process is about to end.
        let _ = self.reader.close().await;
        let _ = self.writer.close().await;
    }
}
