//! Records in the shape of `dumpdata`, and their values read as what they should be.

use serde_json::{Map, Value};
use vestibule_core::Timestamp;

use super::{
    moment,
    problem::{Problem, Weight},
};

/// A row, as `dumpdata` writes it: foreign keys as a key or a list, many-to-many fields as a list of those.
#[derive(Debug)]
pub(super) struct Record {
    /// `app.model`, in small letters.
    pub(super) model: String,
    pub(super) pk: Option<String>,
    pub(super) fields: Map<String, Value>,
}

impl Record {
    /// From one element of a dump; what is wrong with it, where it is none.
    pub(super) fn from_dump(value: Value) -> Result<Self, &'static str> {
        let Value::Object(mut record) = value else { return Err("it is no object") };
        let Some(Value::String(model)) = record.remove("model") else { return Err("it has no model") };
        let Some(Value::Object(fields)) = record.remove("fields") else { return Err("it has no fields") };
        let pk = record.remove("pk").as_ref().and_then(text);
        Ok(Self { model: model.to_lowercase(), pk, fields })
    }
}

/// The fields of a record, taken one by one; what is not as it should be becomes a problem.
pub(super) struct Fields<'a> {
    record: Record,
    name: Option<String>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(record: Record, problems: &'a mut Vec<Problem>) -> Self {
        Self { record, name: None, problems }
    }

    /// By what the record is called in problems from now on.
    pub(super) fn call(&mut self, name: &str) {
        self.name = Some(name.to_owned());
    }

    pub(super) fn pk(&self) -> Option<String> {
        self.record.pk.clone()
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.record.fields.contains_key(field)
    }

    pub(super) fn peek(&self, field: &str) -> Option<&Value> {
        self.record.fields.get(field).filter(|value| !value.is_null())
    }

    /// The value; nothing where it is absent or null.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.record.fields.remove(field).filter(|value| !value.is_null())
    }

    /// What has not been taken.
    pub(super) fn rest(self) -> Map<String, Value> {
        self.record.fields
    }

    pub(super) fn problem(&mut self, weight: Weight, field: &str, why: impl Into<String>) {
        let (pk, name) = (self.record.pk.as_deref(), self.name.as_deref());
        self.problems.push(Problem::of_row(weight, &self.record.model, pk, name, why).in_field(field));
    }

    /// A text or a number, as text.
    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        let value = self.take(field)?;
        let text = text(&value);
        if text.is_none() {
            self.problem(Weight::Blocks, field, "it is not a text; correct it at the source");
        }
        text
    }

    /// The same, where it is not blank.
    pub(super) fn line(&mut self, field: &str) -> Option<String> {
        self.text(field).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Yes or no; whatever is neither is a broken source, since guessing could let somebody in.
    pub(super) fn flag(&mut self, field: &str) -> Option<bool> {
        let value = self.take(field)?;
        let flag = flag(&value);
        if flag.is_none() {
            self.problem(Weight::Blocks, field, "it is neither true nor false; correct it at the source");
        }
        flag
    }

    pub(super) fn moment(&mut self, field: &str) -> Option<Timestamp> {
        let value = self.take(field)?;
        let moment = value.as_str().and_then(moment::timestamp);
        if moment.is_none() {
            self.problem(Weight::LeftOut, field, "it is not a moment such as 2024-05-01T12:00:00Z");
        }
        moment
    }
}

/// What is one value, as text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// SQLite has no booleans, and some databases of Django's write them as numbers.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        _ => None,
    }
}

/// A reference to another row: its key, or the parts of its natural key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reference {
    Key(String),
    Natural(Vec<String>),
}

impl Reference {
    pub(super) fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Array(parts) => parts.iter().map(text).collect::<Option<_>>().map(Self::Natural),
            other => text(other).map(Self::Key),
        }
    }

    /// As it is told to people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Key(key) => key.clone(),
            Self::Natural(parts) => parts.join(" "),
        }
    }
}
