//! How long the lookups that count take on a large database: `cargo run --release -p vestibule-users --example at_size -- URL`.
//!
//! The database is one that `vestibule users seed` filled. Each is tried many times on people and groups that are spread over it;
//! the figures are the median and what 95 of 100 stay below, in milliseconds, and the median as a ratio to what the engine needs
//! to fetch one row by its primary key: that is the least that anything could take there, in the same run on the same machine.
#![allow(clippy::print_stdout, reason = "it speaks on the terminal")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use vestibule_core::{Clock, Random};
use vestibule_database::{ChangeLog, Database};
use vestibule_users::{
    Access, Group, GroupQuery, GroupSort, HashingPolicy, PasswordHasher, PermissionQuery, Query, SortBy, User, Users,
};

type Failure = Box<dyn Error>;

/// How often each is tried.
const TRIES: usize = 400;
const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let url = std::env::args().nth(1).ok_or("name the database, such as sqlite://data/vestibule.db")?;
    let database = Database::connect(&url, 4).await?;
    let (clock, random) = (Clock::system(), Random::system());
    let changes = ChangeLog::open(database.clone(), clock.clone()).await?;
    let hasher = PasswordHasher::new(HashingPolicy { workers: 1, ..HashingPolicy::default() }, random.clone())?;
    let users = Users::new(database.clone(), hasher, clock.clone(), random.clone());
    // Nothing is kept of what was read.
    let access = Access::new(database, changes, clock, random, 0);
    Bench::open(users, access).await?.run().await
}

/// How long something takes.
#[derive(Clone, Copy)]
struct Figure {
    median: Duration,
    /// What 95 of 100 stay below.
    most: Duration,
}

/// What is measured on.
struct Bench {
    users: Users,
    access: Access,
    people: Vec<User>,
    groups: Vec<Group>,
    permissions: Vec<vestibule_users::Permission>,
    ceiling: Duration,
}

impl Bench {
    async fn open(users: Users, access: Access) -> Result<Self, Failure> {
        // Ids are at random, so that whoever comes first by one of these orders is anybody.
        let mut people = Vec::new();
        for (sort, descending) in [(SortBy::CreatedAt, false), (SortBy::Email, false), (SortBy::CreatedAt, true)] {
            people.extend(users.search(&Query { sort, descending, size: 500, ..Query::default() }).await?.users);
        }
        let sort = GroupSort::CreatedAt;
        let groups = access.groups(&GroupQuery { sort, size: 1000, ..GroupQuery::default() }).await?;
        let permissions = access.permissions(&PermissionQuery { size: 100, ..PermissionQuery::default() }).await?;
        if people.is_empty() || groups.is_empty() || permissions.is_empty() {
            return Err("there is nobody here; fill it with `vestibule users seed`".into());
        }
        Ok(Self { users, access, people, groups, permissions, ceiling: Duration::ZERO })
    }

    async fn run(mut self) -> Result<(), Failure> {
        let least =
            self.times(async |bench, user, _| bench.users.get(user.id).await.map(drop).map_err(failure)).await?;
        self.ceiling = least.median;
        self.tell("one row by its primary key", least);
        let figure = self
            .times(async |bench, user, _| bench.users.find_to_sign_in(&user.username).await.map(drop).map_err(failure));
        self.tell("sign-in lookup by username", figure.await?);
        let figure = self.times(async |bench, user, _| {
            let email = user.email.as_deref().unwrap_or_default();
            bench.users.find_to_sign_in(email).await.map(drop).map_err(failure)
        });
        self.tell("sign-in lookup by e-mail address", figure.await?);
        let figure =
            self.times(async |bench, user, _| bench.access.effective(user.id).await.map(drop).map_err(failure));
        self.tell("effective permissions, from the database", figure.await?);
        for (name, query) in self.pages() {
            let figure = self.times(async |bench, user, group| {
                bench.users.search(&query(user, group)).await.map(drop).map_err(failure)
            });
            self.tell(name, figure.await?);
        }
        let figure = self.times(async |bench, user, _| {
            let permission = &bench.permissions[usize::from(user.id.as_bytes()[0]) % bench.permissions.len()];
            bench.access.who_has(&permission.name, None, None, 50).await.map(drop).map_err(failure)
        });
        self.tell("a page of those who have a permission", figure.await?);
        Ok(())
    }

    /// Pages of users, by filters of each kind.
    #[allow(clippy::type_complexity, reason = "a list of names and functions, used once")]
    fn pages(&self) -> Vec<(&'static str, fn(&User, &Group) -> Query)> {
        vec![
            ("a page, unfiltered", |_, _| Query::default()),
            ("a page of the members of a group", |_, group| Query {
                group: Some(group.id.to_string()),
                ..Query::default()
            }),
            ("a page of inactive users, the newest first", |_, _| Query {
                active: Some(false),
                sort: SortBy::CreatedAt,
                descending: true,
                ..Query::default()
            }),
            ("a page of active staff", |_, _| Query { active: Some(true), staff: Some(true), ..Query::default() }),
            ("a page of inactive staff, who signed in last first", |_, _| Query {
                active: Some(false),
                staff: Some(true),
                sort: SortBy::LastSignIn,
                descending: true,
                ..Query::default()
            }),
            ("a page of superusers, the newest first", |_, _| Query {
                superuser: Some(true),
                sort: SortBy::CreatedAt,
                descending: true,
                ..Query::default()
            }),
            ("a page of superusers without a password", |_, _| Query {
                superuser: Some(true),
                has_password: Some(false),
                ..Query::default()
            }),
            ("a page of the inactive members of a group", |_, group| Query {
                group: Some(group.id.to_string()),
                active: Some(false),
                sort: SortBy::Email,
                ..Query::default()
            }),
            ("a page of those whose names begin so", |user, _| beginning(user, 4, SortBy::Username)),
            ("the same, of fewer letters", |user, _| beginning(user, 2, SortBy::Username)),
            ("the same, of the family name", |user, _| Query {
                search: user.claims.family_name.clone(),
                ..Query::default()
            }),
            ("the same, sorted by when they were created", |user, _| beginning(user, 5, SortBy::CreatedAt)),
            ("a page of those created in a month", |user, _| Query {
                created_after: Some(user.created_at),
                created_before: Some(user.created_at + MONTH),
                ..Query::default()
            }),
            ("a page of who has not signed in since", |user, _| Query {
                last_sign_in_before: Some(user.created_at),
                active: Some(true),
                sort: SortBy::Email,
                ..Query::default()
            }),
            ("whoever has an e-mail address", |user, _| Query { email: user.email.clone(), ..Query::default() }),
        ]
    }

    fn tell(&self, what: &str, figure: Figure) {
        let ratio = figure.median.as_secs_f64() / self.ceiling.as_secs_f64();
        let [median, most] = [figure.median, figure.most].map(|time| time.as_secs_f64() * 1000.0);
        println!("{what:<52} {median:>8.3} ms {most:>8.3} ms {ratio:>7.1} x");
    }

    async fn times(
        &self,
        mut work: impl AsyncFnMut(&Self, &User, &Group) -> Result<(), Failure>,
    ) -> Result<Figure, Failure> {
        let mut times = Vec::with_capacity(TRIES);
        for index in 0..TRIES {
            // A step that shares no factor with the lengths goes through all of them.
            let (user, group) =
                (&self.people[index * 7919 % self.people.len()], &self.groups[index * 7919 % self.groups.len()]);
            let began = Instant::now();
            work(self, user, group).await?;
            times.push(began.elapsed());
        }
        times.sort();
        Ok(Figure { median: times[times.len() / 2], most: times[times.len() * 95 / 100] })
    }
}

/// Those whose username, address or name begins as a user's does.
fn beginning(user: &User, letters: usize, sort: SortBy) -> Query {
    Query { search: Some(user.username.chars().take(letters).collect()), sort, ..Query::default() }
}

fn failure(error: impl Error + 'static) -> Failure {
    error.into()
}
