//! What the outbox promises, kept on SQLite.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod store;

use store::Site;
use vestibule_database::Database;

async fn open() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("outbox.db").display());
    Site::new(Database::connect(&url, 1).await.unwrap(), Some(folder)).await
}
