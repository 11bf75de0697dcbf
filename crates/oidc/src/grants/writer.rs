//! One statement, and one commit, for what many requests write at once.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, EntityTrait, FromQueryResult, Statement, Value};
use vestibule_database::{Database, Gather, in_few_shapes};

use crate::tables::grant;

/// So many writes are one statement at most. Each number of rows is a statement of its own, which the engine keeps prepared.
const MOST: usize = 32;

/// What a request writes.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// A new grant.
    Insert(Box<grant::ActiveModel>),
    /// A new generation.
    Rotate(Rotation),
}

/// The step from one generation of a grant to another: it happens where the grant still is at `from`.
#[derive(Clone, Debug)]
pub(super) struct Rotation {
    pub(super) id: String,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) spent: String,
    /// The end of the grant if it is not used again, where that moves.
    pub(super) ends_at: Option<i64>,
}

/// Commits writes in groups. The answer is whether the row was there to be changed, once that is durable.
pub(super) fn writer(database: Database) -> Gather<Write, bool> {
    Gather::new(MOST, move |writes| {
        let database = database.clone();
        async move { write(&database, writes).await }
    })
}

/// What one group writes, by what it is: each is one statement.
#[derive(Default)]
struct Sorted {
    inserts: Vec<grant::ActiveModel>,
    /// Those that leave the end alone, which is in an index, and those that move it.
    rotations: [Vec<Rotation>; 2],
}

async fn write(database: &Database, writes: Vec<Write>) -> Result<Vec<bool>, DbErr> {
    let mut sorted = Sorted::default();
    // Of those that would step from the same generation, the first one does; the others come too late.
    let mut steps = HashSet::new();
    let mut expected = Vec::with_capacity(writes.len());
    for write in writes {
        match write {
            Write::Insert(row) => {
                sorted.inserts.push(*row);
                expected.push(None);
            }
            Write::Rotate(rotation) => {
                let first = steps.insert((rotation.id.clone(), rotation.from));
                expected.push(Some((first, rotation.id.clone(), rotation.to)));
                if first {
                    sorted.rotations[usize::from(rotation.ends_at.is_some())].push(rotation);
                }
            }
        }
    }
    let rotated = sorted.write(database).await?;
    let wrote = |expected: Option<(bool, String, i64)>| {
        expected.is_none_or(|(first, id, generation)| first && rotated.contains(&Rotated { id, generation }))
    };
    Ok(expected.into_iter().map(wrote).collect())
}

impl Sorted {
    /// All of it or nothing. Answers which grants were rotated, and to which generation.
    async fn write(self, database: &Database) -> Result<HashSet<Rotated>, DbErr> {
        let statements = usize::from(!self.inserts.is_empty())
            + self.rotations.iter().filter(|rotations| !rotations.is_empty()).count();
        if statements <= 1 {
            return self.write_by(database.writer()).await;
        }
        let transaction = database.begin().await?;
        let rotated = self.write_by(&transaction).await?;
        transaction.commit().await?;
        Ok(rotated)
    }

    async fn write_by(self, connection: &impl ConnectionTrait) -> Result<HashSet<Rotated>, DbErr> {
        let mut rotated = HashSet::new();
        if !self.inserts.is_empty() {
            grant::Entity::insert_many(self.inserts).exec_without_returning(connection).await?;
        }
        for mut rotations in self.rotations {
            if rotations.is_empty() {
                continue;
            }
            // In one order on every replica, so that no two statements wait for each other's rows.
            rotations.sort_by(|one, other| one.id.cmp(&other.id));
            let statement = rotate(connection.get_database_backend(), rotations);
            rotated.extend(Rotated::find_by_statement(statement).all(connection).await?);
        }
        Ok(rotated)
    }
}

/// A grant that was rotated, and to which generation.
#[derive(Debug, PartialEq, Eq, Hash, FromQueryResult)]
struct Rotated {
    id: String,
    generation: i64,
}

/// `UPDATE … FROM (VALUES …)`, which both engines have. They name the columns of the values themselves.
fn rotate(backend: DbBackend, rotations: Vec<Rotation>) -> Statement {
    let moves_end = rotations.iter().any(|rotation| rotation.ends_at.is_some());
    let rotations = in_few_shapes(rotations.into_iter().map(Some).collect(), &None);
    let (mut rows, mut values) = (Vec::with_capacity(rotations.len()), Vec::with_capacity(rotations.len() * 5));
    for rotation in rotations {
        let n = values.len();
        let text = |place: usize| format!("CAST(${} AS text)", n + place);
        let number = |place: usize| format!("CAST(${} AS bigint)", n + place);
        let mut row = vec![text(1), number(2), number(3), text(4)];
        let row_values = match rotation {
            Some(Rotation { id, from, to, spent, ends_at }) => {
                [Value::from(id), from.into(), to.into(), spent.into(), ends_at.into()]
            }
            None => [
                None::<String>.into(),
                None::<i64>.into(),
                None::<i64>.into(),
                None::<String>.into(),
                None::<i64>.into(),
            ],
        };
        if moves_end {
            row.push(number(5));
        }
        values.extend(row_values.into_iter().take(row.len()));
        rows.push(format!("({})", row.join(", ")));
    }
    let ends_at = if moves_end { ", ends_at = new.column5" } else { "" };
    let sql = format!(
        "UPDATE grants SET generation = new.column3, spent = new.column4{ends_at} FROM (VALUES {}) AS new \
         WHERE grants.id = new.column1 AND grants.generation = new.column2 RETURNING grants.id, grants.generation",
        rows.join(", ")
    );
    Statement::from_sql_and_values(backend, sql, values)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ActiveModelTrait, IntoActiveModel};
    use tokio::task::JoinSet;
    use vestibule_database::GatherError;

    use super::*;

    async fn empty() -> Database {
        let database = Database::connect("sqlite::memory:", 1).await.unwrap();
        database.migrate().await.unwrap();
        database
    }

    /// Grants of clients and users that nobody made, which is all the same to what is tried here.
    async fn with_grants(ids: &[&str]) -> Database {
        let database = empty().await;
        database.writer().execute_unprepared("PRAGMA foreign_keys = OFF").await.unwrap();
        assert_eq!(write(&database, ids.iter().map(|id| insert(id)).collect()).await.unwrap(), vec![true; ids.len()]);
        database
    }

    fn insert(id: &str) -> Write {
        let row = grant::Model {
            id: id.to_owned(),
            client_id: "nobody".to_owned(),
            user_id: "nobody".to_owned(),
            session: None,
            scope: String::new(),
            resources: "[]".to_owned(),
            auth_time: 0,
            acr: None,
            amr: "[]".to_owned(),
            confirmation: None,
            claims: None,
            granted_at: 0,
            expires_at: 0,
            ends_at: 7,
            imported_digest: None,
            generation: 1,
            spent: "[]".to_owned(),
        };
        Write::Insert(Box::new(row.into_active_model().reset_all()))
    }

    fn rotation(id: &str, from: i64, ends_at: Option<i64>) -> Write {
        Write::Rotate(Rotation { id: id.to_owned(), from, to: from + 1, spent: format!("[{from}]"), ends_at })
    }

    async fn rows(database: &Database) -> Vec<(String, i64, String, i64)> {
        let mut rows = grant::Entity::find().all(database.reader()).await.unwrap();
        rows.sort_by(|one, other| one.id.cmp(&other.id));
        rows.into_iter().map(|row| (row.id, row.generation, row.spent, row.ends_at)).collect()
    }

    async fn asked(
        writer: &Gather<Write, bool>,
        writes: impl IntoIterator<Item = Write>,
    ) -> Vec<Result<bool, GatherError>> {
        let mut asking = JoinSet::new();
        for (number, write) in writes.into_iter().enumerate() {
            let writer = writer.clone();
            asking.spawn(async move { (number, writer.ask(write).await) });
        }
        let mut answers = asking.join_all().await;
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    #[tokio::test]
    async fn each_hears_of_its_own() {
        let database = with_grants(&["a", "b", "c"]).await;
        let writes = vec![
            rotation("a", 1, None),
            rotation("nobody's", 1, None),
            rotation("b", 2, None),
            rotation("c", 1, Some(9)),
            insert("d"),
        ];
        assert_eq!(write(&database, writes).await.unwrap(), [true, false, false, true, true]);
        let row = |id: &str, generation, spent: &str, ends_at| (id.to_owned(), generation, spent.to_owned(), ends_at);
        let expected = [row("a", 2, "[1]", 7), row("b", 1, "[]", 7), row("c", 2, "[1]", 9), row("d", 1, "[]", 7)];
        assert_eq!(rows(&database).await, expected);
    }

    #[tokio::test]
    async fn of_those_that_rotate_the_same_generation_one_does() {
        let database = with_grants(&["a"]).await;
        let writer = writer(database.clone());
        let answers = asked(&writer, (0..100).map(|number| rotation("a", 1, (number % 2 == 0).then_some(9)))).await;
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(true)).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(false)).count(), 99);
        let late = vec![rotation("a", 1, None), rotation("a", 2, None), rotation("a", 3, None)];
        assert_eq!(write(&database, late).await.unwrap(), [false, true, false]);
        assert_eq!(rows(&database).await[0].1, 3);
    }

    /// Its client and user are nobody: the engine refuses the row.
    #[tokio::test]
    async fn what_cannot_be_written_fails_alone() {
        let database = empty().await;
        let writer = writer(database.clone());
        let first = rotation("first, so that the others wait", 1, None);
        let answers = asked(&writer, [first, rotation("a", 1, None), insert("bad"), rotation("z", 1, None)]).await;
        assert!(answers[2].is_err(), "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| **answer == Ok(false)).count(), 3);
        assert!(rows(&database).await.is_empty());
    }
}
