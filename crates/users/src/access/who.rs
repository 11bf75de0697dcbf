//! Who has this permission? Asked of the database, not of memory.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};
use vestibule_core::UserId;

use super::{Access, AccessError, PermissionName, page_size};

/// `$1` permission, `$2` object, `$3` the id after which, `$4` how many. Each of the three ways is followed from its own index,
/// and only from the place on where the page begins.
const WHO: &str = "WITH RECURSIVE granted(id) AS (\
     SELECT group_id FROM group_permissions WHERE permission_id = $1 AND object IN ('', $2) UNION \
     SELECT gg.member_id FROM group_groups gg JOIN granted ON gg.group_id = granted.id), \
     direct(id) AS (SELECT user_id FROM user_permissions \
     WHERE permission_id = $1 AND object IN ('', $2) AND user_id > $3), \
     grouped(id) AS (SELECT gu.user_id FROM group_users gu JOIN granted ON gu.group_id = granted.id WHERE gu.user_id > $3), \
     found(id) AS (SELECT id FROM direct UNION SELECT id FROM grouped UNION \
     SELECT id FROM users WHERE superuser = TRUE AND id > $3), \
     page(id, username, superuser) AS (SELECT u.id, u.username, u.superuser FROM found JOIN users u ON u.id = found.id \
     WHERE u.active ORDER BY u.id LIMIT $4) \
     SELECT page.id, page.username, CASE WHEN page.superuser THEN 1 ELSE 0 END, \
     CASE WHEN page.id IN (SELECT id FROM direct) THEN 1 ELSE 0 END, \
     CASE WHEN page.id IN (SELECT id FROM grouped) THEN 1 ELSE 0 END FROM page ORDER BY page.id";

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
        let reader = self.0.database.reader();
        let values = [
            permission.id.to_string().into(),
            object.unwrap_or_default().into(),
            after.map(|id| id.to_string()).unwrap_or_default().into(),
            i64::try_from(page_size(size)).unwrap_or_default().into(),
        ];
        let statement = Statement::from_sql_and_values(reader.get_database_backend(), WHO, values);
        let rows = reader.query_all_raw(statement).await?;
        Ok(rows.iter().map(entitled).collect::<Result<_, DbErr>>()?)
    }
}

fn entitled(row: &QueryResult) -> Result<Entitled, DbErr> {
    let id: String = row.try_get_by_index(0)?;
    Ok(Entitled {
        user: id.parse().map_err(|_| DbErr::Type(format!("the id of user {id:?} is no UUID")))?,
        username: row.try_get_by_index(1)?,
        superuser: row.try_get_by_index::<i32>(2)? != 0,
        direct: row.try_get_by_index::<i32>(3)? != 0,
        by_group: row.try_get_by_index::<i32>(4)? != 0,
    })
}
