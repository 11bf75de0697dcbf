//! A declared attribute in the words of a report.

use serde_json::{Value, json};
use vestibule_users::Definition;

use crate::cli::time::{readable, rfc3339};

/// The headings of the list.
pub(super) const HEADINGS: [&str; 6] = ["name", "kind", "marks", "seen by", "edited by", "claim"];

/// A line of the list.
pub(super) fn row(defined: &Definition) -> Vec<String> {
    let it = &defined.declaration;
    vec![
        defined.name.clone(),
        it.kind.as_str().to_owned(),
        marks(defined),
        it.visible_to.as_str().to_owned(),
        it.editable_by.as_str().to_owned(),
        it.claim.clone().unwrap_or_default(),
    ]
}

fn marks(defined: &Definition) -> String {
    let marks = [(defined.declaration.required, "required"), (defined.declaration.unique, "unique")];
    let marks: Vec<_> = marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect();
    marks.join(", ")
}

/// Everything, for programs.
pub(super) fn document(defined: &Definition) -> Value {
    let mut document = json!(defined.declaration);
    document["name"] = json!(defined.name);
    document["created_at"] = json!(rfc3339(defined.created_at));
    document["updated_at"] = json!(rfc3339(defined.updated_at));
    document
}

/// Everything, for people.
pub(super) fn lines(defined: &Definition) -> String {
    let it = &defined.declaration;
    let carried = it.claim.as_ref().zip(it.scope.as_ref());
    let lines = [
        ("Name", Some(defined.name.clone())),
        ("Label", Some(it.label.clone())),
        ("For", it.description.clone()),
        ("Kind", Some(it.kind.as_str().to_owned())),
        ("Marks", Some(marks(defined))),
        ("Pattern", it.pattern.clone()),
        ("Choices", Some(it.choices.join(", "))),
        ("Seen by", Some(it.visible_to.as_str().to_owned())),
        ("Edited by", Some(it.editable_by.as_str().to_owned())),
        ("Claim", carried.map(|(claim, scope)| format!("{claim}, with the scope {scope}"))),
        ("Created", Some(readable(defined.created_at))),
        ("Changed", Some(readable(defined.updated_at))),
    ];
    let said = lines.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    said.map(|(name, value)| format!("{name:<13} {value}\n")).collect()
}
