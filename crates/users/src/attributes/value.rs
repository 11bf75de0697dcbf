//! What the value of an attribute may be, how it is kept, and by what values are compared.
//!
//! A value is kept as JSON. Its key is what two values have in common that are the same: texts by NFKC_Casefold, numbers by what
//! they amount to. A key that an index could not hold is replaced by its digest.

use std::fmt::Write;

use aws_lc_rs::digest;
use serde_json::{Number, Value};
use vestibule_core::nfkc_casefold;

use super::{AttributeKind, Definition, declare};
use crate::claims::is_day;

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 4096;
/// How many texts a list may have, and how long each may be, in bytes.
const LONGEST_LIST: usize = 100;
const LONGEST_ITEM: usize = 1024;
/// The longest key that is kept as it is, in bytes.
const LONGEST_KEY: usize = 200;
/// Up to here every whole number is one of a fraction's values, and none stands for two.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A value as the table has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) json: String,
    pub(crate) key: String,
}

/// Whether a value is what the definition says; the words say what to write instead.
pub(crate) fn check(definition: &Definition, value: &Value) -> Result<Kept, String> {
    let declaration = &definition.declaration;
    match (declaration.kind, value) {
        (AttributeKind::Text, Value::String(text)) => {
            one_text(text, LONGEST_TEXT)?;
            matches_pattern(definition, &[text])?;
        }
        (AttributeKind::Text, _) => return Err("is not a text; write one in quotes".into()),
        (AttributeKind::Number, Value::Number(number)) if number.as_i64().is_some() => {}
        (AttributeKind::Number, Value::Number(number)) if !number.is_u64() && finite(number) => {}
        (AttributeKind::Number, _) => {
            return Err("is not a number that can be kept; write one such as 42 or 0.5".into());
        }
        (AttributeKind::Boolean, Value::Bool(_)) => {}
        (AttributeKind::Boolean, _) => return Err("is neither true nor false; write one of them".into()),
        (AttributeKind::Date, Value::String(text)) if is_day(text) => {}
        (AttributeKind::Date, _) => return Err("is not a day; write YYYY-MM-DD".into()),
        (AttributeKind::Choice, Value::String(text)) if declaration.choices.contains(text) => {}
        (AttributeKind::Choice, _) => return Err(not_a_choice(definition)),
        (AttributeKind::List, Value::Array(items)) => list(definition, items)?,
        (AttributeKind::List, _) => return Err("is not a list; write texts in brackets".into()),
    }
    Ok(Kept { json: value.to_string(), key: key(value) })
}

fn list(definition: &Definition, items: &[Value]) -> Result<(), String> {
    if items.is_empty() || items.len() > LONGEST_LIST {
        return Err(format!("has 1 to {LONGEST_LIST} texts; leave it out instead, or take some away"));
    }
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    let texts = texts.ok_or("holds something that is not a text; write only texts")?;
    for text in &texts {
        one_text(text, LONGEST_ITEM)?;
    }
    let choices = &definition.declaration.choices;
    if !choices.is_empty() && !texts.iter().all(|text| choices.iter().any(|choice| choice == text)) {
        return Err(not_a_choice(definition));
    }
    matches_pattern(definition, &texts)
}

fn one_text(text: &str, longest: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty; leave it out instead".into());
    }
    if text.len() > longest {
        return Err(format!("is longer than {longest} bytes; shorten it"));
    }
    if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("holds a control character; leave that out".into());
    }
    Ok(())
}

fn finite(number: &Number) -> bool {
    number.as_f64().is_some_and(f64::is_finite)
}

fn not_a_choice(definition: &Definition) -> String {
    format!("is none of the choices; write one of: {}", definition.declaration.choices.join(", "))
}

fn matches_pattern(definition: &Definition, texts: &[&str]) -> Result<(), String> {
    let Some(pattern) = &definition.declaration.pattern else { return Ok(()) };
    let compiled = declare::pattern(pattern).map_err(|error| format!("cannot be looked at: {error}"))?;
    match texts.iter().all(|text| compiled.is_match(text)) {
        true => Ok(()),
        false => Err(format!("does not look as it must, which is: {pattern}")),
    }
}

/// By what a value is compared with others of its attribute.
pub(crate) fn key(value: &Value) -> String {
    let normal = normal(value);
    if normal.len() <= LONGEST_KEY {
        return format!("={normal}");
    }
    let mut key = String::from("#");
    for byte in digest::digest(&digest::SHA256, normal.as_bytes()).as_ref() {
        // A String takes whatever is written to it.
        let _ = write!(key, "{byte:02x}");
    }
    key
}

fn normal(value: &Value) -> String {
    match value {
        Value::String(text) => nfkc_casefold(text.trim()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            #[allow(clippy::cast_possible_truncation, reason = "a whole number within what an i64 holds")]
            (None, Some(fraction)) if fraction.fract() == 0.0 && fraction.abs() < EXACT => {
                (fraction as i64).to_string()
            }
            _ => number.to_string(),
        },
        Value::Array(items) => items.iter().map(|item| normal(item).replace('\n', " ")).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}

/// The value that a row holds; nothing if it is none.
pub(crate) fn read(json: &str) -> Option<Value> {
    // A fraction comes back to the last bit only by the standard library.
    let is_fraction = json.starts_with(|c: char| c == '-' || c.is_ascii_digit()) && json.parse::<i64>().is_err();
    match json.parse::<f64>() {
        Ok(fraction) if is_fraction => Number::from_f64(fraction).map(Value::Number),
        _ => serde_json::from_str(json).ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use vestibule_core::Timestamp;

    use super::{super::Declaration, *};

    fn of(kind: AttributeKind) -> Definition {
        let declaration = Declaration { kind, choices: vec!["red".into(), "Green".into()], ..Declaration::default() };
        let moment = Timestamp::from_millis(0);
        Definition { name: "a".into(), declaration, created_at: moment, updated_at: moment, carried_since: None }
    }

    #[test]
    fn each_kind_takes_its_own_values() {
        use AttributeKind::{Boolean, Choice, Date, List, Number, Text};
        let wrong = [
            (Text, vec![json!(1), json!(""), json!(" "), json!("a\0"), json!("x".repeat(4097)), json!(["a"])]),
            (Number, vec![json!("1"), json!(true), json!(u64::MAX), json!(null)]),
            (Boolean, vec![json!("true"), json!(1)]),
            (Date, vec![json!("2001-02-29"), json!("1987"), json!("0000-01-01"), json!("1.2.1987"), json!(1987)]),
            (Choice, vec![json!("blue"), json!("green"), json!(["red"])]),
            (List, vec![json!([]), json!(["blue"]), json!([1]), json!("red"), json!(vec!["red"; 101])]),
        ];
        let right = [
            (Text, vec![json!("two\nlines"), json!("x".repeat(4096))]),
            (Number, vec![json!(-7), json!(0.5), json!(1e300)]),
            (Boolean, vec![json!(false)]),
            (Date, vec![json!("2000-02-29")]),
            (Choice, vec![json!("Green")]),
            (List, vec![json!(["red", "Green"])]),
        ];
        for (kind, value) in wrong.into_iter().flat_map(|(kind, values)| values.into_iter().map(move |v| (kind, v))) {
            assert!(check(&of(kind), &value).is_err(), "{kind:?} {value}");
        }
        for (kind, value) in right.into_iter().flat_map(|(kind, values)| values.into_iter().map(move |v| (kind, v))) {
            assert!(check(&of(kind), &value).is_ok(), "{kind:?} {value}");
        }
    }

    #[test]
    fn values_that_are_the_same_have_one_key() {
        assert_eq!(key(&json!("Straße")), key(&json!(" STRASSE ")));
        assert_eq!(key(&json!(7)), key(&json!(7.0)));
        assert_ne!(key(&json!(7)), key(&json!(7.5)));
        assert_ne!(key(&json!(["a", "b"])), key(&json!(["a b"])));
        let long = "x".repeat(4000);
        assert_eq!(key(&json!(long)), key(&json!(long.to_uppercase())));
        assert_ne!(key(&json!(long)), key(&json!(format!("{long}y"))));
    }

    proptest! {
        #[test]
        fn what_was_kept_comes_back(
            text in "\\PC{1,40}",
            fraction in proptest::num::f64::NORMAL,
            whole in any::<i64>(),
            items in proptest::collection::vec("[a-z]{1,9}", 1..5),
        ) {
            for (kind, value) in [
                (AttributeKind::Text, json!(text)),
                (AttributeKind::Number, json!(fraction)),
                (AttributeKind::Number, json!(whole)),
            ] {
                if let Ok(kept) = check(&of(kind), &value) {
                    prop_assert_eq!(read(&kept.json), Some(value));
                }
            }
            let mut free = of(AttributeKind::List);
            free.declaration.choices.clear();
            let kept = check(&free, &json!(items)).unwrap();
            prop_assert_eq!(read(&kept.json), Some(json!(items)));
        }

        #[test]
        fn a_key_fits_an_index_and_is_the_same_whatever_the_case(text in "\\PC{0,400}") {
            prop_assert!(key(&json!(text)).len() <= LONGEST_KEY + 1);
            prop_assert_eq!(key(&json!(nfkc_casefold(&text))), key(&json!(nfkc_casefold(&text).trim())));
        }
    }
}
