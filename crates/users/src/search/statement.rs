//! The statement for a page.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use vestibule_core::NormalisedIdentifier;

use super::{
    Query, SortBy,
    cursor::{Cursor, Key},
    part::Part,
    prefix::{next, normal},
};
use crate::attributes::value;

/// So many can be sorted while nobody waits, where an index leads to their rows; beyond, most orders are walked more quickly.
const FEW: i64 = 15_000;

/// So many where they come from another table: each is then looked up twice, by the id and by what it leads to.
const FEW_RELATED: i64 = 5_000;

/// A condition of the query.
struct Filter {
    /// On a row of `users`.
    row: String,
    /// Whom it lets through, by indexes, as `id`; where they may be few. Asked of SQLite alone.
    ids: Vec<String>,
    /// The column of `users` that this `id` is.
    by: By,
}

#[derive(Clone, Copy)]
enum By {
    /// SQLite's own number of the row, which an index of `users` holds.
    Row,
    Id,
}

impl By {
    fn column(self) -> &'static str {
        match self {
            Self::Row => "users.rowid",
            Self::Id => "users.id",
        }
    }

    fn few(self) -> i64 {
        match self {
            Self::Row => FEW,
            Self::Id => FEW_RELATED,
        }
    }
}

impl Filter {
    /// One that lets many through.
    fn wide(row: String) -> Self {
        Self { row, ids: Vec::new(), by: By::Row }
    }
}

/// A statement on the way, with its values.
struct Builder<'a> {
    query: &'a Query,
    part: Part,
    backend: DbBackend,
    values: Vec<Value>,
    /// An index of few rows in the very order, where there is one.
    index: Option<String>,
}

/// The statement for the next `size` users of a part; nothing where nobody can be found.
pub(super) async fn page(
    connection: &impl ConnectionTrait,
    query: &Query,
    part: Part,
    start: Option<&Cursor>,
    size: u64,
) -> Result<Option<Statement>, DbErr> {
    let backend = connection.get_database_backend();
    let mut builder = Builder { query, part, backend, values: Vec::new(), index: None };
    let Some(filters) = builder.filters() else { return Ok(None) };
    let few = builder.few(connection, &filters).await?;
    let mut conditions: Vec<String> = Vec::new();
    let from = match (few, builder.index.take()) {
        (Some(index), _) => {
            conditions.push(format!("{} = few.id", filters[index].by.column()));
            // A cross join is walked from the left.
            format!("({}) AS few CROSS JOIN users", filters[index].ids.join(" UNION "))
        }
        (None, Some(index)) if backend == DbBackend::Sqlite => format!("users INDEXED BY {index}"),
        (None, _) => "users".to_owned(),
    };
    let others = filters.into_iter().enumerate().filter(|(index, _)| Some(*index) != few);
    conditions.extend(others.map(|(_, filter)| filter.row));
    let key = builder.sort_key();
    let (beyond, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    if let Some(start) = start {
        let from = builder.bind(match &start.key {
            Key::Number(number) => (*number).into(),
            Key::Text(text) => text.clone().into(),
        });
        let id = builder.bind(start.id.to_string().into());
        // The first half is what an index is entered by.
        conditions.push(format!("{key} {beyond}= {from} AND ({key}, users.id) {beyond} ({from}, {id})"));
    }
    let conditions = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
    let size = builder.bind(i64::try_from(size).unwrap_or(i64::MAX).into());
    let sql = format!(
        "SELECT users.* FROM {from} WHERE {conditions} ORDER BY {key} {direction}, users.id {direction} LIMIT {size}"
    );
    Ok(Some(Statement::from_sql_and_values(backend, sql, builder.values)))
}

impl Builder<'_> {
    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn sort_key(&self) -> &'static str {
        match self.query.sort {
            SortBy::Username => "users.username_key",
            SortBy::CreatedAt => "users.created_at",
            SortBy::LastSignIn => "COALESCE(users.last_sign_in, 0)",
            SortBy::Email => "users.email_order",
        }
    }

    /// A column whose index SQLite shall leave alone, since the order has another; it has no statistics to know better by.
    fn aside(&self, column: &str) -> String {
        match self.backend {
            DbBackend::Sqlite if column != self.sort_key() => format!("+{column}"),
            _ => column.to_owned(),
        }
    }

    /// All conditions; nothing where one of them cannot be met.
    fn filters(&mut self) -> Option<Vec<Filter>> {
        let query = self.query;
        let mut filters = Vec::new();
        // The rarest last, whose index is then the one that is walked.
        let marks = [
            (query.has_password, " IS NOT NULL", "users.password_hash", false, "users_without_password"),
            (query.active, "", "users.active", false, "users_inactive"),
            (query.staff, "", "users.staff", true, "users_staff"),
            (query.superuser, "", "users.superuser", true, "users_superuser"),
        ];
        for (asked, suffix, column, few, index) in marks {
            filters.extend(asked.map(|is| self.mark(is, column, suffix, (is == few).then_some(index))));
        }
        let moments = [query.created_after, query.created_before];
        filters.extend(self.range("users.created_at", moments.map(|moment| moment.map(|m| m.millis().into()))));
        let moments = [query.last_sign_in_after, query.last_sign_in_before];
        let last = "COALESCE(users.last_sign_in, 0)";
        filters.extend(self.range(last, moments.map(|moment| moment.map(|m| m.millis().into()))));
        if let Some(prefix) = &query.username {
            filters.extend(self.prefixes(&["users.username_key"], prefix));
        }
        if let Some(prefix) = &query.search {
            let columns = ["users.username_key", "users.email_order", "users.name_key", "users.family_key"];
            let own = self.sort_key();
            let (own, others): (Vec<_>, Vec<_>) = columns.into_iter().partition(|column| *column == own);
            match self.part {
                Part::Whole => filters.extend(self.prefixes(&columns, prefix)),
                Part::First => filters.extend(self.prefixes(&own, prefix)),
                Part::Rest => {
                    filters.extend(self.prefixes(&others, prefix));
                    let first = self.prefixes(&own, prefix);
                    filters.extend(first.map(|own| Filter::wide(format!("NOT {}", own.row))));
                }
            }
        }
        if let Some(email) = &query.email {
            let key = NormalisedIdentifier::new(email).ok()?.as_str().to_owned();
            filters.push(self.related("user_contacts", &[("value_key", key), ("kind", "email".to_owned())]));
        }
        if let Some(group) = &query.group {
            filters.push(self.related("group_users", &[("group_id", text(group)?)]));
        }
        if let Some((name, value)) = &query.attribute {
            let conditions = [("name", text(name)?), ("value_key", text(&value::key(value))?)];
            filters.push(self.related("user_attributes", &conditions));
        }
        Some(filters)
    }

    /// A mark; where few have it so, `index` has them in the order of usernames, and others of that name have them in the other
    /// orders, with the other marks beside: whoever has two of them is found by one. Hashes are in none of these.
    fn mark(&mut self, is: bool, column: &str, suffix: &str, index: Option<&'static str>) -> Filter {
        let on = |column: &str| match (is, suffix) {
            (true, _) => format!("{column}{suffix}"),
            (false, "") => format!("NOT {column}"),
            (false, _) => format!("{column} IS NULL"),
        };
        let of_order = match self.query.sort {
            SortBy::Username => index.map(str::to_owned),
            other if suffix.is_empty() => index.map(|index| format!("{index}_{}", other.as_str())),
            _ => None,
        };
        if self.query.sort == SortBy::Username || of_order.is_some() {
            self.index = of_order.or(self.index.take());
            return Filter::wide(on(column));
        }
        let ids = index.map(|_| format!("SELECT rowid AS id FROM users WHERE {}", on(column)));
        Filter { row: on(&self.aside(column)), ids: ids.into_iter().collect(), by: By::Row }
    }

    fn range(&mut self, column: &str, [from, before]: [Option<Value>; 2]) -> Option<Filter> {
        let bounds = [(from, ">="), (before, "<")];
        let bounds: Vec<String> = bounds
            .into_iter()
            .filter_map(|(value, sign)| value.map(|value| format!(" {sign} {}", self.bind(value))))
            .collect();
        let on = |column: &str| bounds.iter().map(|bound| format!("{column}{bound}")).collect::<Vec<_>>().join(" AND ");
        if bounds.is_empty() {
            return None;
        }
        // The order's own index is entered at the bound anyway.
        let ids = if column == self.sort_key() {
            vec![]
        } else {
            vec![format!("SELECT rowid AS id FROM users WHERE {}", on(column))]
        };
        Some(Filter { row: on(&self.aside(column)), ids, by: By::Row })
    }

    /// Where one of the columns begins so; no condition where nothing is left of the prefix, since everything begins with that.
    fn prefixes(&mut self, columns: &[&str], prefix: &str) -> Option<Filter> {
        let prefix = normal(prefix)?;
        let end = next(&prefix).map(Value::from);
        let bounds = [Some(Value::from(prefix)), end];
        let ranges: Vec<Filter> = columns.iter().filter_map(|column| self.range(column, bounds.clone())).collect();
        let row = ranges.iter().map(|range| range.row.as_str()).collect::<Vec<_>>().join(" OR ");
        let ids = |range: &Filter| match range.ids.first() {
            None if columns.len() > 1 => Some(format!("SELECT rowid AS id FROM users WHERE {}", range.row)),
            ids => ids.cloned(),
        };
        Some(Filter { row: format!("({row})"), ids: ranges.iter().filter_map(ids).collect(), by: By::Row })
    }

    /// Who has a row in another table.
    fn related(&mut self, table: &str, equal: &[(&str, String)]) -> Filter {
        let conditions: Vec<String> =
            equal.iter().map(|(column, value)| format!("{column} = {}", self.bind(value.clone().into()))).collect();
        let conditions = conditions.join(" AND ");
        Filter {
            row: format!("EXISTS (SELECT 1 FROM {table} WHERE {conditions} AND user_id = users.id)"),
            ids: vec![format!("SELECT user_id AS id FROM {table} WHERE {conditions}")],
            by: By::Id,
        }
    }

    /// The filter that lets the fewest through, if they are few. PostgreSQL knows that by its statistics, and finds the way.
    async fn few(&self, connection: &impl ConnectionTrait, filters: &[Filter]) -> Result<Option<usize>, DbErr> {
        if self.backend != DbBackend::Sqlite {
            return Ok(None);
        }
        let mut fewest: Option<(i64, usize)> = None;
        for (index, filter) in filters.iter().enumerate() {
            if filter.ids.is_empty() {
                continue;
            }
            let bound = fewest.map_or(i64::MAX, |(count, _)| count).min(filter.by.few());
            let mut values = self.values.clone();
            values.push((bound + 1).into());
            let limit = values.len();
            let counts: Vec<String> = filter
                .ids
                .iter()
                .map(|ids| {
                    format!("(SELECT COUNT(*) FROM (SELECT 1 FROM ({ids}) AS matching LIMIT ${limit}) AS bounded)")
                })
                .collect();
            let sql = format!("SELECT {} AS count", counts.join(" + "));
            let statement = Statement::from_sql_and_values(self.backend, sql, values);
            let count = match connection.query_one_raw(statement).await? {
                Some(row) => row.try_get::<i64>("", "count")?,
                None => continue,
            };
            if count <= bound {
                fewest = Some((count, index));
            }
        }
        Ok(fewest.map(|(_, index)| index))
    }
}

/// A text that the database can look for; no row holds a NUL.
fn text(text: &str) -> Option<String> {
    (!text.contains('\0')).then(|| text.to_owned())
}
