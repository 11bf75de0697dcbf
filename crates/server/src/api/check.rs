//! Checks a value against its [`Schema`].

use serde_json::Value;

use super::schema::{Form, Kind, LONGEST_NAME, Member, Schema};

/// What is wrong with a request, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// A JSON pointer into the body (RFC 6901), or the name of a parameter.
    pub(crate) place: String,
    /// In words.
    pub(crate) what: String,
    /// For programs, where there is a name for it.
    pub(crate) code: Option<&'static str>,
}

impl Flaw {
    /// At a place, in words.
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into(), code: None }
    }
}

/// No answer lists more flaws than that.
const MOST_FLAWS: usize = 20;

impl Schema {
    /// All that is wrong with `value`, up to a bound; nothing where it is right.
    pub(super) fn check(&self, value: &Value) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        self.collect(value, "", &mut flaws);
        flaws.truncate(MOST_FLAWS);
        flaws
    }

    fn collect(&self, value: &Value, place: &str, flaws: &mut Vec<Flaw>) {
        if flaws.len() >= MOST_FLAWS || (value.is_null() && self.nullable) {
            return;
        }
        if let Some(what) = self.own_flaw(value) {
            flaws.push(Flaw::new(place, what));
            return;
        }
        match (&self.kind, value) {
            (Kind::List { items, .. }, Value::Array(values)) => {
                for (index, value) in values.iter().enumerate() {
                    items.collect(value, &format!("{place}/{index}"), flaws);
                }
            }
            (Kind::Map { values, .. }, Value::Object(members)) => {
                for (name, value) in members {
                    values.collect(value, &format!("{place}/{name}"), flaws);
                }
            }
            (Kind::Object(known), Value::Object(members)) => {
                for Member { name, schema, .. } in known {
                    if let Some(value) = members.get(*name) {
                        schema.collect(value, &format!("{place}/{name}"), flaws);
                    }
                }
            }
            _ => {}
        }
    }

    /// What is wrong with the value itself, without looking into it.
    fn own_flaw(&self, value: &Value) -> Option<String> {
        match (&self.kind, value) {
            (Kind::Boolean, Value::Bool(_)) | (Kind::True, Value::Bool(true)) | (Kind::Number, Value::Number(_)) => {
                None
            }
            (Kind::Integer { min, max }, Value::Number(number)) => match whole(number) {
                Some(number) if (*min..=*max).contains(&number) => None,
                _ => Some(format!("must be a whole number from {min} to {max}")),
            },
            (Kind::Text { min, max, form }, Value::String(text)) => text_flaw(text, (*min, *max), *form),
            (Kind::Choice(values), Value::String(text)) if values.contains(&text.as_str()) => None,
            (Kind::Choice(values), _) => Some(format!("must be one of {}", values.join(", "))),
            (Kind::List { max, .. }, Value::Array(values)) => {
                (values.len() > *max).then(|| format!("must have at most {max} items"))
            }
            (Kind::Object(known), Value::Object(members)) => {
                let missing = known.iter().find(|member| member.required && !members.contains_key(member.name));
                let unknown = members.keys().find(|name| !known.iter().any(|member| member.name == *name));
                match (missing, unknown) {
                    (Some(missing), _) => Some(format!("must have the member {}", missing.name)),
                    (None, Some(unknown)) => Some(format!("has a member {} that is not known here", shown(unknown))),
                    (None, None) => None,
                }
            }
            (Kind::Map { max, .. }, Value::Object(members)) => {
                let ill_named = members.keys().find(|name| name.len() > LONGEST_NAME || !Form::Word.fits(name));
                match ill_named {
                    Some(name) => Some(format!("has a member {} whose name is not well formed", shown(name))),
                    None => (members.len() > *max).then(|| format!("must have at most {max} members")),
                }
            }
            (Kind::Foreign, Value::Object(_)) => None,
            (Kind::Either(schemas), value) => {
                let fits = schemas.iter().any(|schema| schema.check(value).is_empty());
                (!fits).then(|| "is of none of the kinds that it may be".to_owned())
            }
            (kind, _) => Some(format!("must be {}", name_of(kind))),
        }
    }

    /// The value that a parameter's text stands for, where it stands for one.
    pub(super) fn read(&self, text: &str) -> Result<Value, String> {
        let value = match &self.kind {
            Kind::Boolean => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => return Err("must be true or false".to_owned()),
            },
            Kind::Integer { min, max } => match text.parse::<i64>() {
                Ok(number) if number.to_string() == text => Value::from(number),
                _ => return Err(format!("must be a whole number from {min} to {max}")),
            },
            _ => Value::String(text.to_owned()),
        };
        match self.check(&value).into_iter().next() {
            Some(flaw) => Err(flaw.what),
            None => Ok(value),
        }
    }
}

fn text_flaw(text: &str, (min, max): (usize, usize), form: Form) -> Option<String> {
    let length = text.chars().count();
    if !(min..=max).contains(&length) {
        return Some(format!("must have {min} to {max} characters"));
    }
    (!form.fits(text)).then(|| format!("must match {}", form.pattern()))
}

/// A number without a fraction, also where it is written as 1.0 (JSON Schema Core 2020-12 section 4.2.3).
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0)?;
        format!("{float:.0}").parse().ok()
    })
}

/// A name that somebody else chose, as far as an answer shows it.
fn shown(name: &str) -> String {
    name.escape_debug().take(40).collect()
}

fn name_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "true or false",
        Kind::True => "true",
        Kind::Integer { .. } => "a whole number",
        Kind::Number => "a number",
        Kind::Text { .. } | Kind::Choice(_) => "a text",
        Kind::List { .. } => "a list",
        Kind::Object(_) | Kind::Map { .. } | Kind::Foreign => "an object",
        Kind::Either(_) => "something else",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::schema::{optional, required};

    fn person() -> Schema {
        Schema::object([
            required("name", Schema::line(1, 5)),
            optional("age", Schema::integer(0, 150).or_null()),
            optional("tags", Schema::list(Schema::text(Form::Word, 1, 8), 2)),
            optional("kind", Schema::choice(["cat", "dog"])),
            optional("more", Schema::map(Schema::either([Schema::boolean(), Schema::number()]), 2)),
        ])
    }

    fn flaw(value: &Value) -> String {
        person().check(value).first().map(|flaw| format!("{} {}", flaw.place, flaw.what)).unwrap_or_default()
    }

    #[test]
    fn what_the_schema_allows_is_right() {
        for right in [
            json!({ "name": "Ann" }),
            json!({ "name": "ß𝕬äöü", "age": null, "tags": ["a", "b_1"], "kind": "cat" }),
            json!({ "name": "Ann", "age": 7.0, "more": { "x": true, "y": 1.5 } }),
        ] {
            assert_eq!(flaw(&right), "", "{right}");
        }
    }

    #[test]
    fn what_it_does_not_allow_is_named_with_its_place() {
        for (wrong, begins) in [
            (json!([]), " must be an object"),
            (json!({}), " must have the member name"),
            (json!({ "name": "Ann", "admin": true }), " has a member admin"),
            (json!({ "name": "Ann Bo" }), "/name must have 1 to 5"),
            (json!({ "name": "a\u{0}" }), "/name must match"),
            (json!({ "name": null }), "/name must be a text"),
            (json!({ "name": "Ann", "age": 1.5 }), "/age must be a whole"),
            (json!({ "name": "Ann", "age": 1e300 }), "/age must be a whole"),
            (json!({ "name": "Ann", "tags": ["a", "B"] }), "/tags/1 must match"),
            (json!({ "name": "Ann", "tags": ["a", "b", "c"] }), "/tags must have at most 2"),
            (json!({ "name": "Ann", "kind": "cow" }), "/kind must be one of cat, dog"),
            (json!({ "name": "Ann", "more": { "x": "text" } }), "/more/x is of none"),
            (json!({ "name": "Ann", "more": { "X\u{0}": true } }), "/more has a member"),
        ] {
            assert!(flaw(&wrong).starts_with(begins), "{wrong}: {}", flaw(&wrong));
        }
    }

    #[test]
    fn a_parameter_is_read_as_what_it_is() {
        assert_eq!(Schema::integer(1, 200).read("50"), Ok(json!(50)));
        assert_eq!(Schema::boolean().read("true"), Ok(json!(true)));
        for (schema, text) in [
            (Schema::integer(1, 200), "0"),
            (Schema::integer(1, 200), "+5"),
            (Schema::integer(1, 200), "99999999999999999999"),
            (Schema::integer(1, 200), ""),
            (Schema::boolean(), "True"),
            (Schema::line(1, 3), "a\u{0}"),
            (Schema::uuid(), "{00000000-0000-0000-0000-000000000000}"),
            (Schema::moment(), "2026-02-30T10:00:00Z"),
        ] {
            assert!(schema.read(text).is_err(), "{text:?}");
        }
    }
}
