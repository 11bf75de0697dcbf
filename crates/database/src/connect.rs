//! Opens the pools, with the settings that the engines' defaults get wrong for a server.

use std::{path::Path, time::Duration};

use sea_orm::{
    ConnectOptions, DatabaseConnection, DbErr, RuntimeErr,
    sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous},
};
use tokio::{runtime::Handle, sync::oneshot};
use vestibule_core::work_in_background;

use crate::{Database, Error};

/// How many connections read from an SQLite file at once.
const SQLITE_READERS: u32 = 4;
/// How long a request waits for a connection before it is answered 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// An idle connection is tried with a round trip only after so long.
const TRUSTED_IDLE: Duration = Duration::from_secs(30);
/// How long SQLite waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

impl Database {
    /// Opens the database that `url` names: `sqlite://path`, `sqlite::memory:` or `postgres://…`.
    ///
    /// `max_connections` bounds the pool of PostgreSQL. SQLite has one writer and a few readers whatever it says.
    ///
    /// # Errors
    /// An unknown kind of URL, a file that cannot be made, an engine that does not answer.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let pool = open(postgres(url, max_connections)).await?;
            Ok(Self { reader: pool.clone(), writer: pool })
        } else if url == "sqlite::memory:" {
            let pool = open(sqlite_in_memory()).await?;
            Ok(Self { reader: pool.clone(), writer: pool })
        } else if let Some(path) = url.strip_prefix("sqlite://") {
            make_file(Path::new(path.split('?').next().unwrap_or_default()))?;
            // The writer comes first: it sets the file's journal mode, which a reader cannot.
            let writer = open_in_background(sqlite(url, 1), 1).await?;
            let reader = open_in_background(sqlite(url, SQLITE_READERS), SQLITE_READERS).await?;
            Ok(Self { reader, writer })
        } else {
            Err(Error::UnknownScheme)
        }
    }
}

async fn open(options: ConnectOptions) -> Result<DatabaseConnection, Error> {
    Ok(sea_orm::Database::connect(options).await?)
}

/// Opens an SQLite file so that the threads which work it give way to those that answer ([`work_in_background`]). Each connection
/// has its own thread, which is started by whoever makes the connection and inherits that: so all of them are made here, by a
/// thread that has nothing else to do, and last.
async fn open_in_background(options: ConnectOptions, connections: u32) -> Result<DatabaseConnection, Error> {
    let (runtime, (opened, wait)) = (Handle::current(), oneshot::channel());
    let make = async move {
        let database = open(options).await?;
        let mut held = Vec::new();
        for _ in 0..connections {
            held.push(
                database
                    .get_sqlite_connection_pool()
                    .acquire()
                    .await
                    .map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?,
            );
        }
        Ok(database)
    };
    let make = move || {
        work_in_background();
        // Whoever waits may have gone.
        let _ = opened.send(runtime.block_on(make));
    };
    std::thread::Builder::new().name("sqlite-opener".into()).spawn(make).map_err(no_thread)?;
    wait.await.map_err(no_thread)?
}

fn no_thread(error: impl std::fmt::Display) -> Error {
    Error::Engine(DbErr::Custom(format!("no thread to open the database file by: {error}")))
}

fn common(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire_if_idle_for(TRUSTED_IDLE)
        .sqlx_logging_level(log::LevelFilter::Trace)
        .sqlx_slow_statements_logging_settings(log::LevelFilter::Warn, Duration::from_secs(1));
    options
}

fn postgres(url: &str, max_connections: u32) -> ConnectOptions {
    let mut options = common(url);
    options.max_connections(max_connections).set_application_name("vestibule");
    options
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = common(url);
    options.max_connections(connections).idle_timeout(None).max_lifetime(None).map_sqlx_sqlite_opts(|sqlite| {
        sqlite
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
    });
    options
}

/// One connection that never ends: another would see another, empty database.
fn sqlite_in_memory() -> ConnectOptions {
    let mut options = common("sqlite::memory:");
    options
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .map_sqlx_sqlite_opts(|sqlite| sqlite.foreign_keys(true));
    options
}

/// Makes the file readable by its owner alone before SQLite would make it readable by all.
fn make_file(path: &Path) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.display().to_string(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(failed)
}
