//! Made-up people, groups and grants, as many as a large site has: to try there what only shows at size.
//!
//! ```text
//! others are here, and that is not expected ──▶ refused
//! else ──▶ permissions of made-up apps ──▶ groups, nested, with grants ──▶ people, in transactions of many ──▶ how many
//! ```
//! What is made up follows from a seed, so that the same comes again; ids alone are at random, as no id is ever given twice. Who
//! is made up is known by the domains of their addresses, which belong to nobody. A later run goes on from there.

mod draw;
mod names;
mod person;
mod society;

use sea_orm::{ConnectionTrait, DbErr, SqlErr, Statement};
use secrecy::SecretString;
use vestibule_core::UserId;

use self::{
    draw::Draw,
    person::{Mould, Rows},
};
use crate::{About, Access, AccessError, Holder, NewUser, PasswordProblem, Unavailable, Users, attributes, passwords};

/// Where made-up people have their addresses.
const DOMAINS: [&str; 2] = ["people.example.com", "people.example.org"];

/// How many people one transaction makes. As long as one lasts, nobody else writes to SQLite.
const BATCH: u64 = 20_000;

/// How much memory SQLite may use for pages meanwhile, in KiB: indexes are written all over.
const PAGES_KIB: u32 = 512 * 1024;

/// What is drawn for.
struct Kind;

impl Kind {
    const GROUP: u64 = 1;
    const PERSON: u64 = 2;
}

/// What is to be made up.
#[derive(Clone, Debug)]
pub struct Sample {
    /// How many people.
    pub people: u64,
    /// Among how many groups they are spread.
    pub groups: u64,
    /// What decides who they are.
    pub seed: u64,
    /// The password of all of them; without one they cannot sign in by password.
    pub password: Option<SecretString>,
    /// Whether people who are not made up may be there already.
    pub among_others: bool,
}

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// People.
    pub people: u64,
    /// The groups that they are spread among, those of an earlier run included.
    pub groups: u64,
    /// Who is in which group.
    pub memberships: u64,
    /// Permissions given to people and groups.
    pub grants: u64,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleStep {
    /// So many groups are there.
    Groups(u64),
    /// So many people were made.
    People(u64),
}

/// Why nobody, or not everybody, was made up.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// There are people who are not made up.
    #[error("{count} users here are not made up: fill another, empty database")]
    OthersAreHere {
        /// How many.
        count: u64,
    },
    /// The password breaks rules.
    #[error("{}", passwords::in_words(.0))]
    WeakPassword(
        /// At least one.
        Vec<PasswordProblem>,
    ),
    /// A made-up name is taken.
    #[error("a made-up name is taken, since made-up users were deleted or renamed: fill another, empty database")]
    Taken,
    /// The groups or permissions could not be written.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store could not answer.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<DbErr> for SampleError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => Self::Taken,
            _ => Self::Unavailable(error.into()),
        }
    }
}

impl Users {
    /// Makes up people, groups and grants. `access` is on the same database. `progress` hears of each transaction; what is done
    /// by then stays, whatever happens next.
    ///
    /// # Errors
    /// People who are not made up, a password that breaks a rule, a name that is taken, a store that does not answer.
    pub async fn make_up(
        &self,
        access: &Access,
        sample: &Sample,
        mut progress: impl FnMut(SampleStep),
    ) -> Result<Sampled, SampleError> {
        let (first, others) = self.count_made_up().await?;
        if others > 0 && !sample.among_others {
            return Err(SampleError::OthersAreHere { count: others });
        }
        let password_hash = match &sample.password {
            Some(password) => Some(self.one_hash(password).await?),
            None => None,
        };
        if !self.database.is_postgres() {
            let pragma = format!("PRAGMA cache_size = -{PAGES_KIB}");
            self.database.writer().execute_unprepared(&pragma).await?;
        }
        let definitions = attributes::table::definitions(self.database.reader(), false).await?;
        let mut society = society::found(access, &self.database).await?;
        let size = (sample.seed, sample.groups);
        society.gather(access, &self.database, size, |groups| progress(SampleStep::Groups(groups))).await?;
        let mould = Mould { now: self.clock.now().millis(), password_hash, definitions: &definitions };
        let mut made = Sampled { groups: sample.groups, grants: society.grants, ..Sampled::default() };
        while made.people < sample.people {
            let count = BATCH.min(sample.people - made.people);
            let from = first + made.people;
            let batch = self.batch(access, sample.seed, from..from + count, &mould, &society).await?;
            made.people += count;
            made.memberships += batch.memberships;
            made.grants += batch.grants;
            progress(SampleStep::People(made.people));
        }
        if self.database.is_postgres() {
            // It chooses its ways by what it knows of the rows, and would find that out some minutes later only.
            self.database.writer().execute_unprepared("ANALYZE").await?;
        }
        tracing::info!(people = made.people, groups = made.groups, "people were made up");
        Ok(made)
    }

    /// The people of these numbers, in one transaction. Nobody knows them yet, so that nobody need be told.
    async fn batch(
        &self,
        access: &Access,
        seed: u64,
        numbers: std::ops::Range<u64>,
        mould: &Mould<'_>,
        society: &society::Society,
    ) -> Result<Sampled, SampleError> {
        let (mut rows, mut members, mut grants) = (Rows::default(), Vec::new(), Vec::new());
        for index in numbers {
            let mut draw = Draw::of(seed, Kind::PERSON, index);
            let user: UserId = rows.add(mould, &mut draw, index, &self.random)?;
            members.extend(society.some(&mut draw).into_iter().map(|group| (group, user)));
            if draw.one_in(50) {
                grants.push((Holder::User(user), society.permit(&mut draw)));
            }
        }
        let transaction = self.database.begin().await?;
        rows.write(&transaction).await?;
        let memberships = access.add_users_in(&transaction, &members).await?;
        let grants = access.grant_all_in(&transaction, &grants).await?;
        transaction.commit().await?;
        Ok(Sampled { memberships, grants, ..Sampled::default() })
    }

    /// How many people are made up, and how many are not.
    async fn count_made_up(&self) -> Result<(u64, u64), DbErr> {
        let writer = self.database.writer();
        let sql = "SELECT COUNT(*) AS everybody, COUNT(CASE WHEN email_order LIKE '%@' || $1 \
                   OR email_order LIKE '%@' || $2 THEN 1 END) AS made_up FROM users";
        let values = DOMAINS.map(Into::into);
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), sql, values);
        let Some(row) = writer.query_one_raw(statement).await? else { return Ok((0, 0)) };
        let count = |column: &str| Ok::<u64, DbErr>(u64::try_from(row.try_get::<i64>("", column)?).unwrap_or(0));
        let (everybody, made_up) = (count("everybody")?, count("made_up")?);
        Ok((made_up, everybody.saturating_sub(made_up)))
    }

    async fn one_hash(&self, password: &SecretString) -> Result<String, SampleError> {
        let problems = self.check_first_password(&About::new_user(&NewUser::named("")), password).await?;
        if !problems.is_empty() {
            return Err(SampleError::WeakPassword(problems));
        }
        self.hasher.hash(password).await.map_err(|error| Unavailable::Hashing(error).into())
    }
}
