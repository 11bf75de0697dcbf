//! Rows of tables as records of a dump.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, QueryResult};
use serde_json::{Map, Value};

use super::{
    Engine, postgres,
    schema::{Column, Join, Kind, Schema, Table},
    sqlite,
};
use crate::django::{
    collect::Collector,
    value::{self, Record},
};

/// How many rows are asked for at once.
const PAGE: usize = 2000;

/// App and model of each content type.
pub(super) struct Models(Vec<(String, String)>);

impl Models {
    /// `app.model` of a table that Django named; else the table's name.
    pub(super) fn name_of(&self, table: &Table) -> String {
        let found = self.0.iter().find(|(app, model)| format!("{app}_{model}") == table.name);
        found.map_or_else(|| table.name.clone(), |(app, model)| format!("{app}.{model}"))
    }

    /// The same for the users' table, which may have a name of its own: the columns that refer to it are named after the model.
    pub(super) fn of_users(&self, schema: &Schema) -> String {
        let name = self.name_of(&schema.users);
        let referring = schema.of_users().into_iter().find_map(|(_, join)| join.owner.strip_suffix("_id"));
        let mut named = self.0.iter().filter(|(_, model)| Some(model.as_str()) == referring);
        match (named.next(), named.next()) {
            (Some((app, model)), None) if !name.contains('.') => format!("{app}.{model}"),
            _ => name,
        }
    }
}

/// Reads which models there are.
pub(super) async fn models(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    schema: &Schema,
) -> Result<Models, DbErr> {
    let mut models = Vec::new();
    each(engine, transaction, &schema.content_types, |mut fields| {
        let text = |value: Option<Value>| value.as_ref().and_then(value::text);
        if let (Some(app), Some(model)) = (text(fields.remove("app_label")), text(fields.remove("model"))) {
            models.push((app, model));
        }
    })
    .await?;
    Ok(Models(models))
}

/// Hands all rows of a table to the collector, with what many-to-many fields join to them.
pub(super) async fn read(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    table: &Table,
    model: &str,
    joins: &[(String, &Join)],
    collector: &mut Collector<'_>,
) -> Result<(), DbErr> {
    let mut joined = Vec::with_capacity(joins.len());
    for (field, join) in joins {
        joined.push((field, pairs(engine, transaction, join).await?));
    }
    each(engine, transaction, table, |mut fields| {
        let key = table.key().and_then(|key| fields.remove(key.field()));
        let pk = key.as_ref().and_then(value::text);
        for (field, pairs) in &mut joined {
            let targets = pk.as_ref().and_then(|pk| pairs.remove(pk)).unwrap_or_default();
            fields.insert((*field).clone(), targets.into());
        }
        collector.take(Record { model: model.to_owned(), pk, fields });
    })
    .await
}

/// What each owner is joined to.
async fn pairs(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    join: &Join,
) -> Result<HashMap<String, Vec<String>>, DbErr> {
    let asked = match engine {
        Engine::Sqlite => sqlite::pairs(&join.table.name, &join.owner, &join.target),
        Engine::Postgres => postgres::pairs(&join.table.name, &join.owner, &join.target),
    };
    let kind = |name: &str| join.table.columns.iter().find(|column| column.name == name).map(|column| column.kind);
    let (of_owner, of_target) = (kind(&join.owner), kind(&join.target));
    let mut pairs: HashMap<String, Vec<String>> = HashMap::new();
    for row in transaction.query_all_raw(asked).await? {
        let (owner, target): (Option<String>, Option<String>) = (row.try_get("", "owner")?, row.try_get("", "target")?);
        if let (Some(owner), Some(target)) = (owner, target) {
            pairs.entry(key(of_owner, owner)).or_default().push(key(of_target, target));
        }
    }
    Ok(pairs)
}

fn key(kind: Option<Kind>, text: String) -> String {
    if kind == Some(Kind::Uuid) { dashed(&text).unwrap_or(text) } else { text }
}

/// Calls for each row of a table, page after page.
async fn each(
    engine: &Engine,
    transaction: &DatabaseTransaction,
    table: &Table,
    mut row: impl FnMut(Map<String, Value>),
) -> Result<(), DbErr> {
    match engine {
        Engine::Sqlite => {
            let (mut after, parts) = (i64::MIN, sqlite::parts(table));
            loop {
                let page = transaction.query_all_raw(sqlite::page(table, after, PAGE)).await?;
                for found in &page {
                    after = found.try_get("", "number")?;
                    row(fields(table, found, parts)?);
                }
                if page.len() < PAGE {
                    return Ok(());
                }
            }
        }
        Engine::Postgres => {
            transaction.execute_raw(postgres::open_cursor(table)).await?;
            loop {
                let page = transaction.query_all_raw(postgres::page(PAGE)).await?;
                for found in &page {
                    row(fields(table, found, 1)?);
                }
                if page.len() < PAGE {
                    break;
                }
            }
            transaction.execute_raw(postgres::close_cursor()).await.map(drop)
        }
    }
}

/// A row by the names of fields.
fn fields(table: &Table, row: &QueryResult, parts: usize) -> Result<Map<String, Value>, DbErr> {
    let mut columns = Map::new();
    for number in 0..parts {
        let text: String = row.try_get("", &format!("part{number}"))?;
        let part: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| DbErr::Type(format!("a row of {}: {error}", table.name)))?;
        columns.extend(part);
    }
    let named =
        |column: &Column| Some((column.field().to_owned(), of_kind(column.kind, columns.remove(&column.name)?)));
    Ok(table.columns.iter().filter_map(named).collect())
}

fn of_kind(kind: Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Uuid, Value::String(text)) => dashed(&text).unwrap_or(text).into(),
        (_, value) => value,
    }
}

/// A UUID as a dump writes it; nothing where it is none.
fn dashed(hex: &str) -> Option<String> {
    let whole = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let part = |range: std::ops::Range<usize>| hex.get(range);
    whole.then(|| Some([part(0..8)?, part(8..12)?, part(12..16)?, part(16..20)?, part(20..32)?].join("-"))).flatten()
}
