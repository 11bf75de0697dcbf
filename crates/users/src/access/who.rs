//! Who has this permission? Asked of the database, not of memory.
//!
//! A page comes in the order of ids. Those who were given it, superusers, and members of few groups are found from indexes and
//! put in order here. Where groups bring it to very many, users are looked through in order instead: ids are random, so that
//! where many have it, a page is soon full.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    Statement,
};
use vestibule_core::UserId;

use super::{
    Access, AccessError, BATCH, PermissionName, page_size,
    tables::{group_user, user_permission},
};
use crate::entity;

/// How many members of groups are put in order; where there are more, users are looked through.
const FEW: usize = 20_000;

/// The groups that bring a permission to their members: those that were given it, and those in them. No group is passed twice.
const GRANTED: &str = "WITH RECURSIVE granted(id) AS (\
     SELECT group_id FROM group_permissions WHERE permission_id = $1 AND object IN ('', $2) UNION \
     SELECT gg.member_id FROM group_groups gg JOIN granted ON gg.group_id = granted.id) SELECT id FROM granted";

/// Somebody who has a permission, and how: at least one of the three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitled {
    /// Who.
    pub user: UserId,
    /// Their username.
    pub username: String,
    /// As a superuser.
    pub superuser: bool,
    /// It was given to them.
    pub direct: bool,
    /// By a group.
    pub by_group: bool,
}

/// What is asked.
struct Search<'a, C> {
    reader: &'a C,
    permission: String,
    /// Where it may have been given: everywhere, and on the object.
    places: Vec<String>,
    /// The id after which the page begins.
    after: String,
    size: usize,
}

impl Access {
    /// A page of the active users who have a permission, everywhere or on this object, in the order of their ids.
    ///
    /// # Errors
    /// No such permission, or a store that does not answer.
    pub async fn who_has(
        &self,
        permission: &PermissionName,
        object: Option<&str>,
        after: Option<UserId>,
        size: u64,
    ) -> Result<Vec<Entitled>, AccessError> {
        let found = self.find_permission(permission).await?;
        let permission = found.ok_or_else(|| AccessError::NoSuchPermission(permission.to_string()))?;
        let search = Search {
            reader: self.0.database.reader(),
            permission: permission.id.to_string(),
            places: std::iter::once("").chain(object).map(str::to_owned).collect(),
            after: after.map(|id| id.to_string()).unwrap_or_default(),
            size: usize::try_from(page_size(size)).unwrap_or_default(),
        };
        Ok(search.page().await?)
    }
}

impl<C: ConnectionTrait> Search<'_, C> {
    async fn page(&self) -> Result<Vec<Entitled>, DbErr> {
        let groups = self.groups().await?;
        let direct = self.direct().await?;
        let Some(members) = self.members(&groups).await? else {
            return self.look_through(&groups, &direct).await;
        };
        let mut candidates: BTreeSet<String> = self.superusers().await?;
        candidates.extend(direct.iter().chain(&members).cloned());
        let candidates: Vec<String> = candidates.into_iter().collect();
        let mut page = Vec::new();
        for batch in candidates.chunks(BATCH) {
            let these = entity::Column::Id.is_in(batch.iter().map(String::as_str));
            for (id, username, superuser) in self.users(Condition::all().add(these), batch.len()).await? {
                let (direct, by_group) = (direct.contains(&id), members.contains(&id));
                page.push(Entitled { user: parsed(&id)?, username, superuser, direct, by_group });
            }
            if page.len() >= self.size {
                break;
            }
        }
        page.truncate(self.size);
        Ok(page)
    }

    /// Looks through the users in order until the page is full.
    async fn look_through(&self, groups: &[String], direct: &BTreeSet<String>) -> Result<Vec<Entitled>, DbErr> {
        let groups: HashSet<&str> = groups.iter().map(String::as_str).collect();
        let (mut page, mut after) = (Vec::new(), self.after.clone());
        while page.len() < self.size {
            let users = self.users(Condition::all().add(entity::Column::Id.gt(after.as_str())), BATCH).await?;
            let Some((last, ..)) = users.last() else { break };
            after.clone_from(last);
            let memberships: Vec<(String, String)> = group_user::Entity::find()
                .select_only()
                .columns([group_user::Column::UserId, group_user::Column::GroupId])
                .filter(group_user::Column::UserId.is_in(users.iter().map(|(id, ..)| id.as_str())))
                .into_tuple()
                .all(self.reader)
                .await?;
            let mut by_group: BTreeMap<&str, bool> = BTreeMap::new();
            for (user, group) in &memberships {
                *by_group.entry(user).or_default() |= groups.contains(group.as_str());
            }
            for (id, username, superuser) in &users {
                let by_group = by_group.get(id.as_str()).copied().unwrap_or(false);
                let direct = direct.contains(id);
                if *superuser || direct || by_group {
                    let (user, username) = (parsed(id)?, username.clone());
                    page.push(Entitled { user, username, superuser: *superuser, direct, by_group });
                }
            }
        }
        page.truncate(self.size);
        Ok(page)
    }

    /// The groups that bring it.
    async fn groups(&self) -> Result<Vec<String>, DbErr> {
        let object = self.places.last().cloned().unwrap_or_default();
        let values = [self.permission.clone().into(), object.into()];
        let statement = Statement::from_sql_and_values(self.reader.get_database_backend(), GRANTED, values);
        self.reader.query_all_raw(statement).await?.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// The members of these groups from the place on; nothing where there are too many to put in order.
    async fn members(&self, groups: &[String]) -> Result<Option<BTreeSet<String>>, DbErr> {
        let mut members = BTreeSet::new();
        for batch in groups.chunks(BATCH) {
            let found: Vec<String> = group_user::Entity::find()
                .select_only()
                .column(group_user::Column::UserId)
                .filter(group_user::Column::GroupId.is_in(batch.iter().map(String::as_str)))
                .filter(group_user::Column::UserId.gt(self.after.as_str()))
                .limit(FEW as u64)
                .into_tuple()
                .all(self.reader)
                .await?;
            let many = found.len() == FEW;
            members.extend(found);
            if many || members.len() >= FEW {
                return Ok(None);
            }
        }
        Ok(Some(members))
    }

    /// The first who were given it, as many as the page can hold.
    async fn direct(&self) -> Result<BTreeSet<String>, DbErr> {
        let active = entity::Entity::find()
            .select_only()
            .column(entity::Column::Id)
            .filter(entity::Column::Active.eq(true))
            .into_query();
        let mut first = BTreeSet::new();
        for place in &self.places {
            let found: Vec<String> = user_permission::Entity::find()
                .select_only()
                .column(user_permission::Column::UserId)
                .filter(user_permission::Column::PermissionId.eq(self.permission.as_str()))
                .filter(user_permission::Column::Object.eq(place.as_str()))
                .filter(user_permission::Column::UserId.gt(self.after.as_str()))
                .filter(user_permission::Column::UserId.in_subquery(active.clone()))
                .order_by_asc(user_permission::Column::UserId)
                .limit(self.size as u64)
                .into_tuple()
                .all(self.reader)
                .await?;
            first.extend(found);
        }
        Ok(first)
    }

    /// The first superusers, as many as the page can hold.
    async fn superusers(&self) -> Result<BTreeSet<String>, DbErr> {
        let superuser =
            Condition::all().add(entity::Column::Superuser.eq(true)).add(entity::Column::Id.gt(self.after.as_str()));
        let found = self.users(superuser, self.size).await?;
        Ok(found.into_iter().map(|(id, ..)| id).collect())
    }

    /// The first active users of that kind, by id: id, username, whether superuser.
    async fn users(&self, which: Condition, most: usize) -> Result<Vec<(String, String, bool)>, DbErr> {
        entity::Entity::find()
            .select_only()
            .columns([entity::Column::Id, entity::Column::Username, entity::Column::Superuser])
            .filter(which)
            .filter(entity::Column::Active.eq(true))
            .order_by_asc(entity::Column::Id)
            .limit(most as u64)
            .into_tuple()
            .all(self.reader)
            .await
    }
}

fn parsed(id: &str) -> Result<UserId, DbErr> {
    id.parse().map_err(|_| DbErr::Type(format!("the id of user {id:?} is no UUID")))
}
