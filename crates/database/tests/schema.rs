//! The schema comes up to date once, whoever asks and however often.

use vestibule_database::Database;

async fn on_file(folder: &tempfile::TempDir) -> Database {
    let url = format!("sqlite://{}/nested/vestibule.db", folder.path().display());
    Database::connect(&url, 4).await.expect("opens")
}

#[tokio::test]
async fn a_new_database_is_brought_up_to_date_once() {
    let database = Database::connect("sqlite::memory:", 1).await.expect("opens");
    let pending = database.pending().await.expect("answers");
    assert_eq!(pending.first().map(String::as_str), Some("m0001_users"));
    assert_eq!(database.migrate().await.expect("migrates"), pending);
    assert_eq!(database.migrate().await.expect("migrates"), Vec::<String>::new());
}

#[tokio::test]
async fn several_processes_may_start_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let databases = [on_file(&folder).await, on_file(&folder).await, on_file(&folder).await];
    let mut applied = 0;
    let tasks: Vec<_> =
        databases.into_iter().map(|database| tokio::spawn(async move { database.migrate().await })).collect();
    for task in tasks {
        applied += usize::from(!task.await.expect("runs").expect("migrates").is_empty());
    }
    assert_eq!(applied, 1, "one of them applied the steps");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    on_file(&folder).await;
    let mode = std::fs::metadata(folder.path().join("nested/vestibule.db")).expect("is there").permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[tokio::test]
async fn an_unknown_kind_of_url_is_refused_in_words() {
    let error = Database::connect("mysql://localhost/x", 1).await.expect_err("is refused");
    assert_eq!(error.to_string(), "database.url must begin with sqlite:// or postgres://");
}
