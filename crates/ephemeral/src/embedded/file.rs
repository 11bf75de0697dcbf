//! Opens and ends the embedded engine's file.
//!
//! The file carries a marker. It says "held" while a process works on it and "ended" after a clean end; both are synced to
//! the disk, unlike the commits between them. A file that is opened and still says "held" did not end cleanly, so that its
//! last moments are in doubt: every live entry of a take-once kind is dropped.

use std::{
    fs,
    io::{self, ErrorKind},
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::Error;

/// The format of the file, kept in its `user_version`.
const FORMAT: i64 = 1;

/// How long to wait for another process that is just ending.
const PATIENCE: Duration = Duration::from_secs(1);

const SCHEMA: &str = "
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    once INTEGER NOT NULL,
    spent INTEGER NOT NULL,
    owner TEXT,
    value BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX entries_by_owner ON entries (kind, owner) WHERE owner IS NOT NULL;
CREATE INDEX entries_by_expiry ON entries (expires_at);
CREATE TABLE counters (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    count INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (kind, key)
) STRICT;
CREATE INDEX counters_by_expiry ON counters (expires_at);
CREATE TABLE marker (id INTEGER PRIMARY KEY CHECK (id = 1), held INTEGER NOT NULL) STRICT;
INSERT INTO marker (id, held) VALUES (1, 0);
PRAGMA user_version = 1;
";

/// Opens the engine's file, or a database in memory.
pub(super) fn open(path: Option<&Path>) -> Result<Connection, Error> {
    let opened = match path {
        Some(path) => {
            make(path).map_err(|error| unavailable(path, &error))?;
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        }
        None => Connection::open_in_memory(),
    };
    let path = path.unwrap_or(Path::new(":memory:"));
    let connection = opened.map_err(|error| explain(path, &error))?;
    let found = prepare(&connection).map_err(|error| explain(path, &error))?;
    if found != FORMAT {
        return Err(Error::OtherFormat { path: path.to_owned(), found, known: FORMAT });
    }
    let dropped = hold(&connection).map_err(|error| explain(path, &error))?;
    if let Some(dropped) = dropped {
        tracing::warn!(path = %path.display(), dropped, "The last run did not end cleanly: codes and waiting requests count as spent");
    }
    Ok(connection)
}

/// Marks the file as ended cleanly, and closes it.
pub(super) fn end(connection: Connection) -> rusqlite::Result<()> {
    synced(&connection, "UPDATE marker SET held = 0")?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    connection.close().map_err(|(_, error)| error)
}

/// Makes the file where there is none, readable by its owner alone: the names of users who have sessions are in it.
fn make(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Takes the lock that lasts until the connection ends, makes the schema in a new file, and answers the file's format.
fn prepare(connection: &Connection) -> rusqlite::Result<i64> {
    connection.set_prepared_statement_cache_capacity(32);
    connection.busy_timeout(PATIENCE)?;
    // The locking mode comes first: in it, SQLite keeps the index of the write-ahead log in its own memory and the lock for
    // good. Checkpoints of 1000 pages and a log cut to 4 MiB bound the disk, 2 MiB of pages bound the memory.
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA cache_size = -2048;
         PRAGMA temp_store = MEMORY;
         PRAGMA wal_autocheckpoint = 1000;
         PRAGMA journal_size_limit = 4194304;
         BEGIN IMMEDIATE;",
    )?;
    let mut format: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if format == 0 {
        connection.execute_batch(SCHEMA)?;
        format = FORMAT;
    }
    connection.execute_batch("COMMIT")?;
    Ok(format)
}

/// Marks the file as held. Where it was held already, what is doubtful is dropped; then the answer is how much.
fn hold(connection: &Connection) -> rusqlite::Result<Option<usize>> {
    let unclean: bool = connection.query_row("SELECT held FROM marker", [], |row| row.get(0))?;
    let dropped =
        if unclean { Some(connection.execute("DELETE FROM entries WHERE once = 1 AND spent = 0", [])?) } else { None };
    synced(connection, "UPDATE marker SET held = 1")?;
    Ok(dropped)
}

/// A change that is on the disk when this returns, with all that came before it.
fn synced(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA synchronous = FULL")?;
    connection.execute(sql, [])?;
    connection.execute_batch("PRAGMA synchronous = NORMAL")
}

fn explain(path: &Path, error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::InUse { path: path.to_owned() },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Error::Damaged { path: path.to_owned() },
        _ => unavailable(path, error),
    }
}

pub(super) fn unavailable(path: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Unavailable { place: path.display().to_string(), reason: error.to_string() }
}
