//! What cannot come as it is, and why.

use std::fmt;

use serde::Serialize;

/// What a problem means for the import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Nothing at all comes until it is settled: the source is broken.
    Blocks,
    /// Nothing at all comes until a new name is chosen; the source is sound.
    NeedsName,
    /// The row, or this value of it, stays behind; all else comes.
    LeftOut,
    /// It comes, and is not the same here as it was there.
    Differs,
}

impl Weight {
    /// Whether nothing comes before it is settled.
    #[must_use]
    pub fn blocks(self) -> bool {
        matches!(self, Self::Blocks | Self::NeedsName)
    }
}

/// A row or a value of the source that does not come as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// What it means for the import.
    pub weight: Weight,
    /// The model as Django writes it in a dump: `app.model`.
    pub model: String,
    /// The row's primary key, where the source has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pk: Option<String>,
    /// What people call the row: a username, a group's name, a client's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The field, where it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong, and what to do.
    pub why: String,
}

impl Problem {
    /// About a model as a whole.
    pub(super) fn of_model(weight: Weight, model: &str, why: impl Into<String>) -> Self {
        Self { weight, model: model.to_owned(), pk: None, name: None, field: None, why: why.into() }
    }

    /// About a row.
    pub(super) fn of_row(
        weight: Weight,
        model: &str,
        pk: Option<&str>,
        name: Option<&str>,
        why: impl Into<String>,
    ) -> Self {
        let (pk, name) = (pk.map(str::to_owned), name.map(str::to_owned));
        Self { pk, name, ..Self::of_model(weight, model, why) }
    }

    /// The same, about one field of it.
    #[must_use]
    pub(super) fn in_field(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }
}

/// `auth.user 7 (bob), email: …`. What comes from the source is written so that it cannot move a terminal's cursor.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", plain(&self.model))?;
        if let Some(pk) = &self.pk {
            write!(f, " {}", plain(pk))?;
        }
        if let Some(name) = self.name.as_ref().filter(|name| self.pk.as_ref() != Some(name)) {
            write!(f, " ({})", plain(name))?;
        }
        if let Some(field) = &self.field {
            write!(f, ", {}", plain(field))?;
        }
        write!(f, ": {}", plain(&self.why))
    }
}

/// A text without control characters, and without those that turn its direction.
pub(super) fn plain(text: &str) -> String {
    let turning = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turning(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_where_it_is_and_moves_no_cursor() {
        let problem = Problem::of_row(Weight::LeftOut, "auth.user", Some("7"), Some("bob\u{1b}[2J"), "it is empty");
        assert_eq!(problem.in_field("email").to_string(), "auth.user 7 (bob\u{fffd}[2J), email: it is empty");
    }
}
