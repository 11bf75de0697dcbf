//! Fields of our forms for attributes that administrators declared: from definitions and values to fields, and back.
//!
//! What cannot be what its definition says is handed on as the text that was typed, so that it is refused by the one who
//! judges values, and shown again as it was.

use serde_json::{Map, Number, Value};
use vestibule_core::Parameters;
use vestibule_users::{AttributeKind, BadAttributes, Definition};

use crate::pages::{Field, Input, Label};

/// What the names of the fields begin with, so that no attribute is taken for another field.
const PREFIX: &str = "attribute.";

/// The fields for these attributes, with what they hold and what is wrong with it.
pub(crate) fn fields(
    definitions: &[Definition],
    values: &Map<String, Value>,
    wrong: Option<&BadAttributes>,
) -> Vec<Field> {
    let field = |definition: &Definition| {
        let declaration = &definition.declaration;
        let bad = wrong.and_then(|wrong| wrong.0.iter().find(|bad| bad.name == definition.name));
        Field {
            name: format!("{PREFIX}{}", definition.name),
            label: Label::from(
                if declaration.label.is_empty() { &definition.name } else { &declaration.label }.as_str(),
            ),
            hint: declaration.description.as_deref().map(Label::from),
            required: declaration.required,
            input: input(definition, values.get(&definition.name)),
            error: bad.map(|bad| Label::from(format!("This {}.", bad.problem))),
        }
    };
    definitions.iter().map(field).collect()
}

fn input(definition: &Definition, value: Option<&Value>) -> Input {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    match definition.declaration.kind {
        AttributeKind::Text => Input::Text { value: text, autocomplete: None },
        AttributeKind::Number => Input::Number { value: text },
        AttributeKind::Boolean => Input::Boolean { value: value == Some(&Value::Bool(true)) },
        AttributeKind::Date => Input::Date { value: text },
        AttributeKind::Choice => {
            let choices = definition.declaration.choices.iter();
            let options = choices.map(|choice| (choice.clone(), Label::from(choice.as_str()))).collect();
            Input::Choice { options, chosen: text }
        }
        AttributeKind::List => {
            let items = value.and_then(Value::as_array).into_iter().flatten();
            Input::List { lines: items.filter_map(Value::as_str).map(str::to_owned).collect() }
        }
    }
}

/// What was filled in for these attributes, and for no others. What was left empty is null.
pub(crate) fn read(definitions: &[Definition], fields: &Parameters) -> Map<String, Value> {
    let value = |definition: &Definition| {
        let typed = fields.get(&format!("{PREFIX}{}", definition.name)).unwrap_or_default();
        (definition.name.clone(), read_value(definition.declaration.kind, typed))
    };
    definitions.iter().map(value).collect()
}

fn read_value(kind: AttributeKind, typed: &str) -> Value {
    let text = typed.trim();
    match kind {
        AttributeKind::Boolean => Value::Bool(text == "true"),
        _ if text.is_empty() => Value::Null,
        AttributeKind::Number => {
            serde_json::from_str::<Number>(text).map_or_else(|_| Value::String(text.to_owned()), Value::Number)
        }
        AttributeKind::List => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Value::Array(lines.map(|line| Value::String(line.to_owned())).collect())
        }
        AttributeKind::Text | AttributeKind::Date | AttributeKind::Choice => Value::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vestibule_core::Timestamp;
    use vestibule_users::{BadAttribute, Declaration, Problem};

    use super::*;

    fn definition(name: &str, kind: AttributeKind) -> Definition {
        let declaration = Declaration { label: name.to_uppercase(), kind, required: true, ..Declaration::default() };
        let at = Timestamp::from_millis(0);
        Definition { name: name.to_owned(), declaration, created_at: at, updated_at: at, carried_since: None }
    }

    #[test]
    fn what_is_filled_in_becomes_the_value_of_its_kind() {
        let fields = |name: &str, kind, typed: &str| {
            let body = format!("attribute.{name}={typed}&attribute.other=x&{name}=y");
            read(&[definition(name, kind)], &Parameters::parse(body.as_bytes()).unwrap())
        };
        for (kind, typed, value) in [
            (AttributeKind::Text, "+Quay+", json!("Quay")),
            (AttributeKind::Text, "", json!(null)),
            (AttributeKind::Number, "42", json!(42)),
            (AttributeKind::Number, "0.5", json!(0.5)),
            (AttributeKind::Number, "many", json!("many")),
            (AttributeKind::Boolean, "true", json!(true)),
            (AttributeKind::Boolean, "", json!(false)),
            (AttributeKind::Date, "2026-12-31", json!("2026-12-31")),
            (AttributeKind::Choice, "red", json!("red")),
            (AttributeKind::List, "a%0D%0A%0D%0A+b", json!(["a", "b"])),
            (AttributeKind::List, "%0D%0A", json!(null)),
        ] {
            assert_eq!(Value::Object(fields("it", kind, typed)), json!({ "it": value }), "{kind:?} {typed}");
        }
    }

    #[test]
    fn a_field_shows_what_was_typed_and_what_is_wrong_with_it() {
        let definition = definition("age", AttributeKind::Number);
        let values = Map::from_iter([("age".to_owned(), json!("many"))]);
        let wrong = BadAttributes(vec![BadAttribute { name: "age".into(), problem: Problem::Missing }]);
        let shown = &fields(&[definition], &values, Some(&wrong))[0];
        assert_eq!((shown.name.as_str(), shown.label.as_str()), ("attribute.age", "AGE"));
        assert!(matches!(&shown.input, Input::Number { value } if value == "many"));
        assert_eq!(shown.error.as_ref().map(Label::as_str), Some("This is required."));
    }
}
