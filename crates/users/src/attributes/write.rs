//! The values of one person, on their way into the table.
//!
//! They are judged by the definitions as they are in the transaction that writes them, so that no declaration changes between
//! the judgement and the write.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QuerySelect, sea_query::OnConflict,
};
use serde_json::{Map, Value};

use super::{
    BadAttribute, BadAttributes, Definition, Editor, Problem,
    table::{
        self,
        value::{Column, Entity, Model},
    },
    value::{self, Kept},
};
use crate::{Unavailable, error::Refusal};

/// What is to be written of one person's values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Values {
    set: Vec<(String, Kept, bool)>,
    removed: Vec<String>,
}

impl Values {
    /// Whether nothing is to be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.removed.is_empty()
    }
}

/// What is to be written so that the person has these values, by the definitions as they are now. `user` is someone who has
/// values already: what stays the same is left out, and null takes a value away.
pub(crate) async fn plan(
    connection: &impl ConnectionTrait,
    values: &Map<String, Value>,
    editor: Editor,
    user: Option<&str>,
) -> Result<Values, Refusal> {
    let definitions = table::definitions(connection, !values.is_empty()).await?;
    if definitions.is_empty() && values.is_empty() {
        return Ok(Values::default());
    }
    let before = match user {
        Some(user) => Entity::find().filter(Column::UserId.eq(user)).all(connection).await?,
        None => Vec::new(),
    };
    let mut planned = judged(&definitions, values, editor, &before)?;
    planned.set.retain(|(name, kept, _)| !before.iter().any(|row| row.name == *name && row.value == kept.json));
    planned.removed.retain(|name| before.iter().any(|row| row.name == *name));
    match taken(connection, &planned, user.unwrap_or_default()).await? {
        Some(taken) => Err(Refusal::Attributes(taken)),
        None => Ok(planned),
    }
}

/// The values that are in order, or everything that is wrong with them.
pub(super) fn judged(
    definitions: &[Definition],
    values: &Map<String, Value>,
    editor: Editor,
    before: &[Model],
) -> Result<Values, BadAttributes> {
    let mut planned = Values::default();
    let mut bad = Vec::new();
    for (name, value) in values {
        match definitions.iter().find(|definition| definition.name == *name) {
            None => bad.push((name, Problem::Unknown)),
            Some(definition) if !definition.is_editable_by(editor) => bad.push((name, Problem::NotEditable)),
            Some(_) if value.is_null() => planned.removed.push(name.clone()),
            Some(definition) => match value::check(definition, value) {
                Ok(kept) => planned.set.push((name.clone(), kept, definition.declaration.unique)),
                Err(why) => bad.push((name, Problem::Malformed(why))),
            },
        }
    }
    for definition in definitions.iter().filter(|it| it.declaration.required && it.is_editable_by(editor)) {
        let name = &definition.name;
        let is_there = match values.get(name) {
            Some(value) => !value.is_null(),
            None => before.iter().any(|row| row.name == *name),
        };
        if !is_there {
            bad.push((name, Problem::Missing));
        }
    }
    if bad.is_empty() {
        return Ok(planned);
    }
    bad.sort_by_key(|(name, _)| *name);
    Err(BadAttributes(bad.into_iter().map(|(name, problem)| BadAttribute { name: name.clone(), problem }).collect()))
}

/// Which of the values another than `own` has, where nobody else may.
pub(crate) async fn taken(
    connection: &impl ConnectionTrait,
    values: &Values,
    own: &str,
) -> Result<Option<BadAttributes>, DbErr> {
    let unique = values.set.iter().filter(|(.., unique)| *unique);
    let same =
        unique.map(|(name, kept, _)| Condition::all().add(Column::Name.eq(name)).add(Column::UniqueKey.eq(&kept.key)));
    let any = same.fold(Condition::any(), Condition::add);
    if any.is_empty() {
        return Ok(None);
    }
    let names: Vec<String> = Entity::find()
        .select_only()
        .column(Column::Name)
        .filter(any)
        .filter(Column::UserId.ne(own))
        .into_tuple()
        .all(connection)
        .await?;
    let bad = names.into_iter().map(|name| BadAttribute { name, problem: Problem::Taken }).collect::<Vec<_>>();
    Ok((!bad.is_empty()).then_some(BadAttributes(bad)))
}

/// Writes what was planned.
pub(crate) async fn write(transaction: &DatabaseTransaction, user: &str, values: &Values) -> Result<(), DbErr> {
    if !values.removed.is_empty() {
        let theirs = Entity::delete_many().filter(Column::UserId.eq(user));
        theirs.filter(Column::Name.is_in(&values.removed)).exec(transaction).await?;
    }
    if values.set.is_empty() {
        return Ok(());
    }
    let rows = values.set.iter().map(|(name, kept, unique)| {
        let row = Model {
            user_id: user.to_owned(),
            name: name.clone(),
            value: kept.json.clone(),
            value_key: kept.key.clone(),
            unique_key: unique.then(|| kept.key.clone()),
        };
        row.into_active_model().reset_all()
    });
    let mut instead = OnConflict::columns([Column::UserId, Column::Name]);
    instead.update_columns([Column::Value, Column::ValueKey, Column::UniqueKey]);
    Entity::insert_many(rows).on_conflict(instead).exec_without_returning(transaction).await.map(drop)
}

/// All values of somebody, as they are kept.
pub(super) async fn stored(connection: &impl ConnectionTrait, user: &str) -> Result<Map<String, Value>, Unavailable> {
    let rows = Entity::find().filter(Column::UserId.eq(user)).all(connection).await?;
    rows.into_iter().map(|row| Ok((row.name.clone(), as_value(&row)?))).collect()
}

pub(super) fn as_value(row: &Model) -> Result<Value, Unavailable> {
    value::read(&row.value).ok_or_else(|| Unavailable::Damaged {
        user: row.user_id.clone(),
        why: format!("the value of the attribute `{}` is no JSON", row.name),
    })
}
