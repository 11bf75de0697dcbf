//! What an operator writes to settle names: which user or group gets which new name.
//!
//! Two forms are read. JSON: `{"users": {"Bob": "bob.miller"}, "groups": {"Staff": "employees"}}`, or without the two words,
//! `{"Bob": "bob.miller"}`, for users alone. Or lines, their parts separated by tabs: `Bob<TAB>bob.miller` for a user, and with
//! `user` or `group` before them for either; empty lines and those that begin with `# ` do not count.
//!
//! A name is written exactly as the source has it. Where two rows there have the very same name, or none, `#` and the primary
//! key stand for it: `#17`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// New names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renames {
    pub(super) users: BTreeMap<String, String>,
    pub(super) groups: BTreeMap<String, String>,
}

/// Why a file of new names cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// It begins like JSON and is none.
    #[error("it is not JSON: {0}")]
    Json(String),
    /// It is JSON of another form.
    #[error(
        "{0} is neither a name nor names; write {{\"users\": {{\"old\": \"new\"}}, \"groups\": {{\"old\": \"new\"}}}}"
    )]
    Form(String),
    /// A line has not the parts that it should have.
    #[error(
        "line {0}: write the old name, a tab, and the new name; before them `user` or `group` and a tab, if you like"
    )]
    Line(usize),
    /// A name is to become two.
    #[error("`{0}` is there twice, with different new names")]
    Twice(String),
}

impl Renames {
    /// Reads either form.
    ///
    /// # Errors
    /// What is neither.
    pub fn parse(text: &str) -> Result<Self, RenameError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with('{') { Self::from_json(text) } else { Self::from_lines(text) }
    }

    fn from_json(text: &str) -> Result<Self, RenameError> {
        let members: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| RenameError::Json(error.to_string()))?;
        let mut renames = Self::default();
        for (key, value) in members {
            match (key.as_str(), value) {
                (_, Value::String(new)) => add(&mut renames.users, key, new)?,
                ("users", Value::Object(names)) => add_all(&mut renames.users, names)?,
                ("groups", Value::Object(names)) => add_all(&mut renames.groups, names)?,
                _ => return Err(RenameError::Form(key)),
            }
        }
        Ok(renames)
    }

    fn from_lines(text: &str) -> Result<Self, RenameError> {
        let mut renames = Self::default();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() || line.starts_with("# ") || line == "#" {
                continue;
            }
            let parts: Vec<&str> = line.split('\t').collect();
            let (names, old, new) = match parts.as_slice() {
                [old, new] | ["user", old, new] => (&mut renames.users, old, new),
                ["group", old, new] => (&mut renames.groups, old, new),
                _ => return Err(RenameError::Line(number)),
            };
            add(names, (*old).to_owned(), (*new).to_owned())?;
        }
        Ok(renames)
    }
}

fn add(names: &mut BTreeMap<String, String>, old: String, new: String) -> Result<(), RenameError> {
    match names.get(&old) {
        Some(other) if *other != new => Err(RenameError::Twice(old)),
        _ => {
            names.insert(old, new);
            Ok(())
        }
    }
}

fn add_all(names: &mut BTreeMap<String, String>, members: Map<String, Value>) -> Result<(), RenameError> {
    for (old, new) in members {
        match new {
            Value::String(new) => add(names, old, new)?,
            _ => return Err(RenameError::Form(old)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_say_the_same() {
        let json = r#"{"users": {"Bob": "bob.miller"}, "groups": {"Staff": "employees"}}"#;
        let lines = "# who is who\nBob\tbob.miller\n\ngroup\tStaff\temployees\r\n";
        let renames = Renames::parse(json).unwrap();
        assert_eq!(renames, Renames::parse(lines).unwrap());
        assert_eq!(renames.users["Bob"], "bob.miller");
        assert_eq!(Renames::parse(r#"{"Bob": "bob.miller"}"#).unwrap().users, renames.users);
    }

    #[test]
    fn a_user_may_be_called_users() {
        let renames = Renames::parse(r#"{"users": "people"}"#).unwrap();
        assert_eq!(renames.users["users"], "people");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(Renames::parse("Bob\tb\nBob b"), Err(RenameError::Line(2)));
        assert_eq!(Renames::parse("Bob\tb\nBob\tc"), Err(RenameError::Twice("Bob".into())));
        assert_eq!(Renames::parse(r#"{"Bob": 7}"#), Err(RenameError::Form("Bob".into())));
        assert!(matches!(Renames::parse("{"), Err(RenameError::Json(_))));
    }
}
