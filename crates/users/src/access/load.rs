//! What the database holds of one person's groups and permissions, read by one statement: at one moment, so that a change in
//! several tables is seen as a whole or not at all.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use vestibule_core::{GroupId, UserId};

use super::{Access, ObjectName, PermissionName, Permit};

/// How somebody comes to be in their groups: each group with the one by which they are in it, and with nothing where they were
/// put into it themselves. No way is gone twice, so that the walk ends whatever the table holds.
const REACH_OF_USER: &str = "WITH RECURSIVE reach(id, via) AS (\
     SELECT group_id, '' FROM group_users WHERE user_id = $1 UNION \
     SELECT gg.group_id, gg.member_id FROM group_groups gg JOIN reach ON gg.member_id = reach.id) ";

/// The same of a group, with itself.
const REACH_OF_GROUP: &str = "WITH RECURSIVE reach(id, via) AS (\
     SELECT CAST($1 AS TEXT), '' UNION \
     SELECT gg.group_id, gg.member_id FROM group_groups gg JOIN reach ON gg.member_id = reach.id) ";

/// What each group of the reach holds. The names come by subqueries, here and below, so that no engine thinks of reading a
/// whole table for a few rows.
const OF_GROUPS: &str = "SELECT 3 AS kind, gp.group_id AS a, \
     (SELECT p.app || '.' || p.codename FROM permissions p WHERE p.id = gp.permission_id) AS b, gp.object AS c, 0 AS x, 0 AS y \
     FROM (SELECT DISTINCT id FROM reach) held JOIN group_permissions gp ON gp.group_id = held.id";

/// The person, the reach, what the person holds, and, for a superuser, all there is.
const OF_USER: &str = " UNION ALL \
     SELECT 0, '', u.username, '', CASE WHEN u.active THEN 1 ELSE 0 END, CASE WHEN u.superuser THEN 1 ELSE 0 END \
     FROM users u WHERE u.id = $1 UNION ALL \
     SELECT 1, reach.id, (SELECT g.name FROM \"groups\" g WHERE g.id = reach.id), reach.via, \
     (SELECT CASE WHEN g.require_second_factor THEN 1 ELSE 0 END FROM \"groups\" g WHERE g.id = reach.id), 0 \
     FROM reach UNION ALL \
     SELECT 2, '', (SELECT p.app || '.' || p.codename FROM permissions p WHERE p.id = up.permission_id), up.object, 0, 0 \
     FROM user_permissions up WHERE up.user_id = $1 UNION ALL \
     SELECT 4, '', p.app || '.' || p.codename, '', 0, 0 FROM permissions p \
     WHERE EXISTS (SELECT 1 FROM users u WHERE u.id = $1 AND u.superuser AND u.active)";

/// What was read of a person. All of it, also where they are not active.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) exists: bool,
    pub(super) active: bool,
    pub(super) superuser: bool,
    pub(super) username: String,
    /// Their groups by id, direct and around those.
    pub(super) groups: BTreeMap<String, LoadedGroup>,
    /// What they were given themselves.
    pub(super) direct: BTreeSet<Permit>,
    /// Every permission there is; read for an active superuser only.
    pub(super) all: BTreeSet<PermissionName>,
}

/// A group of theirs.
#[derive(Debug, Default)]
pub(super) struct LoadedGroup {
    pub(super) name: String,
    pub(super) require_second_factor: bool,
    /// Whether they were put into it themselves.
    pub(super) direct: bool,
    /// The groups that it is in.
    pub(super) around: Vec<String>,
    /// What it holds itself.
    pub(super) holds: Vec<Permit>,
}

impl Access {
    /// Reads what there is of a person.
    pub(super) async fn load(&self, user: UserId) -> Result<Loaded, DbErr> {
        let sql = format!("{REACH_OF_USER}{OF_GROUPS}{OF_USER}");
        let mut loaded = Loaded::default();
        for row in self.rows(sql, user.to_string()).await? {
            loaded.take(&row)?;
        }
        Ok(loaded)
    }

    /// Reads what a group holds, and those around it.
    pub(super) async fn load_group(&self, group: GroupId) -> Result<BTreeSet<Permit>, DbErr> {
        let rows = self.rows(format!("{REACH_OF_GROUP}{OF_GROUPS}"), group.to_string()).await?;
        rows.iter().map(permit).collect()
    }

    async fn rows(&self, sql: String, id: String) -> Result<Vec<QueryResult>, DbErr> {
        let reader = self.0.database.reader();
        let statement = Statement::from_sql_and_values(reader.get_database_backend(), sql, [id.into()]);
        reader.query_all_raw(statement).await
    }
}

impl Loaded {
    fn take(&mut self, row: &QueryResult) -> Result<(), DbErr> {
        let flag = |column: usize| Ok::<_, DbErr>(row.try_get_by_index::<i32>(column)? != 0);
        match row.try_get_by_index::<i32>(0)? {
            0 => {
                (self.exists, self.active, self.superuser) = (true, flag(4)?, flag(5)?);
                self.username = row.try_get_by_index(2)?;
            }
            1 => {
                let (id, via): (String, String) = (row.try_get_by_index(1)?, row.try_get_by_index(3)?);
                let group = self.groups.entry(id.clone()).or_default();
                group.name = row.try_get_by_index(2)?;
                group.require_second_factor = flag(4)?;
                if via.is_empty() {
                    group.direct = true;
                } else {
                    self.groups.entry(via).or_default().around.push(id);
                }
            }
            2 => drop(self.direct.insert(permit(row)?)),
            3 => self.groups.entry(row.try_get_by_index(1)?).or_default().holds.push(permit(row)?),
            _ => drop(self.all.insert(permit(row)?.permission)),
        }
        Ok(())
    }

    /// The groups that `start` is in, however far up, with itself. No group is passed twice.
    pub(super) fn above<'a>(&'a self, start: &'a str) -> BTreeSet<&'a str> {
        let (mut seen, mut next) = (BTreeSet::from([start]), vec![start]);
        while let Some(group) = next.pop().and_then(|id| self.groups.get(id)) {
            next.extend(group.around.iter().map(String::as_str).filter(|around| seen.insert(around)));
        }
        seen
    }
}

fn permit(row: &QueryResult) -> Result<Permit, DbErr> {
    let name: String = row.try_get_by_index(2)?;
    let Some((app, codename)) = name.split_once('.') else {
        return Err(DbErr::Type(format!("the permission {name:?} has no app")));
    };
    let permission = PermissionName::stored(app.to_owned(), codename.to_owned());
    Ok(Permit { permission, object: ObjectName::stored(row.try_get_by_index(3)?) })
}
