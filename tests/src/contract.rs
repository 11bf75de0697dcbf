//! The OpenAPI document of the administration API, and whether an answer is what it promises.

use std::collections::HashMap;

use regex::Regex;
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::Value;

use crate::{JsonAnswer, TestApp};

/// The document.
#[derive(Clone, Debug)]
pub struct Contract(Value);

/// One operation of it.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its method.
    pub method: Method,
    /// Its path, with parameters in braces.
    pub path: String,
    /// Everything that is said of it.
    pub operation: Value,
}

impl Described {
    /// Its `operationId`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.operation["operationId"].as_str().expect("an operationId")
    }

    /// The permission that it needs.
    #[must_use]
    pub fn permission(&self) -> &str {
        self.operation["x-permission"].as_str().expect("a permission")
    }

    /// Its path with `values` in place of the parameters, `filler` where there is none.
    #[must_use]
    pub fn path_with(&self, values: &HashMap<&str, String>, filler: &str) -> String {
        let segment = |segment: &str| match segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) => values.get(name).cloned().unwrap_or_else(|| filler.to_owned()),
            None => segment.to_owned(),
        };
        format!("/api/v1{}", self.path.split('/').map(segment).collect::<Vec<_>>().join("/"))
    }
}

impl TestApp {
    /// Reads the document.
    pub async fn contract(&self) -> Contract {
        Contract(JsonAnswer::of(self.wire().get("/api/v1/openapi.json")).await.body)
    }
}

impl Contract {
    /// The whole document.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.0
    }

    /// Every operation.
    #[must_use]
    pub fn operations(&self) -> Vec<Described> {
        let paths = self.0["paths"].as_object().expect("paths");
        let of = |(path, methods): (&String, &Value)| {
            let methods = methods.as_object().expect("methods").clone();
            let path = path.clone();
            methods.into_iter().map(move |(method, operation)| Described {
                method: method.to_uppercase().parse().expect("a method"),
                path: path.clone(),
                operation,
            })
        };
        paths.iter().flat_map(of).collect()
    }

    /// The operation that a request leads to, if any.
    #[must_use]
    pub fn find(&self, method: &Method, path: &str) -> Option<Described> {
        let path = path.split('?').next()?.strip_prefix("/api/v1")?;
        let fits = |pattern: &str| {
            let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
            pattern.len() == path.len() && pattern.iter().zip(path).all(|(a, b)| a.starts_with('{') || *a == b)
        };
        let mut found: Vec<_> =
            self.operations().into_iter().filter(|it| it.method == *method && fits(&it.path)).collect();
        found.sort_by_key(|it| it.path.matches('{').count());
        found.into_iter().next()
    }

    /// Fails a test where an answer is not what the document says of the operation.
    ///
    /// # Panics
    /// Then.
    pub fn check(&self, method: &Method, path: &str, answer: &JsonAnswer) {
        let told = format!("{method} {path}: {} {}", answer.status, answer.body);
        assert!(!answer.status.is_server_error() || answer.status == 503, "{told}");
        let Some(described) = self.find(method, path) else {
            assert!(answer.status.is_client_error() && is_problem(answer), "{told}");
            return;
        };
        let status = answer.status.as_u16().to_string();
        let response = &described.operation["responses"][&status];
        assert!(!response.is_null(), "the document does not know this status: {told}");
        let response = self.resolve(response);
        match response["content"].as_object().and_then(|content| content.iter().next()) {
            None => assert_eq!(answer.body, Value::Null, "{told}"),
            Some((kind, content)) => {
                assert_eq!(answer.header(CONTENT_TYPE.as_str()), Some(kind.as_str()), "{told}");
                let flaw = self.flaw(&content["schema"], &answer.body, "");
                assert_eq!(flaw, None, "{told}");
            }
        }
        for name in response["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
            assert!(answer.headers.contains_key(name), "{name} is missing: {told}");
        }
    }

    fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => {
                self.0.pointer(reference.trim_start_matches('#')).expect("a reference that leads somewhere")
            }
            None => value,
        }
    }

    /// What is wrong with a value, by the part of JSON Schema that the document uses.
    #[must_use]
    pub fn flaw(&self, schema: &Value, value: &Value, place: &str) -> Option<String> {
        let schema = self.resolve(schema);
        if let Some(any) = schema["anyOf"].as_array() {
            let fits = any.iter().any(|schema| self.flaw(schema, value, place).is_none());
            return (!fits).then(|| format!("{place}: {value} is none of {schema}"));
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => panic!("a schema without a type: {schema}"),
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(number) if number.is_i64() && !kinds.contains(&"number") => "integer",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        if !kinds.contains(&kind) {
            return Some(format!("{place}: {value} is not {kinds:?}"));
        }
        if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
            return Some(format!("{place}: {value} is not one of {}", schema["enum"]));
        }
        match value {
            Value::Number(number) => {
                let number = number.as_f64().unwrap_or_default();
                let low = schema["minimum"].as_f64().is_some_and(|least| number < least);
                let high = schema["maximum"].as_f64().is_some_and(|most| number > most);
                (low || high).then(|| format!("{place}: {value} is out of bounds"))
            }
            Value::String(text) => text_flaw(schema, text).map(|what| format!("{place}: {value} {what}")),
            Value::Array(items) => {
                if schema["maxItems"].as_u64().is_some_and(|most| items.len() as u64 > most) {
                    return Some(format!("{place}: too many items"));
                }
                let mut items = items.iter().enumerate();
                items.find_map(|(index, item)| self.flaw(&schema["items"], item, &format!("{place}/{index}")))
            }
            Value::Object(members) => {
                let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
                for name in required {
                    if !members.contains_key(name) {
                        return Some(format!("{place}: {name} is missing"));
                    }
                }
                members.iter().find_map(|(name, value)| {
                    match (&schema["properties"][name], &schema["additionalProperties"]) {
                        (Value::Null, Value::Bool(false)) => Some(format!("{place}: {name} is not known")),
                        (Value::Null, Value::Bool(true)) => None,
                        (Value::Null, other) => self.flaw(other, value, &format!("{place}/{name}")),
                        (known, _) => self.flaw(known, value, &format!("{place}/{name}")),
                    }
                })
            }
            Value::Null | Value::Bool(_) => None,
        }
    }
}

fn text_flaw(schema: &Value, text: &str) -> Option<String> {
    let length = text.chars().count() as u64;
    let short = schema["minLength"].as_u64().is_some_and(|least| length < least);
    let long = schema["maxLength"].as_u64().is_some_and(|most| length > most);
    let pattern = schema["pattern"].as_str().map(|pattern| Regex::new(pattern).expect("a pattern"));
    let unlike = pattern.is_some_and(|pattern| !pattern.is_match(text));
    (short || long || unlike).then(|| format!("breaks {schema}"))
}

/// Whether an answer is problem details (RFC 9457) that say the status that they came with.
#[must_use]
pub fn is_problem(answer: &JsonAnswer) -> bool {
    answer.header(CONTENT_TYPE.as_str()) == Some("application/problem+json")
        && answer.body["status"] == answer.status.as_u16()
        && ["type", "title", "detail", "code"].iter().all(|name| answer.body[name].is_string())
        && answer.body["request_id"].as_str() == answer.header("x-request-id")
}
