//! A value as it was given, before a setting has made sense of it.

use std::fmt;

use serde::{Serialize, Serializer};
use toml::de::DeValue;

/// A value from the configuration file, the environment or a secret's file.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A TOML string.
    Text(String),
    /// A TOML integer.
    Integer(i64),
    /// A TOML boolean.
    Boolean(bool),
    /// A TOML array.
    List(Vec<Given>),
    /// Text without TOML's types, as the environment and secret files have it: the setting says what it means.
    Bare(String),
    /// What no setting takes (a float, a date, a table), named in words.
    Other(&'static str),
}

impl Given {
    pub(super) fn from_toml(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_or(Self::Other("a number that is too large"), Self::Integer),
            DeValue::Boolean(yes) => Self::Boolean(*yes),
            DeValue::Array(items) => Self::List(items.iter().map(|item| Self::from_toml(item.get_ref())).collect()),
            DeValue::Float(_) => Self::Other("a number with a fraction"),
            DeValue::Datetime(_) => Self::Other("a date or time"),
            DeValue::Table(_) => Self::Other("a table"),
        }
    }

    /// What was found, for a message. The value of a secret is not repeated.
    pub(super) fn in_words(&self, secret: bool) -> String {
        match self {
            Self::Text(text) | Self::Bare(text) if text.is_empty() => "empty".to_owned(),
            Self::Text(_) | Self::Bare(_) if secret => "a text (not shown, since it may hold a secret)".to_owned(),
            Self::Text(text) => format!("the text {text:?}"),
            Self::Bare(text) => format!("{text:?}"),
            Self::Integer(number) => format!("the number {number}"),
            Self::Boolean(yes) => yes.to_string(),
            Self::List(_) if secret => "a list".to_owned(),
            Self::List(_) => format!("the list {self}"),
            Self::Other(what) => (*what).to_owned(),
        }
    }

    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Bare(text) => Some(text),
            _ => None,
        }
    }

    /// A list's texts, or the only one. The environment separates them by commas.
    pub(super) fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Self::Text(text) => Some(vec![text]),
            Self::Bare(text) => Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()),
            Self::List(items) => items.iter().map(Self::text).collect(),
            _ => None,
        }
    }

    /// The whole number, where it is one.
    pub(super) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Bare(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The boolean, where it is one.
    pub(super) fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(yes) => Some(*yes),
            Self::Bare(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl fmt::Display for Given {
    /// As TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Bare(text) => write!(f, "{}", toml::Value::String(text.clone())),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Boolean(yes) => write!(f, "{yes}"),
            Self::List(items) => {
                let items: Vec<_> = items.iter().map(Self::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) | Self::Bare(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Boolean(yes) => serializer.serialize_bool(*yes),
            Self::List(items) => items.serialize(serializer),
            Self::Other(what) => serializer.serialize_str(what),
        }
    }
}
