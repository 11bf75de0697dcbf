//! What the API administers, one file each: its shape, its operations, their handlers.

mod api_tokens;
mod apis;
mod attributes;
mod audit;
mod clients;
mod grants;
mod groups;
mod permissions;
mod rights;
mod sessions;
mod users;

use serde_json::{Map, Value};
use vestibule_users::{OWN_RESOURCE_TYPES, User};

use super::{
    call::Call,
    operation::Operation,
    problem::Problem,
    schema::{Member, Schema},
};
use crate::state::State;

/// Every operation, in the order of the document.
pub(super) fn all() -> Vec<Operation> {
    [
        users::operations(),
        sessions::operations(),
        api_tokens::operations(),
        groups::operations(),
        permissions::operations(),
        grants::operations(),
        attributes::operations(),
        clients::operations(),
        apis::operations(),
        audit::operations(),
    ]
    .concat()
}

/// The scopes of the administration API with their descriptions: the permissions of the app `vestibule`.
#[must_use]
pub fn scopes() -> Vec<(String, String)> {
    let of = |(resource, words): &(&str, &str)| {
        ["view", "add", "change", "delete"].map(|verb| {
            let description = format!("{}{} {words}s", verb[..1].to_uppercase(), &verb[1..]);
            (format!("vestibule.{verb}_{resource}"), description)
        })
    };
    OWN_RESOURCE_TYPES.iter().flat_map(of).collect()
}

/// A text as one segment of a path.
fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The person whom the path names.
async fn user_of(state: &State, call: &Call) -> Result<User, Problem> {
    let id = call.id("user", "user")?;
    state.provider().users().get(id).await.map_err(Problem::unavailable)?.ok_or_else(|| Problem::not_found("user"))
}

/// The members of a merge patch: none must be there, and those that may be taken away may be null.
fn patch(members: impl IntoIterator<Item = Member>, lasting: &[&str]) -> Schema {
    Schema::object(members.into_iter().map(|member| {
        let lasts = lasting.contains(&member.name) || member.schema.is_nullable();
        let schema = if lasts { member.schema } else { member.schema.or_null() };
        Member { schema, required: false, ..member }
    }))
}

/// A document with a merge patch applied (RFC 7396 section 2).
fn merged(target: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut members = match target {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, change) in changes {
        if change.is_null() {
            members.remove(name);
        } else {
            let before = members.remove(name).unwrap_or(Value::Null);
            members.insert(name.clone(), merged(before, change));
        }
    }
    Value::Object(members)
}

/// Whether `text` has `part` in it, in whatever case.
fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// The field and the direction of a sort order such as `-name`.
fn order(sort: Option<&str>, usual: &'static str) -> (String, bool) {
    let sort = sort.unwrap_or(usual);
    match sort.strip_prefix('-') {
        Some(field) => (field.to_owned(), true),
        None => (sort.to_owned(), false),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_merge_patch_does_what_rfc_7396_shows() {
        for (target, patch, result) in [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b", "b": "c" }), json!({ "a": null }), json!({ "b": "c" })),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": { "b": "c" } }), json!({ "a": { "b": "d", "c": null } }), json!({ "a": { "b": "d" } })),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ] {
            assert_eq!(merged(target.clone(), &patch), result, "{target} {patch}");
        }
    }

    #[test]
    fn every_operation_needs_a_permission_that_is_registered() {
        let known: Vec<String> = scopes().into_iter().map(|(scope, _)| scope).collect();
        for operation in all() {
            assert!(known.iter().any(|scope| scope == operation.needs.permission()), "{}", operation.id);
        }
    }
}
