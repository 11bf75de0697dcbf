//! A person in the words of a report.

use serde_json::{Value, json};
use vestibule_users::User;

use crate::cli::time::{readable, rfc3339};

/// The headings of the list.
pub(super) const HEADINGS: [&str; 5] = ["username", "email", "state", "last sign-in", "id"];

/// A line of the list.
pub(super) fn row(user: &User) -> Vec<String> {
    vec![
        user.username.clone(),
        user.email.clone().unwrap_or_default(),
        state(user),
        user.last_sign_in.map_or_else(|| "never".to_owned(), readable),
        user.id.to_string(),
    ]
}

fn state(user: &User) -> String {
    let marks = [(!user.active, "inactive"), (user.superuser, "superuser"), (user.staff, "staff")];
    let marks: Vec<_> = marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect();
    if marks.is_empty() { "active".to_owned() } else { marks.join(", ") }
}

/// Everything, for programs.
pub(super) fn document(user: &User) -> Value {
    json!({
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "active": user.active,
        "staff": user.staff,
        "superuser": user.superuser,
        "claims": user.claims,
        "password_hasher": user.password_hasher,
        "created_at": rfc3339(user.created_at),
        "updated_at": rfc3339(user.updated_at),
        "last_sign_in": user.last_sign_in.map(rfc3339),
    })
}

/// Everything, for people.
pub(super) fn lines(user: &User) -> String {
    let email = user.email.as_ref().map_or_else(
        || "none".to_owned(),
        |email| format!("{email} ({})", if user.email_verified { "verified" } else { "not verified" }),
    );
    let mut lines = vec![
        ("Username", user.username.clone()),
        ("Id", user.id.to_string()),
        ("E-mail", email),
        ("State", state(user)),
        ("Password", user.password_hasher.clone().unwrap_or_else(|| "none".to_owned())),
        ("Created", readable(user.created_at)),
        ("Changed", readable(user.updated_at)),
        ("Last sign-in", user.last_sign_in.map_or_else(|| "never".to_owned(), readable)),
    ];
    if let Ok(Value::Object(claims)) = serde_json::to_value(&user.claims)
        && !claims.is_empty()
    {
        lines.push(("Claims", serde_json::to_string(&claims).unwrap_or_default()));
    }
    lines.into_iter().map(|(name, value)| format!("{name:<13} {value}\n")).collect()
}
