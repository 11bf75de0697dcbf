//! What a value may be: one description, from which the OpenAPI document is written and by which requests are checked
//! ([`check`](super::check)). So the document cannot promise what is not enforced, nor the other way round.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

/// The kinds of text, each with the pattern that the document shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One line: no control characters.
    Line,
    /// Several lines: no control characters but tabulators and the ends of lines.
    Lines,
    /// A word that programs use: small letters, digits, `_`, `-` and `.`, beginning with a letter.
    Word,
    /// Visible ASCII: no blanks.
    Visible,
    /// What the header `If-Match` may hold (RFC 9110 section 13.1.1).
    EntityTags,
    /// A UUID, in small letters.
    Uuid,
    /// A moment (RFC 3339).
    Moment,
}

impl Form {
    /// The regular expression, in the part of the syntax that ECMA 262 and Rust share.
    pub(super) fn pattern(self) -> &'static str {
        match self {
            Self::Line => r"^[^\x00-\x1f\x7f]*$",
            Self::Lines => r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
            Self::Word => r"^[a-z][a-z0-9_.-]*$",
            Self::Visible => r"^[!-~]+$",
            Self::EntityTags => r#"^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$"#,
            Self::Uuid => r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            Self::Moment => {
                r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$"
            }
        }
    }

    /// In words.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Line => "a line",
            Self::Lines => "text",
            Self::Word => "a word of a-z, 0-9, _, - and .",
            Self::Visible => "ASCII without blanks",
            Self::EntityTags => "entity tags",
            Self::Uuid => "a UUID",
            Self::Moment => "a moment (RFC 3339)",
        }
    }

    fn format(self) -> Option<&'static str> {
        match self {
            Self::Uuid => Some("uuid"),
            Self::Moment => Some("date-time"),
            _ => None,
        }
    }

    /// Whether `text` has this form.
    pub(super) fn fits(self, text: &str) -> bool {
        static ALL: LazyLock<Vec<(Form, Regex)>> = LazyLock::new(|| {
            let forms =
                [Form::Line, Form::Lines, Form::Word, Form::Visible, Form::EntityTags, Form::Uuid, Form::Moment];
            forms.into_iter().filter_map(|form| Some((form, Regex::new(form.pattern()).ok()?))).collect()
        });
        let regex = ALL.iter().find(|(form, _)| *form == self).map(|(_, regex)| regex);
        regex.is_some_and(|regex| regex.is_match(text))
            && (self != Self::Moment || super::moment::parse(text).is_some())
    }
}

/// What a value may be.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    pub(super) description: Option<&'static str>,
    /// The name under which it stands in the document's components.
    pub(super) name: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Boolean,
    /// `true`, and nothing else.
    True,
    Integer {
        min: i64,
        max: i64,
    },
    Number,
    Text {
        min: usize,
        max: usize,
        form: Form,
    },
    Choice(Vec<&'static str>),
    List {
        items: Box<Schema>,
        max: usize,
    },
    Object(Vec<Member>),
    /// An object whose members' names are not known beforehand.
    Map {
        values: Box<Schema>,
        max: usize,
    },
    /// An object whose members another standard describes: what they may be, whoever reads them says.
    Foreign,
    Either(Vec<Schema>),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) schema: Schema,
    pub(crate) required: bool,
}

/// A member that must be there.
pub(crate) fn required(name: &'static str, schema: Schema) -> Member {
    Member { name, schema, required: true }
}

/// A member that may be left out.
pub(crate) fn optional(name: &'static str, schema: Schema) -> Member {
    Member { name, schema, required: false }
}

impl Schema {
    fn of(kind: Kind) -> Self {
        Self { kind, nullable: false, description: None, name: None }
    }

    pub(crate) fn boolean() -> Self {
        Self::of(Kind::Boolean)
    }

    /// `true`: a mark that can be set and not taken away.
    pub(crate) fn mark() -> Self {
        Self::of(Kind::True)
    }

    pub(crate) fn integer(min: i64, max: i64) -> Self {
        Self::of(Kind::Integer { min, max })
    }

    pub(crate) fn number() -> Self {
        Self::of(Kind::Number)
    }

    /// Text of `min` to `max` characters.
    pub(crate) fn text(form: Form, min: usize, max: usize) -> Self {
        Self::of(Kind::Text { min, max, form })
    }

    /// One line of `min` to `max` characters.
    pub(crate) fn line(min: usize, max: usize) -> Self {
        Self::text(Form::Line, min, max)
    }

    pub(crate) fn uuid() -> Self {
        Self::text(Form::Uuid, 36, 36)
    }

    pub(crate) fn moment() -> Self {
        Self::text(Form::Moment, 20, 40)
    }

    pub(crate) fn choice(values: impl IntoIterator<Item = &'static str>) -> Self {
        Self::of(Kind::Choice(values.into_iter().collect()))
    }

    pub(crate) fn list(items: Self, max: usize) -> Self {
        Self::of(Kind::List { items: Box::new(items), max })
    }

    /// An object of these members and no others.
    pub(crate) fn object(members: impl IntoIterator<Item = Member>) -> Self {
        Self::of(Kind::Object(members.into_iter().collect()))
    }

    pub(crate) fn map(values: Self, max: usize) -> Self {
        Self::of(Kind::Map { values: Box::new(values), max })
    }

    /// An object that another standard describes.
    pub(crate) fn foreign() -> Self {
        Self::of(Kind::Foreign)
    }

    pub(crate) fn either(schemas: impl IntoIterator<Item = Self>) -> Self {
        Self::of(Kind::Either(schemas.into_iter().collect()))
    }

    /// That, or null.
    pub(crate) fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Whether it may be null.
    pub(crate) fn is_nullable(&self) -> bool {
        self.nullable
    }

    /// With words for whoever reads the document.
    pub(crate) fn about(self, description: &'static str) -> Self {
        Self { description: Some(description), ..self }
    }

    /// Under a name of its own in the document.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// For the document (JSON Schema 2020-12). What has a name is put into `components`, and referred to.
    pub(super) fn document(&self, components: &mut Map<String, Value>) -> Value {
        let Some(name) = self.name else { return self.inline(components) };
        if !components.contains_key(name) {
            let whole = Self { nullable: false, ..self.clone() }.inline(components);
            components.insert(name.to_owned(), whole);
        }
        let reference = json!({ "$ref": format!("#/components/schemas/{name}") });
        if self.nullable { json!({ "anyOf": [reference, { "type": "null" }] }) } else { reference }
    }

    fn inline(&self, components: &mut Map<String, Value>) -> Value {
        let mut schema = match &self.kind {
            Kind::Boolean => json!({ "type": "boolean" }),
            Kind::True => json!({ "type": "boolean", "enum": [true] }),
            Kind::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Kind::Number => json!({ "type": "number" }),
            Kind::Text { min, max, form } => {
                let mut text =
                    json!({ "type": "string", "minLength": min, "maxLength": max, "pattern": form.pattern() });
                if let Some(format) = form.format() {
                    text["format"] = json!(format);
                }
                text
            }
            Kind::Choice(values) if self.nullable => {
                let values: Vec<Value> = values.iter().map(|value| json!(value)).chain([Value::Null]).collect();
                json!({ "type": "string", "enum": values })
            }
            Kind::Choice(values) => json!({ "type": "string", "enum": values }),
            Kind::List { items, max } => {
                json!({ "type": "array", "items": items.document(components), "maxItems": max })
            }
            Kind::Object(members) => object(members, components),
            Kind::Map { values, max } => json!({
                "type": "object",
                "additionalProperties": values.document(components),
                "propertyNames": { "pattern": Form::Word.pattern(), "maxLength": LONGEST_NAME },
                "maxProperties": max,
            }),
            Kind::Foreign => json!({ "type": "object", "additionalProperties": true }),
            Kind::Either(schemas) => {
                let nothing = self.nullable.then(|| json!({ "type": "null" }));
                let any: Vec<Value> = schemas.iter().map(|schema| schema.document(components)).chain(nothing).collect();
                json!({ "anyOf": any })
            }
        };
        if self.nullable
            && let Some(kind) = schema.get("type").cloned()
        {
            schema["type"] = json!([kind, "null"]);
        }
        if let Some(description) = self.description {
            schema["description"] = json!(description);
        }
        schema
    }
}

/// The longest name of a member of a [`Schema::map`].
pub(super) const LONGEST_NAME: usize = 64;

fn object(members: &[Member], components: &mut Map<String, Value>) -> Value {
    let required: Vec<&str> = members.iter().filter(|member| member.required).map(|member| member.name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|member| (member.name.to_owned(), member.schema.document(components))).collect();
    let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}
