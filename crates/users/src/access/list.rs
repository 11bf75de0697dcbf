//! Lists, page by page: groups, and who is in one.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait, Func},
};
use serde::{Deserialize, Serialize};
use vestibule_core::{GroupId, NormalisedIdentifier, Timestamp, UserId};

use super::{
    Access, Group, page_size,
    tables::{group, group_user},
};
use crate::{Unavailable, entity};

/// By what groups are put in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GroupSort {
    /// By name, in its normal form.
    #[default]
    Name,
    /// By when they were made.
    CreatedAt,
}

/// Which groups of the list.
#[derive(Clone, Debug, Default)]
pub struct GroupQuery {
    /// Only those whose names begin so; look-alikes are the same.
    pub prefix: Option<String>,
    /// Their order.
    pub sort: GroupSort,
    /// Whether the order is turned round.
    pub descending: bool,
    /// Those after this place.
    pub after: Option<GroupCursor>,
    /// How many at most; 1000 is the most there are on a page.
    pub size: u64,
}

/// A place in the list of groups; it stays one when the group goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupCursor {
    name_key: String,
    created_at: Timestamp,
    id: GroupId,
}

impl GroupCursor {
    /// The place of a group.
    #[must_use]
    pub fn of(group: &Group) -> Self {
        let name_key = NormalisedIdentifier::new(&group.name).map(|key| key.as_str().to_owned()).unwrap_or_default();
        Self { name_key, created_at: group.created_at, id: group.id }
    }
}

/// Somebody in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Their username.
    pub username: String,
    /// Since when.
    pub added_at: Timestamp,
}

impl Access {
    /// A page of groups.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn groups(&self, query: &GroupQuery) -> Result<Vec<Group>, Unavailable> {
        let mut select = group::Entity::find();
        if let Some(prefix) = &query.prefix {
            let Ok(prefix) = NormalisedIdentifier::new(prefix) else { return Ok(Vec::new()) };
            select = select.filter(begins_with(Expr::col(group::Column::NameKey), prefix.as_str()));
        }
        if let Some(place) = &query.after {
            select = select.filter(beyond(query, place));
        }
        let order = if query.descending { Order::Desc } else { Order::Asc };
        let select = match query.sort {
            GroupSort::Name => select.order_by(group::Column::NameKey, order),
            GroupSort::CreatedAt => {
                select.order_by(group::Column::CreatedAt, order.clone()).order_by(group::Column::Id, order)
            }
        };
        let rows = select.limit(page_size(query.size)).all(self.0.database.reader()).await?;
        Ok(rows.into_iter().map(Group::try_from).collect::<Result<_, _>>()?)
    }

    /// A page of those who were put into a group themselves, in the order of their ids.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn members(&self, group: GroupId, after: Option<UserId>, size: u64) -> Result<Vec<Member>, Unavailable> {
        let mut select = group_user::Entity::find().filter(group_user::Column::GroupId.eq(group.to_string()));
        if let Some(after) = after {
            select = select.filter(group_user::Column::UserId.gt(after.to_string()));
        }
        let reader = self.0.database.reader();
        let page = select.order_by_asc(group_user::Column::UserId).limit(page_size(size)).all(reader).await?;
        let named: Vec<(String, String)> = entity::Entity::find()
            .select_only()
            .columns([entity::Column::Id, entity::Column::Username])
            .filter(entity::Column::Id.is_in(page.iter().map(|row| row.user_id.as_str())))
            .into_tuple()
            .all(reader)
            .await?;
        let mut names: HashMap<String, String> = named.into_iter().collect();
        // Whoever was removed between the two statements is in no group any more.
        let members = page.into_iter().filter_map(|row| {
            Some(Member {
                username: names.remove(&row.user_id)?,
                user: row.user_id.parse().ok()?,
                added_at: Timestamp::from_millis(row.added_at),
            })
        });
        Ok(members.collect())
    }
}

/// What comes after a place, in the order that was asked for.
fn beyond(query: &GroupQuery, place: &GroupCursor) -> Condition {
    let past = |column: group::Column, value: sea_orm::Value| {
        if query.descending { column.lt(value) } else { column.gt(value) }
    };
    match query.sort {
        GroupSort::Name => Condition::all().add(past(group::Column::NameKey, place.name_key.clone().into())),
        GroupSort::CreatedAt => {
            let made = place.created_at.millis();
            Condition::any().add(past(group::Column::CreatedAt, made.into())).add(
                Condition::all()
                    .add(group::Column::CreatedAt.eq(made))
                    .add(past(group::Column::Id, place.id.to_string().into())),
            )
        }
    }
}

/// Whether a text begins so. Unlike `LIKE`, it is the same on both engines, and nothing in `prefix` means anything.
pub(super) fn begins_with(column: Expr, prefix: &str) -> Expr {
    let length = i32::try_from(prefix.chars().count()).unwrap_or(i32::MAX);
    Func::cust("substr").arg(column).arg(1).arg(length).eq(prefix)
}
