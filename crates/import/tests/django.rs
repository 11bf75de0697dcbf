//! Rules of reading a Django site, on small dumps written by hand. Sites that Django itself has built: `django_site.rs`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "django_rules/addresses.rs"]
mod addresses;
#[path = "django_rules/applications.rs"]
mod applications;
#[path = "django_rules/attributes.rs"]
mod attributes;
#[path = "django_rules/broken.rs"]
mod broken;
#[path = "django_rules/database.rs"]
mod database;
#[path = "django_rules/garbage.rs"]
mod garbage;
#[path = "django_rules/models.rs"]
mod models;
#[path = "django_rules/names.rs"]
mod names;
#[path = "django_rules/permissions.rs"]
mod permissions;

use serde_json::{Map, Value, json};
use vestibule_import::django::{Choice, Plan, Problem, ReadError, Renames, Site, User, Weight, read_dump};

/// A user with nothing but a name, and then `fields`.
fn user(pk: u32, username: &str, fields: Value) -> Value {
    let mut own = json!({
        "username": username, "password": "!x", "last_login": null, "is_active": true, "is_staff": false,
        "is_superuser": false, "email": "", "groups": [], "user_permissions": [],
    });
    merge(&mut own, fields);
    json!({"model": "auth.user", "pk": pk, "fields": own})
}

/// A confidential application, and then `fields`.
fn application(client_id: &str, fields: Value) -> Value {
    let mut own = json!({
        "client_id": client_id, "client_type": "confidential", "authorization_grant_type": "authorization-code",
        "client_secret": "s3cret", "redirect_uris": "https://rp.example/cb", "name": "RP",
    });
    merge(&mut own, fields);
    json!({"model": "oauth2_provider.application", "fields": own})
}

fn record(model: &str, pk: u32, fields: Value) -> Value {
    json!({"model": model, "pk": pk, "fields": fields})
}

fn merge(into: &mut Value, fields: Value) {
    let more: Map<String, Value> = serde_json::from_value(fields).unwrap();
    into.as_object_mut().unwrap().extend(more);
}

fn read_with(records: Vec<Value>, choice: &Choice) -> Result<Site, ReadError> {
    read_dump(Value::from(records).to_string().as_bytes(), choice)
}

fn read(records: Vec<Value>) -> Site {
    read_with(records, &Choice::default()).unwrap()
}

fn plan(records: Vec<Value>) -> Plan {
    Plan::new(read(records), &Renames::default())
}

fn renamed(records: Vec<Value>, renames: &str) -> Plan {
    Plan::new(read(records), &Renames::parse(renames).unwrap())
}

fn named<'a>(site: &'a Site, username: &str) -> &'a User {
    site.users.iter().find(|user| user.username == username).unwrap()
}

/// The fields and words of what blocks.
fn blocks(plan: &Plan) -> Vec<(&str, &str)> {
    those_that(&plan.problems, Weight::blocks)
}

fn those(problems: &[Problem], weight: Weight) -> Vec<(&str, &str)> {
    those_that(problems, |is| is == weight)
}

fn those_that(problems: &[Problem], counts: impl Fn(Weight) -> bool) -> Vec<(&str, &str)> {
    let found = problems.iter().filter(|problem| counts(problem.weight));
    found.map(|problem| (problem.field.as_deref().unwrap_or_default(), problem.why.as_str())).collect()
}
