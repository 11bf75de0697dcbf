//! Who has this permission? Asked of the database, not of memory.
//!
//! A page comes in the order of ids, and so do the members of each group: the first few of each are taken and put in order
//! together, as far as all of them reach, until the page is full. Where very many groups bring it, a great part of all people may
//! have it, so that some users are looked through in order first: ids are random, and such a page is soon full.

use std::collections::{BTreeSet, HashSet};

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement, TryGetable, Value,
};
use vestibule_core::UserId;

use super::{Access, AccessError, BATCH, PermissionName, page_size, tables::group_user};
use crate::entity;

/// From how many groups on users are looked through first.
const MANY_GROUPS: usize = 512;

/// How many are looked through then, for each place on the page.
const LOOKED_AT: usize = 16;

/// How many members are taken of each group at first, at least.
const FIRST: usize = 3;

/// The groups that bring a permission to their members, in one text: those that were given it, and those in them. No group is
/// passed twice.
const GRANTED: &str = "WITH RECURSIVE granted(id) AS (\
     SELECT group_id FROM group_permissions WHERE permission_id = $1 AND object IN ('', $2) UNION \
     SELECT gg.member_id FROM group_groups gg JOIN granted ON gg.group_id = granted.id) SELECT string_agg(id, ' ') FROM granted";

/// Of each group the first `$3` members after `$2`, in one text; before it stands what makes rows of `$1`, a list in JSON.
const FIRST_MEMBERS: &str = "SELECT (SELECT string_agg(user_id, ' ') FROM (SELECT user_id FROM group_users \
     WHERE group_id = granted.id AND user_id > $2 ORDER BY user_id LIMIT $3) AS first) FROM granted";

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

/// Members of the groups, in the order of their ids.
struct Members {
    ids: BTreeSet<String>,
    /// Up to whom nobody is missing; nothing where these are the last.
    complete_to: Option<String>,
}

impl<C: ConnectionTrait> Search<'_, C> {
    async fn page(&self) -> Result<Vec<Entitled>, DbErr> {
        let groups = self.groups().await?;
        let direct = self.direct().await?;
        let superusers = self.superusers().await?;
        let (mut page, mut after) = (Vec::new(), self.after.clone());
        if groups.len() > MANY_GROUPS {
            after = self.look_through(&groups, &direct, &mut page).await?;
        }
        let mut each = (FIRST * self.size).div_ceil(groups.len().max(1)).clamp(FIRST, self.size.max(FIRST));
        while page.len() < self.size {
            let members = self.members(&groups, &after, each).await?;
            let reached = |id: &&String| **id > after && members.complete_to.as_ref().is_none_or(|to| *id <= to);
            let candidates: BTreeSet<&String> =
                direct.iter().chain(&superusers).chain(&members.ids).filter(reached).collect();
            self.admit(&candidates, &direct, &members.ids, &mut page).await?;
            let Some(complete_to) = members.complete_to else { break };
            after = complete_to;
            each = (each * 2).min(BATCH);
        }
        page.truncate(self.size);
        Ok(page)
    }

    /// Puts those of the candidates on the page who are active, until it is full.
    async fn admit(
        &self,
        candidates: &BTreeSet<&String>,
        direct: &BTreeSet<String>,
        members: &BTreeSet<String>,
        page: &mut Vec<Entitled>,
    ) -> Result<(), DbErr> {
        let candidates: Vec<&str> = candidates.iter().map(|id| id.as_str()).collect();
        for batch in candidates.chunks(self.size.clamp(1, BATCH)) {
            if page.len() >= self.size {
                break;
            }
            let these = entity::Column::Id.is_in(batch.iter().copied());
            for (id, username, superuser) in self.users(Condition::all().add(these), batch.len()).await? {
                let (direct, by_group) = (direct.contains(&id), members.contains(&id));
                page.push(Entitled { user: parsed(&id)?, username, superuser, direct, by_group });
            }
        }
        Ok(())
    }

    /// Looks through the first users in order; answers with up to whom.
    async fn look_through(
        &self,
        groups: &[String],
        direct: &BTreeSet<String>,
        page: &mut Vec<Entitled>,
    ) -> Result<String, DbErr> {
        let groups: HashSet<&str> = groups.iter().map(String::as_str).collect();
        let batch = (self.size * LOOKED_AT / 2).clamp(1, BATCH);
        let (mut after, mut looked_at) = (self.after.clone(), 0);
        while page.len() < self.size && looked_at < self.size * LOOKED_AT {
            let users = self.users(Condition::all().add(entity::Column::Id.gt(after.as_str())), batch).await?;
            let Some((last, ..)) = users.last() else { break };
            after.clone_from(last);
            looked_at += users.len();
            let members = self.members_among(&users, &groups).await?;
            for (id, username, superuser) in users {
                let (direct, by_group) = (direct.contains(&id), members.contains(&id));
                if superuser || direct || by_group {
                    page.push(Entitled { user: parsed(&id)?, username, superuser, direct, by_group });
                }
            }
        }
        Ok(after)
    }

    /// Which of these users are in one of the groups.
    async fn members_among(
        &self,
        users: &[(String, String, bool)],
        groups: &HashSet<&str>,
    ) -> Result<HashSet<String>, DbErr> {
        let memberships: Vec<(String, String)> = group_user::Entity::find()
            .select_only()
            .columns([group_user::Column::UserId, group_user::Column::GroupId])
            .filter(group_user::Column::UserId.is_in(users.iter().map(|(id, ..)| id.as_str())))
            .into_tuple()
            .all(self.reader)
            .await?;
        let in_one = memberships.into_iter().filter(|(_, group)| groups.contains(group.as_str()));
        Ok(in_one.map(|(user, _)| user).collect())
    }

    /// The groups that bring it.
    async fn groups(&self) -> Result<Vec<String>, DbErr> {
        let object = self.places.last().cloned().unwrap_or_default();
        let found: Vec<Option<String>> =
            self.texts(GRANTED, vec![self.permission.clone().into(), object.into()]).await?;
        Ok(found.into_iter().flatten().flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect())
    }

    /// The members of these groups after somebody, `each` at most of each group.
    async fn members(&self, groups: &[String], after: &str, each: usize) -> Result<Members, DbErr> {
        let granted = match self.reader.get_database_backend() {
            DbBackend::Sqlite => "SELECT value FROM json_each($1)",
            _ => "SELECT json_array_elements_text($1::json)",
        };
        let sql = format!("WITH granted(id) AS ({granted}) {FIRST_MEMBERS}");
        let most = i64::try_from(each).unwrap_or(i64::MAX);
        let of_groups: Vec<Option<String>> =
            self.texts(&sql, vec![serde_json::json!(groups).to_string().into(), after.into(), most.into()]).await?;
        let mut members = Members { ids: BTreeSet::new(), complete_to: None };
        for group in of_groups.iter().flatten() {
            let ids: Vec<&str> = group.split(' ').collect();
            // They come in the order of the index, which no engine promises.
            let last = ids.iter().max().filter(|_| ids.len() >= each).map(|last| (*last).to_owned());
            members.complete_to = members.complete_to.into_iter().chain(last).min();
            members.ids.extend(ids.into_iter().map(str::to_owned));
        }
        Ok(members)
    }

    /// The first column of what a statement finds.
    async fn texts<T: TryGetable, A: FromIterator<T>>(&self, sql: &str, values: Vec<Value>) -> Result<A, DbErr> {
        let statement = Statement::from_sql_and_values(self.reader.get_database_backend(), sql, values);
        self.reader.query_all_raw(statement).await?.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// The first who were given it, as many as the page can hold. A cross join is walked from the left: the index of who was
    /// given it is in the order of the page.
    async fn direct(&self) -> Result<BTreeSet<String>, DbErr> {
        let sql = "SELECT given.user_id FROM user_permissions AS given CROSS JOIN users WHERE given.permission_id = $1 \
             AND given.object = $2 AND given.user_id > $3 AND users.id = given.user_id AND users.active \
             ORDER BY given.user_id LIMIT $4";
        let most = i64::try_from(self.size).unwrap_or(i64::MAX);
        let mut first = BTreeSet::new();
        for place in &self.places {
            let (permission, place, after) = (self.permission.clone(), place.clone(), self.after.clone());
            let found: Vec<String> =
                self.texts(sql, vec![permission.into(), place.into(), after.into(), most.into()]).await?;
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
