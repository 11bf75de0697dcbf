//! Permissions, and who has them, in the words of a report.

use serde_json::{Value, json};
use vestibule_users::{Entitled, Permission, Reason};

use crate::cli::time::rfc3339;

/// The headings of the list of permissions.
pub(super) const HEADINGS: [&str; 3] = ["permission", "name", "type"];

/// The headings of the list of those who have one.
pub(super) const ENTITLED_HEADINGS: [&str; 3] = ["username", "by", "id"];

/// A line of the list.
pub(super) fn row(permission: &Permission) -> Vec<String> {
    let kind = permission.resource_type.clone().unwrap_or_default();
    vec![permission.name.to_string(), permission.label.clone(), kind]
}

/// A permission, for programs.
pub(super) fn document(permission: &Permission) -> Value {
    json!({
        "permission": permission.name.to_string(),
        "app": permission.name.app(),
        "codename": permission.name.codename(),
        "name": permission.label,
        "resource_type": permission.resource_type,
        "created_at": rfc3339(permission.created_at),
    })
}

/// Somebody who has a permission, for people.
pub(super) fn entitled_row(one: &Entitled) -> Vec<String> {
    let ways = [(one.superuser, "superuser"), (one.direct, "grant"), (one.by_group, "group")];
    let ways: Vec<_> = ways.into_iter().filter_map(|(holds, way)| holds.then_some(way)).collect();
    vec![one.username.clone(), ways.join(", "), one.user.to_string()]
}

/// Somebody who has a permission, for programs.
pub(super) fn entitled_document(one: &Entitled) -> Value {
    json!({
        "id": one.user,
        "username": one.username,
        "superuser": one.superuser,
        "direct": one.direct,
        "by_group": one.by_group,
    })
}

/// Why somebody has a permission, for programs.
pub(super) fn reason_document(reason: &Reason) -> Value {
    match reason {
        Reason::Superuser => json!({ "reason": "superuser" }),
        Reason::Direct { object } => {
            json!({ "reason": "direct", "on": object.as_ref().map(|object| object.as_str()) })
        }
        Reason::Groups { path, object } => {
            json!({ "reason": "groups", "path": path, "on": object.as_ref().map(|object| object.as_str()) })
        }
    }
}

/// Why somebody has a permission, for people.
pub(super) fn reason_line(reason: &Reason) -> String {
    let (by, object) = match reason {
        Reason::Superuser => return "as a superuser\n".to_owned(),
        Reason::Direct { object } => ("given to them".to_owned(), object),
        Reason::Groups { path, object } => (format!("by the groups {}", path.join(" > ")), object),
    };
    match object {
        Some(object) => format!("{by}, on {object}\n"),
        None => format!("{by}\n"),
    }
}
