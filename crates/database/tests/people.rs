//! Who was there before contacts were kept has them afterwards.

use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Statement};
use sea_orm_migration::MigratorTrait;
use vestibule_database::Database;
use vestibule_migrations::Migrator;

/// The step after which there are users, and no contacts yet.
const BEFORE: u32 = 5;

async fn insert(connection: &DatabaseConnection, id: &str, email: Option<&str>, claims: &str) {
    let quoted = |text: Option<String>| text.map_or("NULL".to_owned(), |text| format!("'{text}'"));
    let (shown, key) = (quoted(email.map(ToOwned::to_owned)), quoted(email.map(str::to_lowercase)));
    let sql = format!(
        "INSERT INTO users (id, username, username_key, email, email_key, email_verified, active, staff, superuser, claims, \
         created_at, updated_at) VALUES ('{id}', '{id}', '{id}', {shown}, {key}, TRUE, TRUE, FALSE, FALSE, '{claims}', 7, 8)"
    );
    connection.execute_unprepared(&sql).await.expect("is inserted");
}

async fn rows(connection: &DatabaseConnection, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    connection.query_all_raw(statement).await.expect("answers")
}

fn text(row: &QueryResult, column: &str) -> String {
    row.try_get::<Option<String>>("", column).expect("a column").unwrap_or_default()
}

#[tokio::test]
async fn addresses_and_numbers_are_carried_over() {
    let database = Database::connect("sqlite::memory:", 1).await.expect("opens");
    let connection = database.writer();
    Migrator::up(connection, Some(BEFORE)).await.expect("migrates");
    let eve = r#"{"name":"Ève Ångström","family_name":"Ångström","phone_number":"+1 425 555-1212","phone_number_verified":true}"#;
    insert(connection, "eve", Some("Eve@Example.com"), eve).await;
    insert(connection, "bob", None, r#"{"given_name":"Bob","phone_number":"+351 21 555 0134"}"#).await;
    insert(connection, "joe", None, r#"{"phone_number":"+351215550134"}"#).await;
    for number in 0..600 {
        insert(connection, &format!("user{number}"), Some(&format!("{number}@example.com")), "{}").await;
    }
    database.migrate().await.expect("migrates");

    let found =
        rows(connection, "SELECT * FROM user_contacts WHERE user_id IN ('eve', 'bob', 'joe') ORDER BY user_id, kind")
            .await;
    let told: Vec<[String; 5]> = found
        .iter()
        .map(|row| ["user_id", "kind", "value", "value_key", "login_key"].map(|column| text(row, column)))
        .collect();
    assert_eq!(
        told,
        [
            ["bob", "phone", "+351 21 555 0134", "+351215550134", ""],
            ["eve", "email", "Eve@Example.com", "eve@example.com", "eve@example.com"],
            ["eve", "phone", "+1 425 555-1212", "+14255551212", "+14255551212"],
            ["joe", "phone", "+351215550134", "+351215550134", ""],
        ]
    );
    let marks: Vec<_> = found.iter().map(|row| (row.try_get("", "verified"), row.try_get("", "is_primary"))).collect();
    assert_eq!(marks, [(Ok(false), Ok(true)), (Ok(true), Ok(true)), (Ok(true), Ok(true)), (Ok(false), Ok(true))]);
    let orders = rows(connection, "SELECT email_order, name_key, family_key FROM users ORDER BY id LIMIT 2").await;
    let orders: Vec<_> =
        orders.iter().map(|row| ["email_order", "name_key", "family_key"].map(|column| text(row, column))).collect();
    assert_eq!(orders, [["", "bob", ""], ["eve@example.com", "ève ångström", "ångström"]]);
    let count = rows(connection, "SELECT COUNT(*) AS n FROM user_contacts WHERE login_key IS NOT NULL").await;
    assert_eq!(count[0].try_get("", "n"), Ok(602_i64), "those of every page were carried");
}
