//! What a custom user model adds: which attributes that makes, and their values.
//!
//! Neither a dump nor SQLite tells what a field is, so its kind is what all its values have in common.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::django::{
    moment,
    problem::{Problem, Weight},
    site::{Attribute, AttributeKind, User},
};

/// The longest name of an attribute, in bytes.
const LONGEST_NAME: usize = 64;
/// The longest text, and the longest of a list, in bytes.
const LONGEST_TEXT: usize = 4096;
const LONGEST_ITEM: usize = 1024;
/// How many texts a list may have.
const LONGEST_LIST: usize = 100;

/// What one value may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shape {
    Boolean,
    Number,
    Day,
    Moment,
    List,
    /// A text that is a list in JSON, as `ArrayField` and JSON fields of old write it into dumps.
    WrittenList,
    Text,
}

/// The attributes that the fields of all users make.
pub(super) fn declare<'a>(
    model: &str,
    rows: impl Iterator<Item = &'a Map<String, Value>>,
    problems: &mut Vec<Problem>,
) -> Vec<Attribute> {
    let mut shapes: BTreeMap<&str, BTreeSet<Shape>> = BTreeMap::new();
    for (field, value) in rows.flatten() {
        // Most fields are there again and again: look before anything is copied.
        if !shapes.contains_key(field.as_str()) {
            shapes.insert(field, BTreeSet::new());
        }
        if let (Some(found), Some(shape)) = (shapes.get_mut(field.as_str()), shape(value)) {
            found.insert(shape);
        }
    }
    let mut attributes: Vec<Attribute> = Vec::new();
    for (field, shapes) in shapes {
        let name = name(field);
        if name.is_empty() || attributes.iter().any(|other| other.name == name) {
            let why = "no attribute can have this name, or another has it already; rename the field there";
            problems.push(Problem::of_model(Weight::LeftOut, model, why).in_field(field));
            continue;
        }
        attributes.push(Attribute { name, field: field.to_owned(), kind: kind(&shapes) });
    }
    attributes
}

/// Small letters, digits, `_`; a letter first.
fn name(field: &str) -> String {
    let small = field.to_lowercase();
    let kept = small.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' });
    kept.skip_while(|c| !c.is_ascii_lowercase()).take(LONGEST_NAME).collect()
}

/// Nothing for what tells nothing.
fn shape(value: &Value) -> Option<Shape> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(_) => Shape::Boolean,
        Value::Number(number) if number.is_u64() && !number.is_i64() => Shape::Text,
        Value::Number(_) => Shape::Number,
        Value::String(text) if text.trim().is_empty() => return None,
        Value::String(text) if moment::is_day(text) => Shape::Day,
        Value::String(text) if moment::moment(text).is_some() => Shape::Moment,
        Value::String(text) if written_list(text).is_some() => Shape::WrittenList,
        Value::Array(items) if texts(items).is_some() => Shape::List,
        Value::String(_) | Value::Array(_) | Value::Object(_) => Shape::Text,
    })
}

fn kind(shapes: &BTreeSet<Shape>) -> AttributeKind {
    let mut all = shapes.iter();
    match (all.next(), all.next(), all.next()) {
        (Some(Shape::Boolean), None, _) => AttributeKind::Boolean,
        (Some(Shape::Number), None, _) => AttributeKind::Number,
        (Some(Shape::Day), None, _) => AttributeKind::Date,
        (Some(Shape::List | Shape::WrittenList), None, _) => AttributeKind::List,
        (Some(Shape::List), Some(Shape::WrittenList), None) => AttributeKind::List,
        _ => AttributeKind::Text,
    }
}

/// The values of one user.
pub(super) fn values(
    model: &str,
    attributes: &[Attribute],
    mut fields: Map<String, Value>,
    user: &User,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for attribute in attributes {
        let Some(value) = fields.remove(&attribute.field).and_then(|value| converted(attribute.kind, value)) else {
            continue;
        };
        match too_much(&value) {
            None => {
                values.insert(attribute.name.clone(), value);
            }
            Some(why) => {
                let (pk, name) = (user.pk.as_deref(), Some(user.username.as_str()));
                problems.push(Problem::of_row(Weight::LeftOut, model, pk, name, why).in_field(&attribute.field));
            }
        }
    }
    values
}

/// The value as an attribute of that kind has it; nothing for what is empty.
fn converted(kind: AttributeKind, value: Value) -> Option<Value> {
    match (kind, value) {
        (_, Value::Null) => None,
        (_, Value::Array(items)) if items.is_empty() => None,
        (_, Value::Object(members)) if members.is_empty() => None,
        (_, Value::String(text)) if text.trim().is_empty() => None,
        (AttributeKind::List, Value::String(text)) => {
            written_list(&text).filter(|list| !list.is_empty()).map(Value::from)
        }
        (AttributeKind::List, Value::Array(items)) => texts(&items).map(Value::from),
        (AttributeKind::Text, Value::String(text)) => Some(moment::moment(&text).map_or(text, moment::written).into()),
        (AttributeKind::Text, other) => Some(other.to_string().into()),
        (AttributeKind::Number | AttributeKind::Boolean | AttributeKind::Date | AttributeKind::List, value) => {
            Some(value)
        }
    }
}

/// A list of single values, as texts.
fn texts(items: &[Value]) -> Option<Vec<String>> {
    let text = |item: &Value| match item {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(item.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    items.iter().map(text).collect()
}

fn written_list(text: &str) -> Option<Vec<String>> {
    if !text.trim_start().starts_with('[') {
        return None;
    }
    serde_json::from_str::<Vec<Value>>(text).ok().as_deref().and_then(texts)
}

/// Why a value is more than an attribute can hold.
fn too_much(value: &Value) -> Option<&'static str> {
    let strange = |text: &str| text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    match value {
        Value::String(text) if text.len() > LONGEST_TEXT => Some("it is longer than 4096 bytes"),
        Value::String(text) if strange(text) => Some("it holds a control character"),
        Value::Array(items) if items.len() > LONGEST_LIST => Some("it has more than 100 texts"),
        Value::Array(items) => items.iter().filter_map(Value::as_str).find_map(|text| match text {
            blank if blank.trim().is_empty() => Some("it holds an empty text"),
            long if long.len() > LONGEST_ITEM => Some("it holds a text longer than 1024 bytes"),
            text if strange(text) => Some("it holds a control character"),
            _ => None,
        }),
        _ => None,
    }
}
