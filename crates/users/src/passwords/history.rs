//! The hashes of former passwords, kept while the rules ask for them.
#![allow(unreachable_pub, reason = "SeaORM's derive makes its items public; the module is private")]

use std::fmt;

use sea_orm::{ConnectionTrait, DbErr, QueryOrder, QuerySelect, Set, entity::prelude::*};

/// A row of `password_history`.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "password_history")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    #[sea_orm(column_type = "Text")]
    pub user_id: String,
    #[sea_orm(column_type = "Text")]
    pub password_hash: String,
    pub replaced_at: i64,
}

/// A row holds a password hash, so that it shows nothing but whose.
impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("password_history").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The last hashes before the present one, at most so many, the youngest first.
pub(super) async fn former(connection: &impl ConnectionTrait, user: &str, most: usize) -> Result<Vec<String>, DbErr> {
    let rows = Entity::find()
        .filter(Column::UserId.eq(user))
        .order_by_desc(Column::Id)
        .limit(u64::try_from(most).unwrap_or(u64::MAX))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.password_hash).collect())
}

/// Puts a hash behind those that are there and lets go of all but the youngest `most`; with 0, of all.
pub(super) async fn remember(
    connection: &impl ConnectionTrait,
    user: &str,
    hash: Option<String>,
    replaced_at: i64,
    most: usize,
) -> Result<(), DbErr> {
    if let Some(password_hash) = hash.filter(|_| most > 0) {
        let row = ActiveModel {
            user_id: Set(user.to_owned()),
            password_hash: Set(password_hash),
            replaced_at: Set(replaced_at),
            ..Default::default()
        };
        Entity::insert(row).exec_without_returning(connection).await?;
    }
    let ids = Entity::find().select_only().column(Column::Id).filter(Column::UserId.eq(user)).order_by_desc(Column::Id);
    let ids: Vec<i64> = ids.into_tuple().all(connection).await?;
    if ids.len() > most {
        let old = Column::Id.is_in(ids.into_iter().skip(most));
        Entity::delete_many().filter(old).exec(connection).await?;
    }
    Ok(())
}
