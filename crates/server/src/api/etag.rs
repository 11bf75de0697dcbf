//! Entity tags (RFC 9110 sections 8.8.3 and 13.1.1).
//!
//! A tag is a keyed hash of what is answered, so it changes when any part of that does, and tells nothing of it. All of ours
//! are strong. `If-Match` compares strongly: a weak tag matches nothing.

use serde_json::Value;
use vestibule_core::HashKey;

/// Makes tags.
#[derive(Clone, Debug)]
pub(crate) struct Maker(HashKey);

impl Maker {
    pub(super) fn new(key: &HashKey) -> Self {
        Self(key.for_purpose("entity tag"))
    }

    /// The tag of what is answered.
    pub(super) fn tag(&self, body: &Value) -> String {
        // Members are sorted by name: equal documents are written equally.
        format!("\"{}\"", self.0.digest(&body.to_string()).to_key())
    }
}

/// What `If-Match` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// `*`: that there is something.
    Any,
    /// That it has one of these tags; weak ones are left out, since they match nothing.
    OneOf(Vec<String>),
}

impl IfMatch {
    /// Reads the header's value, which has the form of [`Form::EntityTags`](super::schema::Form::EntityTags).
    pub(super) fn read(value: &str) -> Self {
        if value == "*" {
            return Self::Any;
        }
        let mut tags = Vec::new();
        let mut rest = value;
        // A comma may stand within a tag, so the quotes are what divides.
        while let Some(open) = rest.find('"') {
            let weak = rest[..open].ends_with("W/");
            let Some(length) = rest[open + 1..].find('"') else { break };
            let close = open + 1 + length;
            if !weak {
                tags.push(rest[open..=close].to_owned());
            }
            rest = &rest[close + 1..];
        }
        Self::OneOf(tags)
    }

    pub(super) fn names(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|wanted| wanted == tag),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use vestibule_core::HashKey;

    use super::*;

    #[test]
    fn a_tag_changes_with_any_part_and_with_nothing_else() {
        let maker = Maker::new(&HashKey::new(&[7; 32]));
        assert_eq!(maker.tag(&json!({ "a": 1, "b": 2 })), maker.tag(&json!({ "b": 2, "a": 1 })));
        assert_ne!(maker.tag(&json!({ "a": 1, "b": 2 })), maker.tag(&json!({ "a": 1, "b": null })));
    }

    #[test]
    fn a_weak_tag_matches_nothing_and_a_star_everything() {
        let names = |header: &str| IfMatch::read(header).names("\"x,y\"");
        assert!(names("*") && names("\"x,y\"") && names("\"a\", W/\"b\",\"x,y\""));
        assert!(!names("W/\"x,y\"") && !names("\"x\", \"y\"") && !names("\"\""));
    }
}
