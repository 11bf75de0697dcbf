//! Declaring attributes, changing what is declared, and removing them. Each is a change of rows that takes effect at once.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr, Statement, sea_query::Expr,
};
use vestibule_database::{Change, Topic};

use super::{
    Attributes, Declaration, Definition, DefinitionError, declare,
    table::{definition, value},
    value::check,
    write::as_value,
};
use crate::{Unavailable, entity};

/// How many attributes can be declared.
const MOST: u64 = 200;
/// Values looked at at a time.
const PAGE: u64 = 500;

/// What a change of definitions is told as. It concerns what is known of people, since their values go with a definition.
fn whole() -> [Change; 2] {
    [Change::all_of(Topic::Attributes), Change::all_of(Topic::People)]
}

impl Attributes {
    /// Declares an attribute.
    ///
    /// # Errors
    /// A name or claim that another has, a declaration that breaks a rule, too many, a store that does not answer.
    pub async fn define(&self, name: &str, declaration: Declaration) -> Result<Definition, DefinitionError> {
        let transaction = self.0.database.begin().await?;
        let defined = self.define_in(&transaction, name, declaration).await;
        self.finish(transaction, defined).await
    }

    /// The same within a transaction of the caller's, who then calls [`Attributes::note_in`] as the last statement, and
    /// [`Attributes::announce`] after the commit.
    ///
    /// # Errors
    /// As [`Attributes::define`].
    pub async fn define_in(
        &self,
        transaction: &DatabaseTransaction,
        name: &str,
        declaration: Declaration,
    ) -> Result<Definition, DefinitionError> {
        declare::check(name, &declaration)?;
        if definition::Entity::find_by_id(name).one(transaction).await?.is_some() {
            return Err(DefinitionError::Exists(name.to_owned()));
        }
        if definition::Entity::find().count(transaction).await? >= MOST {
            return Err(DefinitionError::TooMany(MOST));
        }
        claim_is_free(transaction, name, &declaration).await?;
        let now = self.0.clock.now();
        let carried_since = declaration.scope.is_some().then_some(now);
        let defined =
            Definition { name: name.to_owned(), declaration, created_at: now, updated_at: now, carried_since };
        let row = definition::Model::from(&defined).into_active_model().reset_all();
        definition::Entity::insert(row).exec_without_returning(transaction).await.map_err(|error| {
            let lost = matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)));
            if lost { DefinitionError::Exists(name.to_owned()) } else { error.into() }
        })?;
        Ok(defined)
    }

    /// Puts another declaration in the place of the one that is there. What people have must fit it; only that everybody must
    /// have one applies from their next write on.
    ///
    /// # Errors
    /// No such attribute, values that would not fit or be unique; else as [`Attributes::define`].
    pub async fn change(&self, name: &str, declaration: Declaration) -> Result<Definition, DefinitionError> {
        let transaction = self.0.database.begin().await?;
        let changed = self.change_in(&transaction, name, declaration).await;
        self.finish(transaction, changed).await
    }

    async fn change_in(
        &self,
        transaction: &DatabaseTransaction,
        name: &str,
        declaration: Declaration,
    ) -> Result<Definition, DefinitionError> {
        declare::check(name, &declaration)?;
        // Whoever writes a value holds the row as it is until they are done, and waits for this.
        let row = definition::Entity::find_by_id(name).lock_exclusive().one(transaction).await?;
        let row = row.ok_or_else(|| DefinitionError::NoSuchAttribute(name.to_owned()))?;
        let before = Definition::try_from(row)?;
        claim_is_free(transaction, name, &declaration).await?;
        let now = self.0.clock.now();
        let carried_since = match &declaration.scope {
            same if *same == before.declaration.scope => before.carried_since,
            Some(_) => Some(now),
            None => None,
        };
        let after = Definition { declaration, updated_at: now, carried_since, ..before.clone() };
        if narrower(&before.declaration, &after.declaration) {
            everything_fits(transaction, &after).await?;
        }
        if before.declaration.unique != after.declaration.unique {
            if after.declaration.unique {
                nothing_is_double(transaction, name).await?;
            }
            let key = if after.declaration.unique { Expr::col(value::Column::ValueKey) } else { Expr::cust("NULL") };
            let all = value::Entity::update_many().col_expr(value::Column::UniqueKey, key);
            all.filter(value::Column::Name.eq(name)).exec(transaction).await?;
        }
        definition::Model::from(&after).into_active_model().reset_all().update(transaction).await?;
        Ok(after)
    }

    /// Removes an attribute and everybody's values.
    ///
    /// # Errors
    /// No such attribute, or a store that does not answer.
    pub async fn remove(&self, name: &str) -> Result<(), DefinitionError> {
        let transaction = self.0.database.begin().await?;
        let done = definition::Entity::delete_by_id(name).exec(&transaction).await?;
        let removed = match done.rows_affected {
            0 => Err(DefinitionError::NoSuchAttribute(name.to_owned())),
            _ => Ok(()),
        };
        self.finish(transaction, removed).await
    }

    /// Writes down that definitions changed, as the last statement of a transaction of the caller's.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn note_in(&self, transaction: &DatabaseTransaction) -> Result<(), Unavailable> {
        for change in whole() {
            self.0.changes.record(transaction, &change).await?;
        }
        Ok(())
    }

    /// Tells this process, after the commit, that definitions changed.
    pub fn announce(&self) {
        for change in whole() {
            self.0.changes.announce(change);
        }
    }

    async fn finish<T>(
        &self,
        transaction: DatabaseTransaction,
        outcome: Result<T, DefinitionError>,
    ) -> Result<T, DefinitionError> {
        if outcome.is_ok() {
            self.note_in(&transaction).await?;
            transaction.commit().await?;
            self.announce();
            tracing::info!("what is declared of people changed");
        } else {
            transaction.rollback().await?;
        }
        outcome
    }
}

async fn claim_is_free(
    connection: &impl ConnectionTrait,
    name: &str,
    declaration: &Declaration,
) -> Result<(), DefinitionError> {
    use definition::{Column, Entity};
    let Some(claim) = &declaration.claim else { return Ok(()) };
    let other = Entity::find().filter(Column::Claim.eq(claim)).filter(Column::Name.ne(name)).one(connection).await?;
    if other.is_some() { Err(DefinitionError::ClaimTaken { claim: claim.clone() }) } else { Ok(()) }
}

/// Whether a value that was allowed may not be so any more.
fn narrower(before: &Declaration, after: &Declaration) -> bool {
    before.kind != after.kind
        || before.pattern != after.pattern && after.pattern.is_some()
        || !after.choices.is_empty() && (before.choices.is_empty() || !is_among(&before.choices, &after.choices))
}

fn is_among(some: &[String], all: &[String]) -> bool {
    some.iter().all(|one| all.contains(one))
}

/// Looks at every value that people have.
async fn everything_fits(connection: &impl ConnectionTrait, after: &Definition) -> Result<(), DefinitionError> {
    use value::{Column, Entity};
    let (mut count, mut first) = (0, None);
    let mut last = String::new();
    loop {
        let page = Entity::find().filter(Column::Name.eq(&after.name)).filter(Column::UserId.gt(&last));
        let rows = page.order_by_asc(Column::UserId).limit(PAGE).all(connection).await?;
        let Some(row) = rows.last() else { break };
        last.clone_from(&row.user_id);
        for row in rows {
            if let Err(why) = check(after, &as_value(&row)?) {
                count += 1;
                first.get_or_insert((row.user_id, why));
            }
        }
    }
    match first {
        None => Ok(()),
        Some((user, why)) => Err(DefinitionError::Misfits { count, username: username(connection, &user).await?, why }),
    }
}

async fn nothing_is_double(connection: &impl ConnectionTrait, name: &str) -> Result<(), DefinitionError> {
    let sql = "SELECT value_key, MIN(user_id) AS one, MAX(user_id) AS other FROM user_attributes WHERE name = $1 \
               GROUP BY value_key HAVING COUNT(*) > 1 ORDER BY value_key LIMIT 1";
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), sql, [name.into()]);
    let Some(double) = connection.query_one_raw(statement).await? else { return Ok(()) };
    let column = |name: &str| double.try_get::<String>("", name);
    let users = [username(connection, &column("one")?).await?, username(connection, &column("other")?).await?];
    let key = column("value_key")?;
    Err(DefinitionError::Duplicate { value: key.strip_prefix('=').unwrap_or("a long one").to_owned(), users })
}

async fn username(connection: &impl ConnectionTrait, user: &str) -> Result<String, DbErr> {
    use entity::{Column, Entity};
    let found: Option<String> = Entity::find()
        .select_only()
        .column(Column::Username)
        .filter(Condition::all().add(Column::Id.eq(user)))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(found.unwrap_or_default())
}
