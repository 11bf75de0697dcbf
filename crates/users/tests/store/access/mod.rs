//! What groups and permissions promise.

mod checking;
mod granting;
mod grouping;
mod inheriting;
mod keeping;
mod nesting;
mod registering;

use std::ops::Deref;

use vestibule_core::{GroupId, Random, UserId};
use vestibule_database::ChangeLog;
use vestibule_users::{Access, Changes, Holder, NewGroup, NewUser, Permit, Users};

use super::{Site, fifty};

/// Enough for every test.
const CACHE: u64 = 1 << 20;

/// A store, and access to it as a process has it.
struct Hall {
    site: Site,
    access: Access,
    changes: ChangeLog,
    users: Users,
}

impl Deref for Hall {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.access
    }
}

impl Hall {
    /// With the permissions `shop.view`, `shop.sell` and `blog.write`.
    async fn open() -> Self {
        let site = crate::open().await;
        let (access, changes) = another_process(&site).await;
        let users = site.users.clone().with_changes(changes.clone());
        for (app, codename) in [("shop", "view"), ("shop", "sell"), ("blog", "write")] {
            access.register(app, codename, &format!("Can {codename}")).await.unwrap();
        }
        Self { site, access, changes, users }
    }

    async fn user(&self, name: &str) -> UserId {
        self.users.create(NewUser::named(name)).await.unwrap().id
    }

    async fn superuser(&self, name: &str) -> UserId {
        let id = self.user(name).await;
        self.users.update(id, Changes { superuser: Some(true), ..Changes::default() }).await.unwrap();
        id
    }

    async fn new_group(&self, name: &str) -> GroupId {
        self.create_group(&NewGroup::named(name)).await.unwrap().id
    }

    async fn allow_user(&self, user: UserId, what: &str) {
        assert!(self.grant(Holder::User(user), &permit(what)).await.unwrap());
    }

    async fn allow_group(&self, group: GroupId, what: &str) {
        assert!(self.grant(Holder::Group(group), &permit(what)).await.unwrap());
    }

    /// May they? `what` is `app.codename`, or `app.codename@type:id`.
    async fn may(&self, user: UserId, what: &str) -> bool {
        may(&self.access, user, what).await
    }

    async fn execute(&self, sql: &str) {
        use sea_orm::ConnectionTrait;
        self.site.database.writer().execute_unprepared(sql).await.unwrap();
    }

    async fn count(&self, table: &str) -> i64 {
        use sea_orm::{ConnectionTrait, Statement};
        let writer = self.site.database.writer();
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let row = writer.query_one_raw(Statement::from_string(writer.get_database_backend(), sql)).await.unwrap();
        row.unwrap().try_get_by_index(0).unwrap()
    }
}

/// Access as another process has it: with a log of changes and a memory of its own.
async fn another_process(site: &Site) -> (Access, ChangeLog) {
    let changes = ChangeLog::open(site.database.clone(), site.clock.clone()).await.unwrap();
    let access = Access::new(site.database.clone(), changes.clone(), site.clock.clone(), Random::system(), CACHE);
    (access, changes)
}

async fn may(access: &Access, user: UserId, what: &str) -> bool {
    let (permission, object) = parts(what);
    access.check(user, permission, object).await.unwrap()
}

fn parts(what: &str) -> (&str, Option<&str>) {
    what.split_once('@').map_or((what, None), |(permission, object)| (permission, Some(object)))
}

fn permit(what: &str) -> Permit {
    let (permission, object) = parts(what);
    Permit { permission: permission.parse().unwrap(), object: object.map(|object| object.parse().unwrap()) }
}
