//! Reading a site straight from its database, without writing to it.
//!
//! `sqlite` and `postgres` open it read-only, begin one transaction, which sees one state of it throughout, and tell in the
//! same words what tables there are; `schema` finds among them those that a site is made of; `rows` reads these, in the shape
//! of `dumpdata`'s records.

mod postgres;
mod rows;
mod schema;
mod sqlite;

use sea_orm::DatabaseTransaction;

use super::{Choice, ReadError, Site, collect::Collector};
use schema::Schema;

/// The engines differ in how tables are described and rows are asked for.
enum Engine {
    Sqlite,
    Postgres,
}

/// Reads the site whose database `url` names: `sqlite://path` or `postgres://…`.
///
/// # Errors
/// A database that cannot be opened or read, that is not Django's, or that holds no users. What is wrong with single rows is
/// told in the site.
pub async fn read_database(url: &str, choice: &Choice) -> Result<Site, ReadError> {
    let (engine, connection) = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        (Engine::Postgres, postgres::open(url).await?)
    } else if let Some(path) = url.strip_prefix("sqlite:") {
        (Engine::Sqlite, sqlite::open(path.strip_prefix("//").unwrap_or(path)).await?)
    } else {
        return Err(ReadError::UnknownScheme);
    };
    let transaction = match engine {
        Engine::Sqlite => sqlite::begin(&connection).await?,
        Engine::Postgres => postgres::begin(&connection).await?,
    };
    let site = read(&engine, &transaction, choice).await;
    // There is nothing to keep, and nothing to be done where even this fails.
    let _ = transaction.rollback().await;
    let _ = connection.close().await;
    site
}

async fn read(engine: &Engine, transaction: &DatabaseTransaction, choice: &Choice) -> Result<Site, ReadError> {
    let tables = match engine {
        Engine::Sqlite => sqlite::tables(transaction).await?,
        Engine::Postgres => postgres::tables(transaction).await?,
    };
    let schema = Schema::find(tables, choice)?;
    let models = rows::models(engine, transaction, &schema).await?;
    let user_model = models.of_users(&schema);
    // The table is found by now: to the collector it is the only user model there is.
    let choice = Choice { user_model: Some(user_model.clone()), ..choice.clone() };
    let mut collector = Collector::new(&choice);
    for (table, model) in schema.plain() {
        let model = model.map_or_else(|| models.name_of(table), str::to_owned);
        rows::read(engine, transaction, table, &model, &[], &mut collector).await?;
    }
    let grants = schema.group_permissions.iter().map(|join| ("permissions".to_owned(), join)).collect::<Vec<_>>();
    rows::read(engine, transaction, &schema.groups, "auth.group", &grants, &mut collector).await?;
    rows::read(engine, transaction, &schema.users, &user_model, &schema.of_users(), &mut collector).await?;
    collector.finish()
}
