//! Attributes as they are typed: each by the kind that is declared of it.

use serde_json::{Map, Value};
use vestibule_users::{AttributeKind, Definition};

use crate::cli::Failure;

/// What was typed of several attributes; null for one that is to go.
pub(super) fn values(definitions: &[Definition], given: &[(String, String)]) -> Result<Map<String, Value>, Failure> {
    let mut values = Map::new();
    for (name, typed) in given {
        if values.insert(name.clone(), value(definitions, name, typed)?).is_some() {
            return Err(Failure::new(format!("--attribute: {name} is given twice; give it once")));
        }
    }
    Ok(values)
}

/// What was typed of one attribute.
pub(super) fn value(definitions: &[Definition], name: &str, typed: &str) -> Result<Value, Failure> {
    let Some(definition) = definitions.iter().find(|definition| definition.name == name) else {
        return Err(Failure::new(format!(
            "--attribute: no attribute {name:?} is declared; `vestibule attributes list` shows all of them"
        )));
    };
    if typed.is_empty() {
        return Ok(Value::Null);
    }
    let json = || serde_json::from_str::<Value>(typed).ok();
    let wrong = |how: &str| Failure::new(format!("--attribute: {name} {how}"));
    match definition.declaration.kind {
        AttributeKind::Text | AttributeKind::Date | AttributeKind::Choice => Ok(typed.into()),
        AttributeKind::Number => {
            json().filter(Value::is_number).ok_or_else(|| wrong("is a number; write it as 7 or 0.5"))
        }
        AttributeKind::Boolean => json().filter(Value::is_boolean).ok_or_else(|| wrong("is true or false")),
        AttributeKind::List if typed.starts_with('[') => {
            json().filter(Value::is_array).ok_or_else(|| wrong(r#"is a list; write it as ["one", "other"]"#))
        }
        AttributeKind::List => Ok(Value::from(vec![typed])),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vestibule_core::Timestamp;
    use vestibule_users::Declaration;

    use super::*;

    fn read(kind: AttributeKind, typed: &str) -> Result<Value, String> {
        let declaration = Declaration { kind, ..Declaration::default() };
        let moment = Timestamp::from_millis(0);
        let definition = Definition {
            name: "a".to_owned(),
            declaration,
            created_at: moment,
            updated_at: moment,
            carried_since: None,
        };
        value(&[definition], "a", typed).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_value_is_read_by_its_kind() {
        use AttributeKind::{Boolean, Choice, Date, List, Number, Text};
        for (kind, typed, meant) in [
            (Text, "7", json!("7")),
            (Choice, "true", json!("true")),
            (Date, "2026-11-23", json!("2026-11-23")),
            (Number, "7", json!(7)),
            (Number, "-0.5", json!(-0.5)),
            (Boolean, "true", json!(true)),
            (List, r#"["a", "b"]"#, json!(["a", "b"])),
            (List, "a", json!(["a"])),
            (Number, "", json!(null)),
        ] {
            assert_eq!(read(kind, typed), Ok(meant));
        }
        for (kind, typed) in [(Number, "seven"), (Number, "\"7\""), (Boolean, "yes"), (List, "[a")] {
            assert!(read(kind, typed).is_err_and(|why| why.starts_with("--attribute: a is")), "{typed}");
        }
        assert!(value(&[], "b", "x").is_err());
    }
}
