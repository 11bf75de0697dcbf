//! Every case on SQLite.

mod cases;

/// An empty database, for one test.
pub struct TestDatabase {
    /// What a replica connects to.
    pub url: String,
    _folder: tempfile::TempDir,
}

impl TestDatabase {
    /// In a file, so that several replicas can open it.
    pub async fn fresh() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite://{}", folder.path().join("vestibule.db").display());
        Self { url, _folder: folder }
    }
}
