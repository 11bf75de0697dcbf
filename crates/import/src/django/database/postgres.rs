//! PostgreSQL: one read-only transaction that sees one state throughout; the server itself makes JSON of rows.

use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    IsolationLevel, Statement, TransactionTrait,
};

use super::schema::{Column, Kind, Table};
use crate::django::ReadError;

/// Opens a connection.
pub(super) async fn open(url: &str) -> Result<DatabaseConnection, ReadError> {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false).set_application_name("vestibule import");
    Ok(sea_orm::Database::connect(options).await?)
}

/// Begins the transaction; moments are told in UTC within it.
pub(super) async fn begin(connection: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let (level, mode) = (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly));
    let transaction = connection.begin_with_config(level, mode).await?;
    transaction.execute_unprepared("SET LOCAL timezone TO 'UTC'").await?;
    Ok(transaction)
}

/// Every column of the tables on the search path, with the table that it refers to by itself.
const COLUMNS: &str = "
    SELECT t.relname::text AS table_name, a.attname::text AS column_name, format_type(a.atttypid, NULL) AS kind,
        EXISTS (SELECT 1 FROM pg_constraint p
                WHERE p.conrelid = t.oid AND p.contype = 'p' AND a.attnum = ANY (p.conkey)) AS primary_key,
        (SELECT r.relname::text FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
         WHERE f.conrelid = t.oid AND f.contype = 'f' AND f.conkey = ARRAY[a.attnum] LIMIT 1) AS refers_to
    FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid
    WHERE t.relkind IN ('r', 'p') AND pg_table_is_visible(t.oid) AND a.attnum > 0 AND NOT a.attisdropped
        AND t.relnamespace <> 'pg_catalog'::regnamespace
    ORDER BY t.relname, a.attnum";

/// All tables.
pub(super) async fn tables(transaction: &DatabaseTransaction) -> Result<Vec<Table>, DbErr> {
    let mut tables: Vec<Table> = Vec::new();
    for row in transaction.query_all_raw(statement(COLUMNS)).await? {
        let table: String = row.try_get("", "table_name")?;
        let column = Column {
            name: row.try_get("", "column_name")?,
            kind: kind(&row.try_get::<String>("", "kind")?),
            primary_key: row.try_get("", "primary_key")?,
            refers_to: row.try_get("", "refers_to")?,
        };
        match tables.last_mut().filter(|last| last.name == table) {
            Some(last) => last.columns.push(column),
            None => tables.push(Table { name: table, columns: vec![column] }),
        }
    }
    Ok(tables)
}

fn kind(declared: &str) -> Kind {
    match declared {
        "numeric" | "interval" => Kind::Decimal,
        "bytea" => Kind::Bytes,
        _ => Kind::Plain,
    }
}

/// Makes ready to ask for pages of rows.
pub(super) fn open_cursor(table: &Table) -> Statement {
    let columns = table.columns.iter().filter_map(|column| {
        let name = quoted(&column.name);
        match column.kind {
            Kind::Bytes => None,
            Kind::Decimal => Some(format!("{name}::text AS {name}")),
            Kind::Plain | Kind::Flag | Kind::Json | Kind::Uuid => Some(name),
        }
    });
    let columns: Vec<String> = columns.collect();
    statement(&format!(
        "DECLARE vestibule_rows NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS part0 FROM (SELECT {} FROM {}) t",
        columns.join(", "),
        quoted(&table.name)
    ))
}

/// Asks for the next page.
pub(super) fn page(rows: usize) -> Statement {
    statement(&format!("FETCH {rows} FROM vestibule_rows"))
}

/// Done with a table.
pub(super) fn close_cursor() -> Statement {
    statement("CLOSE vestibule_rows")
}

/// All pairs of a join.
pub(super) fn pairs(table: &str, owner: &str, target: &str) -> Statement {
    let (owner, target, table) = (quoted(owner), quoted(target), quoted(table));
    statement(&format!("SELECT {owner}::text AS owner, {target}::text AS target FROM {table} ORDER BY {target}"))
}

fn statement(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

/// A name in SQL, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
