//! How much is stored: the rows of every table, and the sizes of the files.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::{
    failure::{Failure, While},
    machine::Usage,
};

/// What was stored at a moment.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    /// Hours by the provider's clock since the beginning.
    pub(crate) hours: f64,
    /// Bytes of the database's files.
    pub(crate) database: u64,
    /// Bytes of the files of sessions and codes.
    pub(crate) ephemeral: u64,
    /// Memory of the process, in bytes.
    pub(crate) resident: u64,
    /// Rows by table.
    pub(crate) rows: BTreeMap<String, u64>,
}

/// Looks at a provider's folder.
pub(super) struct Sampler {
    folder: PathBuf,
    speed: f64,
    begun: Instant,
    runtime: Runtime,
    database: DatabaseConnection,
    tables: Vec<String>,
}

impl Sampler {
    pub(super) fn open(folder: PathBuf, speed: u32) -> Result<Self, Failure> {
        let told = || "the provider's database cannot be read".to_owned();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().doing(told)?;
        let url = format!("sqlite://{}?mode=ro", folder.join("vestibule.db").display());
        let mut options = ConnectOptions::new(url);
        // A reader that waits for nobody: what is asked each time lasts some milliseconds.
        options.max_connections(1).connect_timeout(Duration::from_secs(5)).sqlx_logging(false);
        let database = runtime.block_on(Database::connect(options)).doing(told)?;
        let statement =
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
        let rows = runtime.block_on(database.query_all_raw(Statement::from_string(DbBackend::Sqlite, statement)));
        let tables =
            rows.doing(told)?.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>().doing(told)?;
        Ok(Self { folder, speed: f64::from(speed), begun: Instant::now(), runtime, database, tables })
    }

    pub(super) fn take(&self, usage: Usage) -> Result<Sample, Failure> {
        let mut rows = BTreeMap::new();
        for table in &self.tables {
            let statement = Statement::from_string(DbBackend::Sqlite, format!("SELECT COUNT(*) FROM \"{table}\""));
            let told = || format!("the rows of {table} cannot be counted");
            let row = self.runtime.block_on(self.database.query_one_raw(statement)).doing(told)?;
            let count: i64 = row.map(|row| row.try_get_by_index(0)).transpose().doing(told)?.unwrap_or_default();
            rows.insert(table.clone(), count.unsigned_abs());
        }
        Ok(Sample {
            hours: self.begun.elapsed().as_secs_f64() * self.speed / 3600.0,
            database: bytes(&self.folder.join("vestibule.db")),
            ephemeral: bytes(&self.folder.join("ephemeral.db")),
            resident: usage.resident * 1024,
            rows,
        })
    }
}

/// Of a file and of those that SQLite keeps beside it; of all files of a folder.
fn bytes(path: &Path) -> u64 {
    let of = |path: &Path| fs::metadata(path).map(|data| data.len()).unwrap_or_default();
    if let Ok(entries) = fs::read_dir(path) {
        return entries.flatten().map(|entry| of(&entry.path())).sum();
    }
    let beside = |suffix: &str| of(Path::new(&format!("{}{suffix}", path.display())));
    ["", "-wal", "-shm"].into_iter().map(beside).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sqlite_keeps_beside_a_file_counts() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.db");
        fs::write(&file, [0; 10]).unwrap();
        fs::write(folder.path().join("a.db-wal"), [0; 5]).unwrap();
        assert_eq!(bytes(&file), 15);
        assert_eq!(bytes(folder.path()), 15);
        assert_eq!(bytes(&folder.path().join("nothing")), 0);
    }
}
