//! The store's promises, kept on SQLite.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod store;
mod throttle;

use store::Site;
use vestibule_database::Database;

/// A database of its own for one test, in a file, since that is where readers and the writer are different connections.
async fn open() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("users.db").display());
    let database = Database::connect(&url, 1).await.unwrap();
    Site::new(database, Some(folder)).await
}

/// Where one connection both reads and writes, a reader asked for inside a transaction would wait for ever.
#[tokio::test]
async fn a_database_in_memory_does_as_well() {
    let site = Site::new(Database::connect("sqlite::memory:", 1).await.unwrap(), None).await;
    let eve = site.users.create_first_superuser(site.person("eve")).await.unwrap();
    site.users.create(site.person("eve")).await.unwrap_err();
    site.users.update(eve.id, vestibule_users::Changes::default()).await.unwrap();
    assert_eq!(site.sign_in("eve", store::PASSWORD).await.unwrap().id, eve.id);
}
