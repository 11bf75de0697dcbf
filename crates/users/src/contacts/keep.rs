//! Writes somebody's contacts: the one place where the table and the copies in the user's row come about.

use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait,
    IntoActiveModel, QueryFilter, QueryOrder, sea_query::Expr,
};
use vestibule_core::nfkc_casefold;

use super::{
    ContactKind,
    table::{Column, Entity, Model},
};
use crate::{StandardClaims, Unavailable, entity, error::Taken, rules::Names};

/// How much of a name counts for finding it.
const NAME: usize = 100;

/// Somebody's contacts, the primary ones first.
pub(crate) async fn load(connection: &impl ConnectionTrait, user: &str) -> Result<Vec<Model>, DbErr> {
    let query = Entity::find().filter(Column::UserId.eq(user));
    query
        .order_by_asc(Column::Kind)
        .order_by_desc(Column::IsPrimary)
        .order_by_asc(Column::CreatedAt)
        .all(connection)
        .await
}

/// Takes from others what the person was shown to hold. This comes before the person's own row, which names it.
pub(crate) async fn displace(
    transaction: &DatabaseTransaction,
    user: &str,
    names: &Names,
) -> Result<Option<Taken>, DbErr> {
    for key in &names.displaced {
        if !displaced(transaction, user, key).await? {
            return Ok(Some(Taken::Email));
        }
    }
    Ok(None)
}

/// Writes what became of somebody's contacts, and tells whether anything did. `before` is what the table holds now.
pub(crate) async fn write(
    transaction: &DatabaseTransaction,
    user: &str,
    before: &[Model],
    names: &Names,
) -> Result<bool, DbErr> {
    let after: Vec<Model> = names.contacts.0.iter().map(|entry| entry.row(user)).collect();
    let same = |one: &Model, other: &Model| one.kind == other.kind && one.value_key == other.value_key;
    let is_new = |row: &&Model| !before.iter().any(|old| same(old, row));
    let gone: Vec<&Model> = before.iter().filter(|row| !after.iter().any(|kept| same(kept, row))).collect();
    let new: Vec<&Model> = after.iter().filter(is_new).collect();
    let mut changed: Vec<&Model> = after.iter().filter(|row| !is_new(row) && !before.contains(row)).collect();
    let wrote = !(gone.is_empty() && new.is_empty() && changed.is_empty());
    for row in gone {
        let key = (row.user_id.clone(), row.kind.clone(), row.value_key.clone());
        Entity::delete_by_id(key).exec(transaction).await?;
    }
    // First who is the primary no more: of each kind there is one.
    changed.sort_by_key(|row| row.is_primary);
    for row in changed {
        row.clone().into_active_model().reset_all().update(transaction).await?;
    }
    if !new.is_empty() {
        let new = new.into_iter().map(|row| row.clone().into_active_model().reset_all());
        Entity::insert_many(new).exec_without_returning(transaction).await?;
    }
    Ok(wrote)
}

/// Takes a contact as a name from whoever was never shown to hold it. Whether they still were not.
async fn displaced(transaction: &DatabaseTransaction, user: &str, key: &str) -> Result<bool, DbErr> {
    let theirs =
        Condition::all().add(Column::LoginKey.eq(key)).add(Column::UserId.ne(user)).add(Column::Verified.eq(false));
    let empty = Option::<String>::None;
    let done = Entity::update_many().col_expr(Column::LoginKey, Expr::value(empty.clone())).filter(theirs);
    if done.exec(transaction).await?.rows_affected == 0 {
        return Ok(false);
    }
    entity::Entity::update_many()
        .col_expr(entity::Column::EmailKey, Expr::value(empty))
        .filter(entity::Column::EmailKey.eq(key))
        .filter(entity::Column::Id.ne(user))
        .exec(transaction)
        .await?;
    tracing::info!(user, "a contact leads to whoever was shown to hold it, and no more to whoever only wrote it down");
    Ok(true)
}

/// The row with what it says of the names, contacts and claims: the copies, and what lists are ordered by.
pub(crate) fn copied(
    row: entity::Model,
    names: &Names,
    mut claims: StandardClaims,
) -> Result<entity::Model, Unavailable> {
    let number = names.contacts.primary(ContactKind::Phone);
    claims.phone_number = number.map(|number| number.shown.clone());
    claims.phone_number_verified = match number {
        Some(number) if number.verified || claims.phone_number_verified.is_some() => Some(number.verified),
        _ => None,
    };
    let family = claims.family_name.clone().unwrap_or_default();
    let name = match &claims.name {
        Some(name) => name.clone(),
        None => format!("{} {family}", claims.given_name.as_deref().unwrap_or_default()),
    };
    let email = names.contacts.primary(ContactKind::Email);
    let damaged = |error: serde_json::Error| Unavailable::Damaged { user: row.id.clone(), why: error.to_string() };
    Ok(entity::Model {
        claims: serde_json::to_string(&claims).map_err(damaged)?,
        username: names.username.shown.clone(),
        username_key: names.username.key.clone(),
        email: email.map(|email| email.shown.clone()),
        email_key: email.and_then(|email| email.login_key.clone()),
        email_order: email.map(|email| email.key.clone()).unwrap_or_default(),
        email_verified: email.is_some_and(|email| email.verified),
        name_key: name_key(&name),
        family_key: name_key(&family),
        ..row
    })
}

/// How a name begins, in its normal form.
pub(crate) fn name_key(name: &str) -> String {
    nfkc_casefold(name.trim()).chars().take(NAME).collect()
}
