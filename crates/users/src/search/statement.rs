//! The statement for a page.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use vestibule_core::{NormalisedIdentifier, nfkc_casefold};

use super::{Query, SearchError, SortBy, cursor, cursor::Key};
use crate::{Unavailable, attributes::value};

/// So many can be sorted while nobody waits.
const FEW: i64 = 5000;

/// A condition of the query.
struct Filter {
    /// On a row of `users`.
    row: String,
    /// The ids that it lets through, by indexes; where they may be few.
    ids: Vec<String>,
}

/// A statement on the way, with its values.
struct Builder<'a> {
    query: &'a Query,
    backend: DbBackend,
    values: Vec<Value>,
}

/// The statement for a page and one user more; nothing where nobody can be found.
pub(super) async fn page(connection: &impl ConnectionTrait, query: &Query) -> Result<Option<Statement>, SearchError> {
    let start = cursor::read(query)?;
    let backend = connection.get_database_backend();
    let mut builder = Builder { query, backend, values: Vec::new() };
    let Some(filters) = builder.filters() else { return Ok(None) };
    let few = builder.few(connection, &filters).await.map_err(Unavailable::from)?;
    let mut conditions: Vec<String> = Vec::new();
    let from = match few {
        Some(index) => {
            conditions.push("users.id = few.id".to_owned());
            // A cross join is walked from the left.
            format!("({}) AS few CROSS JOIN users", filters[index].ids.join(" UNION "))
        }
        None => "users".to_owned(),
    };
    let others = filters.into_iter().enumerate().filter(|(index, _)| Some(*index) != few);
    conditions.extend(others.map(|(_, filter)| filter.row));
    let key = builder.sort_key();
    let (beyond, direction) = if query.descending { ("<", "DESC") } else { (">", "ASC") };
    if let Some(start) = start {
        let from = builder.bind(match start.key {
            Key::Number(number) => number.into(),
            Key::Text(text) => text.into(),
        });
        let id = builder.bind(start.id.to_string().into());
        // The first half is what an index is entered by.
        conditions.push(format!("{key} {beyond}= {from} AND ({key}, users.id) {beyond} ({from}, {id})"));
    }
    let conditions = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
    let size = builder.bind(i64::try_from(query.size + 1).unwrap_or(i64::MAX).into());
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
        filters.extend(query.active.map(|is| self.mark("users.active", is, !is)));
        filters.extend(query.staff.map(|is| self.mark("users.staff", is, is)));
        filters.extend(query.superuser.map(|is| self.mark("users.superuser", is, is)));
        filters.extend(query.has_password.map(|has| Filter {
            row: format!("users.password_hash IS {}NULL", if has { "NOT " } else { "" }),
            ids: if has { vec![] } else { vec!["SELECT id FROM users WHERE password_hash IS NULL".to_owned()] },
        }));
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
            filters.extend(self.prefixes(&columns, prefix));
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

    /// A mark, which few have or do not have.
    fn mark(&self, column: &str, is: bool, few: bool) -> Filter {
        let not = if is { "" } else { "NOT " };
        let ids = if few { vec![format!("SELECT id FROM users WHERE {not}{column}")] } else { vec![] };
        // The indexes of marks are in the order of usernames.
        let column = if self.query.sort == SortBy::Username { column.to_owned() } else { self.aside(column) };
        Filter { row: format!("{not}{column}"), ids }
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
        let ids =
            if column == self.sort_key() { vec![] } else { vec![format!("SELECT id FROM users WHERE {}", on(column))] };
        Some(Filter { row: on(&self.aside(column)), ids })
    }

    /// Where one of the columns begins so. Nothing begins with what is ignorable altogether, and everything with nothing.
    fn prefixes(&mut self, columns: &[&str], prefix: &str) -> Option<Filter> {
        let prefix = nfkc_casefold(prefix.trim_start()).replace('\0', "");
        if prefix.is_empty() {
            return None;
        }
        let end = next(&prefix).map(Value::from);
        let bounds = [Some(Value::from(prefix)), end];
        let ranges: Vec<Filter> = columns.iter().filter_map(|column| self.range(column, bounds.clone())).collect();
        let row = ranges.iter().map(|range| range.row.as_str()).collect::<Vec<_>>().join(" OR ");
        let ids = |range: &Filter| match range.ids.first() {
            None if columns.len() > 1 => Some(format!("SELECT id FROM users WHERE {}", range.row)),
            ids => ids.cloned(),
        };
        Some(Filter { row: format!("({row})"), ids: ranges.iter().filter_map(ids).collect() })
    }

    /// Who has a row in another table.
    fn related(&mut self, table: &str, equal: &[(&str, String)]) -> Filter {
        let conditions: Vec<String> =
            equal.iter().map(|(column, value)| format!("{column} = {}", self.bind(value.clone().into()))).collect();
        let conditions = conditions.join(" AND ");
        Filter {
            row: format!("EXISTS (SELECT 1 FROM {table} WHERE {conditions} AND user_id = users.id)"),
            ids: vec![format!("SELECT user_id AS id FROM {table} WHERE {conditions}")],
        }
    }

    /// The filter that lets the fewest through, if they are few.
    async fn few(&self, connection: &impl ConnectionTrait, filters: &[Filter]) -> Result<Option<usize>, DbErr> {
        let mut fewest: Option<(i64, usize)> = None;
        for (index, filter) in filters.iter().enumerate() {
            if filter.ids.is_empty() {
                continue;
            }
            let bound = fewest.map_or(FEW, |(count, _)| count);
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

/// The first text after all that begin with `prefix`, by the order of bytes; nothing if there is none.
fn next(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        // Characters are ordered as their bytes are; the surrogates between are none.
        if let Some(following) = (u32::from(last) + 1..=0x10_FFFF).find_map(char::from_u32) {
            characters.push(following);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::next;

    proptest! {
        #[test]
        fn what_begins_so_lies_between_the_prefix_and_the_next(prefix in "\\PC{1,8}", rest in "\\PC{0,8}") {
            let text = format!("{prefix}{rest}");
            let end = next(&prefix);
            prop_assert!(text.as_bytes() >= prefix.as_bytes());
            prop_assert!(end.is_none_or(|end| text.as_bytes() < end.as_bytes()));
        }
    }

    #[test]
    fn the_last_character_has_no_next() {
        assert_eq!(next("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(next("\u{10ffff}"), None);
        assert_eq!(next("\u{d7ff}").as_deref(), Some("\u{e000}"));
    }
}
