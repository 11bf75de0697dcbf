//! Carries the addresses and numbers of those who are there already into the new table.

use sea_orm_migration::{
    prelude::*,
    sea_orm::{ConnectionTrait, QueryResult, Statement, Value},
};
use vestibule_core::nfkc_casefold;

/// Rows read at a time.
const PAGE: i64 = 500;
/// How much of a name counts for finding it.
const NAME: usize = 100;

/// A number leads to a person where nobody else has it and no other goes by it.
const NUMBERS_THAT_LEAD_TO_ONE: &str = "UPDATE user_contacts SET login_key = value_key \
     WHERE kind = 'phone' AND value_key NOT LIKE '%;ext=%' \
     AND value_key NOT IN (SELECT username_key FROM users) \
     AND value_key IN (SELECT value_key FROM user_contacts WHERE kind = 'phone' GROUP BY value_key HAVING COUNT(*) = 1)";

/// Carries everybody.
pub(super) async fn people(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let mut after = String::new();
    loop {
        let page = "SELECT id, email, email_key, email_verified, claims, created_at FROM users WHERE id > $1 ORDER BY id LIMIT $2";
        let values = [Value::from(after.clone()), PAGE.into()];
        let rows = connection.query_all_raw(Statement::from_sql_and_values(backend, page, values)).await?;
        let Some(last) = rows.last() else { break };
        after = last.try_get("", "id")?;
        for row in rows {
            person(connection, &row).await?;
        }
    }
    connection.execute_unprepared(NUMBERS_THAT_LEAD_TO_ONE).await?;
    Ok(())
}

async fn person(connection: &impl ConnectionTrait, row: &QueryResult) -> Result<(), DbErr> {
    let id: String = row.try_get("", "id")?;
    let created_at: i64 = row.try_get("", "created_at")?;
    let claims: String = row.try_get("", "claims")?;
    let claims: serde_json::Value =
        serde_json::from_str(&claims).map_err(|error| DbErr::Migration(format!("the claims of user {id}: {error}")))?;
    let claim = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);

    let email_key: Option<String> = row.try_get("", "email_key")?;
    if let (Some(email), Some(key)) = (row.try_get::<Option<String>>("", "email")?, &email_key) {
        let verified: bool = row.try_get("", "email_verified")?;
        contact(connection, &id, "email", [&email, key], Some(key.clone()), verified, created_at).await?;
    }
    if let Some(number) = claim("phone_number") {
        let verified = claims.get("phone_number_verified").and_then(serde_json::Value::as_bool).unwrap_or(false);
        contact(connection, &id, "phone", [number, &number_key(number)], None, verified, created_at).await?;
    }
    let family = claim("family_name").unwrap_or_default();
    let name = match claim("name") {
        Some(name) => name.to_owned(),
        None => format!("{} {family}", claim("given_name").unwrap_or_default()),
    };
    let update = "UPDATE users SET email_order = $1, name_key = $2, family_key = $3 WHERE id = $4";
    let values = [email_key.unwrap_or_default(), name_key(&name), name_key(family), id].map(Value::from);
    let update = Statement::from_sql_and_values(connection.get_database_backend(), update, values);
    connection.execute_raw(update).await.map(drop)
}

async fn contact(
    connection: &impl ConnectionTrait,
    user: &str,
    kind: &str,
    [shown, key]: [&str; 2],
    login_key: Option<String>,
    verified: bool,
    created_at: i64,
) -> Result<(), DbErr> {
    let insert = "INSERT INTO user_contacts (user_id, kind, value, value_key, login_key, verified, is_primary, created_at) \
                  VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7)";
    let values: [Value; 7] =
        [user.into(), kind.into(), shown.into(), key.into(), login_key.into(), verified.into(), created_at.into()];
    let insert = Statement::from_sql_and_values(connection.get_database_backend(), insert, values);
    connection.execute_raw(insert).await.map(drop)
}

/// `+` and digits; an extension stays.
fn number_key(number: &str) -> String {
    let (number, extension) = number.split_once(";ext=").unwrap_or((number, ""));
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if extension.is_empty() { format!("+{digits}") } else { format!("+{digits};ext={extension}") }
}

fn name_key(name: &str) -> String {
    nfkc_casefold(name.trim()).chars().take(NAME).collect()
}
