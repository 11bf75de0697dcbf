//! Databases that are not as Django makes them.

use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use vestibule_import::django::read_database;

use super::*;

const DJANGO: &str = "
    CREATE TABLE django_content_type (id integer PRIMARY KEY, app_label varchar(100), model varchar(100));
    CREATE TABLE auth_permission (id integer PRIMARY KEY, name varchar(255), content_type_id integer, codename varchar(100));
    CREATE TABLE auth_group (id integer PRIMARY KEY, name varchar(150));
    CREATE TABLE auth_user (id integer PRIMARY KEY, username varchar(150), password varchar(128), last_login datetime,
        is_superuser bool, is_active bool, \"we\"\"ird\" blob, note text);";

async fn made(sql: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.sqlite3");
    let connection = sea_orm::Database::connect(format!("sqlite://{}?mode=rwc", path.display())).await.unwrap();
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
    (folder, format!("sqlite://{}", path.display()))
}

async fn failure(url: &str) -> String {
    read_database(url, &Choice::default()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn columns_may_hold_what_they_do_not_declare() {
    let rows = "INSERT INTO auth_user VALUES (1, 'ann', x'00ff', NULL, 0, 1, x'00', 1e999), (2, 7, '', 'soon', 'x', 2, 'a', x'ff')";
    let (_folder, url) = made(&format!("{DJANGO} {rows}")).await;
    let site = read_database(&url, &Choice::default()).await.unwrap();
    assert_eq!(site.users.iter().map(|user| user.username.as_str()).collect::<Vec<_>>(), ["7", "ann"]);
    assert_eq!(those(&site.problems, Weight::Blocks).len(), 2, "{:?}", site.problems);
}

#[tokio::test]
async fn a_table_of_many_rows_is_read_to_its_end() {
    let rows = "WITH RECURSIVE n(i) AS (SELECT -5 UNION ALL SELECT i + 1 FROM n WHERE i < 4500)
        INSERT INTO auth_user SELECT i, 'user' || i, '', NULL, 0, 1, NULL, NULL FROM n";
    let (_folder, url) = made(&format!("{DJANGO} {rows}")).await;
    assert_eq!(read_database(&url, &Choice::default()).await.unwrap().users.len(), 4506);
}

#[tokio::test]
async fn a_table_of_many_columns_is_read_whole() {
    let many: String = (0..150).map(|number| format!(", extra{number} integer DEFAULT {number}")).collect();
    let sql = DJANGO.replace(", note text", &format!(", note text{many}"));
    let (_folder, url) =
        made(&format!("{sql} INSERT INTO auth_user (id, username, password) VALUES (1, 'ann', '')")).await;
    assert_eq!(read_database(&url, &Choice::default()).await.unwrap().users[0].attributes.len(), 150);
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.sqlite3");
    assert!(failure(&format!("sqlite://{}", missing.display())).await.contains("cannot be read"));
    assert!(!missing.exists());
    assert!(failure("mysql://localhost/site").await.contains("sqlite:// or postgres://"));
    let (_folder, url) = made("CREATE TABLE other (id integer)").await;
    assert!(failure(&url).await.contains("auth_group"));
}
