//! The fields of the profile: which there are for somebody, what stands in them, and what they make of what was sent.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};
use vestibule_core::Parameters;
use vestibule_oidc::Unavailable;
use vestibule_users::{AttributeKind, BadAttributes, ClaimError, Definition, Editor, StandardClaims, User};

use crate::{
    pages::{Fact, Field, FieldGroup, Input, Label},
    state::State,
};

/// The claims that people write themselves: name, label, `autocomplete`, hint.
const CLAIMS: [(&str, &str, Option<&str>, Option<&str>); 12] = [
    ("name", "Full name", Some("name"), None),
    ("given_name", "Given name", Some("given-name"), None),
    ("middle_name", "Middle name", Some("additional-name"), None),
    ("family_name", "Family name", Some("family-name"), None),
    ("nickname", "Nickname", Some("nickname"), None),
    ("gender", "Gender", Some("sex"), None),
    ("birthdate", "Birthday", Some("bday"), Some("Year, month and day: 1984-06-21.")),
    ("website", "Website", Some("url"), None),
    ("profile", "Profile page", None, None),
    ("picture", "Picture", Some("photo"), Some("The address of a picture on the web.")),
    ("zoneinfo", "Time zone", None, Some("Such as Europe/Lisbon.")),
    ("locale", "Language", Some("language"), Some("Such as en-GB.")),
];

/// What the names of attributes begin with in the form, so that none is taken for a claim.
const PREFIX: &str = "attribute.";

/// What somebody is offered to see and to change.
pub(super) struct Offered {
    user: User,
    definitions: Vec<Definition>,
    values: Map<String, Value>,
}

/// What was sent, or what is there.
pub(super) struct Sent {
    before: StandardClaims,
    /// All claims, as they are to be.
    pub(super) claims: StandardClaims,
    /// The attributes that are to be different.
    pub(super) attributes: Map<String, Value>,
    /// What stands in the fields of attributes, by their names.
    shown: BTreeMap<String, Value>,
    /// What is wrong, by the names of the fields.
    errors: BTreeMap<String, Label>,
}

impl Offered {
    /// What `user` may see of themselves.
    pub(super) async fn to(state: &State, user: &User) -> Result<Self, Unavailable> {
        let mut definitions = state.attributes().list().await?;
        definitions.retain(|definition| definition.is_visible_to(Editor::User));
        let values = state.attributes().shown(user.id, Editor::User).await?;
        Ok(Self { user: user.clone(), definitions, values })
    }

    fn editable(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.iter().filter(|definition| definition.is_editable_by(Editor::User))
    }

    /// The fields with what is there.
    pub(super) fn as_it_is(&self) -> Sent {
        Sent {
            before: self.user.claims.clone(),
            claims: self.user.claims.clone(),
            attributes: Map::new(),
            shown: self.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            errors: BTreeMap::new(),
        }
    }

    /// What the fields of a form make of it. A field that is not in the form stays as it is.
    pub(super) fn read(&self, form: &Parameters) -> Sent {
        let mut sent = self.as_it_is();
        for (name, ..) in CLAIMS.iter().filter(|(name, ..)| form.has(name)) {
            sent.claim(name, form.get(name).unwrap_or_default().trim());
        }
        for definition in self.editable() {
            let field = format!("{PREFIX}{}", definition.name);
            let before = self.values.get(&definition.name);
            let Some(value) = read_value(definition, form, &field, before) else { continue };
            if before.unwrap_or(&Value::Null) != &value {
                sent.attributes.insert(definition.name.clone(), value.clone());
            }
            sent.shown.insert(definition.name.clone(), value);
        }
        // What is missing is told with whatever else is wrong, and not only once that is right.
        for definition in self.editable().filter(|definition| definition.declaration.required) {
            if sent.shown.get(&definition.name).is_none_or(Value::is_null) {
                sent.errors.insert(format!("{PREFIX}{}", definition.name), Label::from("Please fill this in."));
            }
        }
        sent
    }

    /// The page's fields.
    pub(super) fn groups(&self, sent: &Sent) -> Vec<FieldGroup> {
        let claims = CLAIMS.iter().map(|(name, label, autocomplete, hint)| Field {
            name: (*name).to_owned(),
            label: Label::from(*label),
            hint: hint.map(Label::from),
            required: false,
            input: Input::Text { value: text_of(&sent.claims, name), autocomplete: *autocomplete },
            error: sent.errors.get(*name).cloned(),
        });
        let attributes: Vec<_> = self.editable().map(|definition| attribute_field(definition, sent)).collect();
        let mut groups = vec![FieldGroup { title: Label::from("About you"), fields: claims.collect() }];
        if !attributes.is_empty() {
            groups.push(FieldGroup { title: Label::from("More about you"), fields: attributes });
        }
        groups
    }

    /// What the person may only see.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let username = Fact { label: Label::from("Username"), value: Label::from(self.user.username.as_str()) };
        let fixed = self.definitions.iter().filter(|definition| !definition.is_editable_by(Editor::User));
        let fact = |definition: &Definition| {
            let value = Label::from(in_words(self.values.get(&definition.name)?));
            Some(Fact { label: label_of(definition), value })
        };
        std::iter::once(username).chain(fixed.filter_map(fact)).collect()
    }
}

impl Sent {
    fn claim(&mut self, name: &str, value: &str) {
        // Each is looked at alone, so that everything that is wrong is told at once.
        let mut alone = StandardClaims::default();
        let checked = alone.set(name, value).and_then(|()| alone.check());
        match checked.and_then(|()| self.claims.set(name, value)) {
            Ok(()) => {}
            Err(error) => {
                // What was typed stands in the field again; it is not saved while there is an error.
                let _ = self.claims.set(name, value);
                let words = match error {
                    ClaimError::Malformed { why, .. } => format!("This {why}."),
                    ClaimError::Unknown { .. } | ClaimError::Elsewhere { .. } => error.to_string(),
                };
                self.errors.insert(name.to_owned(), Label::from(words));
            }
        }
    }

    /// Whether anything is wrong with what was sent, as far as the fields alone tell.
    pub(super) fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
    }

    /// The names of what is different.
    pub(super) fn changed(&self) -> Vec<String> {
        let differs = |name: &&str| text_of(&self.before, name) != text_of(&self.claims, name);
        let claims = CLAIMS.iter().map(|(name, ..)| *name).filter(differs).map(str::to_owned);
        claims.chain(self.attributes.keys().cloned()).collect()
    }

    /// Puts what is wrong with attributes beside their fields. What has no field is answered, for the whole.
    pub(super) fn blame(&mut self, offered: &Offered, BadAttributes(bad): BadAttributes) -> Option<Label> {
        let mut rest = None;
        for bad in bad {
            match offered.editable().any(|definition| definition.name == bad.name) {
                true => {
                    let words = Label::from(format!("This {}.", bad.problem));
                    self.errors.insert(format!("{PREFIX}{}", bad.name), words);
                }
                false => rest = Some(Label::from("Something that only an administrator can set is missing.")),
            }
        }
        rest
    }
}

/// The value of a claim; empty where there is none.
fn text_of(claims: &StandardClaims, name: &str) -> String {
    let value = match name {
        "name" => &claims.name,
        "given_name" => &claims.given_name,
        "middle_name" => &claims.middle_name,
        "family_name" => &claims.family_name,
        "nickname" => &claims.nickname,
        "gender" => &claims.gender,
        "birthdate" => &claims.birthdate,
        "website" => &claims.website,
        "profile" => &claims.profile,
        "picture" => &claims.picture,
        "zoneinfo" => &claims.zoneinfo,
        "locale" => &claims.locale,
        _ => &None,
    };
    value.clone().unwrap_or_default()
}

/// The value that a form gives an attribute: null for none; nothing where the form does not speak of it.
fn read_value(definition: &Definition, form: &Parameters, field: &str, before: Option<&Value>) -> Option<Value> {
    let kind = definition.declaration.kind;
    if kind == AttributeKind::Boolean {
        // A tick that is not there is sent by nothing at all.
        let ticked = form.get(field) == Some("true");
        let spoken_of = ticked || before.is_some() || definition.declaration.required;
        return spoken_of.then_some(Value::Bool(ticked));
    }
    if !form.has(field) {
        return None;
    }
    let typed = form.get(field).unwrap_or_default().trim();
    if typed.is_empty() {
        return Some(Value::Null);
    }
    Some(match kind {
        AttributeKind::Number => number(typed),
        AttributeKind::List => {
            let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
            Value::Array(lines.map(|line| Value::String(line.to_owned())).collect())
        }
        AttributeKind::Text | AttributeKind::Date | AttributeKind::Choice | AttributeKind::Boolean => {
            Value::String(typed.to_owned())
        }
    })
}

/// A number; what is none stays a text, which is then refused as such.
fn number(typed: &str) -> Value {
    let whole = typed.parse::<i64>().ok().map(Number::from);
    let number = whole.or_else(|| typed.parse::<f64>().ok().and_then(Number::from_f64));
    number.map_or_else(|| Value::String(typed.to_owned()), Value::Number)
}

fn attribute_field(definition: &Definition, sent: &Sent) -> Field {
    let name = format!("{PREFIX}{}", definition.name);
    let declaration = &definition.declaration;
    let value = sent.shown.get(&definition.name).filter(|value| !value.is_null());
    let text = || value.map(in_words).unwrap_or_default();
    Field {
        label: label_of(definition),
        hint: declaration.description.as_deref().map(Label::from),
        required: declaration.required,
        input: match declaration.kind {
            AttributeKind::Text => Input::Text { value: text(), autocomplete: None },
            AttributeKind::Number => Input::Number { value: text() },
            AttributeKind::Boolean => Input::Boolean { value: value == Some(&Value::Bool(true)) },
            AttributeKind::Date => Input::Date { value: text() },
            AttributeKind::Choice => Input::Choice {
                options: declaration.choices.iter().map(|it| (it.clone(), Label::from(it.as_str()))).collect(),
                chosen: text(),
            },
            AttributeKind::List => {
                Input::List { lines: value.and_then(Value::as_array).into_iter().flatten().map(in_words).collect() }
            }
        },
        error: sent.errors.get(&name).cloned(),
        name,
    }
}

fn label_of(definition: &Definition) -> Label {
    let label = &definition.declaration.label;
    Label::from(if label.is_empty() { definition.name.as_str() } else { label.as_str() })
}

/// A value as people read it.
fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "Yes".to_owned(),
        Value::Bool(false) => "No".to_owned(),
        Value::Array(items) => items.iter().map(in_words).collect::<Vec<_>>().join(", "),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
