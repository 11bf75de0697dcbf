//! SQLite: opened for reading only; every value has the kind that its column declares, as Django chose it.

use std::collections::HashMap;

use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, Statement,
    TransactionTrait,
};

use super::schema::{Column, Kind, Table};
use crate::django::ReadError;

/// How many values one call of `json_object` can take, two for each column.
const COLUMNS_A_CALL: usize = 50;

/// Opens the file. It is not made where it is missing.
pub(super) async fn open(path: &str) -> Result<DatabaseConnection, ReadError> {
    let path = path.split('?').next().unwrap_or_default().to_owned();
    if let Err(source) = std::fs::metadata(&path) {
        return Err(ReadError::File { path, source });
    }
    let mut options = ConnectOptions::new(format!("sqlite://{path}?mode=ro"));
    options.max_connections(1).sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite| sqlite.read_only(true).create_if_missing(false));
    Ok(sea_orm::Database::connect(options).await?)
}

/// Sees one state of the file from the first read on.
pub(super) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    connection.begin().await
}

/// All tables.
pub(super) async fn tables(transaction: &DatabaseTransaction) -> Result<Vec<Table>, DbErr> {
    let named = "SELECT name, COALESCE(sql, '') AS sql FROM sqlite_master WHERE type = 'table' ORDER BY name";
    let mut tables = Vec::new();
    for row in transaction.query_all_raw(statement(named)).await? {
        let (name, sql): (String, String) = (row.try_get("", "name")?, row.try_get("", "sql")?);
        let columns = columns(transaction, &name, &sql).await?;
        tables.push(Table { name, columns });
    }
    Ok(tables)
}

async fn columns(transaction: &DatabaseTransaction, table: &str, sql: &str) -> Result<Vec<Column>, DbErr> {
    let asked = format!("SELECT \"from\", \"table\" FROM pragma_foreign_key_list({})", literal(table));
    let mut referring: HashMap<String, String> = HashMap::new();
    for row in transaction.query_all_raw(statement(&asked)).await? {
        referring.insert(row.try_get("", "from")?, row.try_get("", "table")?);
    }
    let asked = format!("SELECT name, lower(type) AS kind, pk > 0 AS pk FROM pragma_table_info({})", literal(table));
    let rows = transaction.query_all_raw(statement(&asked)).await?;
    let column = |row: &sea_orm::QueryResult| {
        let name: String = row.try_get("", "name")?;
        let declared: String = row.try_get("", "kind")?;
        // How Django declares a JSON field, which is a text otherwise.
        let json = sql.contains(&format!("JSON_VALID({})", quoted(&name)));
        let kind = if json { Kind::Json } else { kind(&declared) };
        let refers_to = referring.get(&name).cloned();
        Ok(Column { name, kind, primary_key: row.try_get::<i32>("", "pk")? != 0, refers_to })
    };
    rows.iter().map(column).collect()
}

fn kind(declared: &str) -> Kind {
    match declared {
        "bool" => Kind::Flag,
        "char(32)" => Kind::Uuid,
        "decimal" => Kind::Decimal,
        "blob" => Kind::Bytes,
        _ => Kind::Plain,
    }
}

/// Asks for a page of rows, after the row with that number: the row's number, then its columns as JSON objects.
pub(super) fn page(table: &Table, after: i64, rows: usize) -> Statement {
    let objects = table.columns.chunks(COLUMNS_A_CALL).enumerate().map(|(number, columns)| {
        let values: Vec<String> = columns.iter().filter_map(value).collect();
        format!(", json_object({}) AS part{number}", values.join(", "))
    });
    statement(&format!(
        "SELECT rowid AS number{} FROM {} WHERE rowid > {after} ORDER BY rowid LIMIT {rows}",
        objects.collect::<String>(),
        quoted(&table.name)
    ))
}

/// How many JSON objects a page has in each row.
pub(super) fn parts(table: &Table) -> usize {
    table.columns.len().div_ceil(COLUMNS_A_CALL)
}

/// A column's name and value, as arguments of `json_object`.
fn value(column: &Column) -> Option<String> {
    let name = quoted(&column.name);
    let value = match column.kind {
        Kind::Bytes => return None,
        Kind::Flag => {
            format!("CASE {name} WHEN 0 THEN json('false') WHEN 1 THEN json('true') ELSE {} END", safe(&name))
        }
        Kind::Json => format!("CASE WHEN json_valid({name}) THEN json({name}) ELSE {} END", safe(&name)),
        Kind::Decimal => format!("CAST({} AS TEXT)", safe(&name)),
        Kind::Plain | Kind::Uuid => safe(&name),
    };
    Some(format!("{}, {value}", literal(&column.name)))
}

/// A column may hold what it does not declare, bytes among it, which JSON has no words for.
fn safe(name: &str) -> String {
    format!("CASE typeof({name}) WHEN 'blob' THEN NULL ELSE {name} END")
}

/// All pairs of a join, ordered by the owner's row.
pub(super) fn pairs(table: &str, owner: &str, target: &str) -> Statement {
    let (owner, target, table) = (quoted(owner), quoted(target), quoted(table));
    statement(&format!(
        "SELECT CAST({owner} AS TEXT) AS owner, CAST({target} AS TEXT) AS target FROM {table} ORDER BY {target}"
    ))
}

fn statement(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Sqlite, sql)
}

/// A name in SQL, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in SQL, whatever is in it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
