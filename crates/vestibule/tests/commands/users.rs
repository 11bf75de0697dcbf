//! `vestibule users`: what a script counts on beyond creating and changing them.

use serde_json::{Value, json};

use crate::place::Place;

fn usernames(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().filter_map(|user| user["username"].as_str()).collect()
}

#[test]
fn a_user_is_shown_with_every_field_that_scripts_count_on() {
    let place = Place::new();
    place.run(&["users", "create", "eve", "--email", "eve@example.com", "--phone", "+351 21 555 0134"]);
    let shown = place.json(&["users", "show", "eve", "--json"]);
    let members: Vec<&str> = shown.as_object().expect("an object").keys().map(String::as_str).collect();
    for member in [
        "id",
        "username",
        "email",
        "email_verified",
        "active",
        "staff",
        "superuser",
        "groups",
        "permissions",
        "attributes",
        "password_hasher",
        "claims",
        "created_at",
        "updated_at",
        "last_sign_in",
        "require_second_factor",
        "second_factor",
    ] {
        assert!(members.contains(&member), "{member}");
    }
    assert_eq!(
        (&shown["groups"], &shown["permissions"], &shown["attributes"], &shown["second_factor"]),
        (&json!([]), &json!([]), &json!({}), &json!(false))
    );
    assert_eq!(shown["phones"][0]["value"], "+351 21 555 0134");
    assert_eq!(
        shown["emails"],
        json!([{ "value": "eve@example.com", "verified": false, "primary": true, "shared": false }])
    );
}

#[test]
fn users_are_filtered_and_sorted() {
    let place = Place::new();
    place.run(&["users", "create", "eve", "--staff", "--claim", "family_name=Anchor"]);
    place.run(&["users", "create", "bob", "--email", "bob@example.com"]);
    place.run(&["users", "create", "zoe", "--superuser"]);
    place.run(&["users", "deactivate", "bob"]);
    place.run(&["groups", "create", "clerks"]);
    place.run(&["users", "add-to-group", "zoe", "clerks"]);
    for (filter, expected) in [
        (&["--inactive"][..], &["bob"][..]),
        (&["--active"], &["eve", "zoe"]),
        (&["--staff"], &["eve"]),
        (&["--superuser"], &["zoe"]),
        (&["--group", "clerks"], &["zoe"]),
        (&["--search", "anch"], &["eve"]),
        (&["--descending"], &["zoe", "eve", "bob"]),
        (&["--sort", "created_at"], &["eve", "bob", "zoe"]),
        (&["--limit", "2"], &["bob", "eve"]),
    ] {
        let found = place.json(&[&["users", "list", "--json"], filter].concat());
        assert_eq!(usernames(&found), expected, "{filter:?}");
    }
    assert!(place.fail(1, &["users", "list", "--group", "nobody"]).contains("there is no group"));
    place.fail(2, &["users", "list", "--active", "--inactive"]);
    place.fail(2, &["users", "list", "--sort", "colour"]);
}

#[test]
fn an_api_token_is_printed_once_and_revoked() {
    let place = Place::new();
    place.run(&["users", "create", "eve"]);
    let made = place.json(&[
        "users",
        "create-token",
        "eve",
        "--name",
        "ci",
        "--expires-in",
        "90d",
        "--scope",
        "vestibule.view_user",
        "--json",
    ]);
    let (token, id) = (made["token"].as_str().expect("a token"), made["id"].as_str().expect("an id"));
    assert_eq!(made["scopes"], json!(["vestibule.view_user"]));
    let listed = place.run(&["users", "tokens", "eve", "--json"]);
    assert!(listed.contains(id) && !listed.contains(token), "{listed}");
    assert!(place.run(&["users", "tokens", "eve"]).contains("ci"));
    assert_eq!(place.json(&["users", "revoke-token", "eve", id, "--json"]), json!({ "id": id, "revoked": true }));
    assert!(place.fail(1, &["users", "revoke-token", "eve", id]).contains("`vestibule users tokens eve`"));
    assert!(place.fail(1, &["users", "create-token", "eve", "--name", " "]).starts_with("--name: "));
    place.fail(2, &["users", "create-token", "eve"]);
    place.fail(2, &["users", "create-token", "eve", "--name", "ci", "--scope", "everything"]);
}

#[test]
fn an_operator_may_set_any_long_enough_password_and_hears_what_the_rules_say() {
    let place = Place::new();
    let output = place.run_with(&["users", "create", "eve", "--password-stdin", "--json"], "1234567890\n");
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.lines().count() == 2 && said.lines().all(|line| line.starts_with("note: This password")), "{said}");
    assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok(), "one JSON document all the same");
    let output = place.run_with(&["users", "set-password", "eve", "--password-stdin"], "password1234\n");
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("note: "));
    let short = place.run_with(&["users", "set-password", "eve", "--password-stdin"], "short\n");
    assert_eq!(short.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&short.stderr), "This password is too short: take at least 8 characters.\n");
}

#[test]
fn further_addresses_come_and_go_and_a_second_factor_is_required_and_reset() {
    let place = Place::new();
    place.run(&["users", "create", "eve", "--email", "eve@example.com"]);
    place.run(&["users", "add-email", "eve", "eve@example.org", "--verified"]);
    let shown = place.json(&["users", "show", "eve@example.org", "--json"]);
    assert_eq!((&shown["email"], &shown["emails"][1]["value"]), (&json!("eve@example.com"), &json!("eve@example.org")));
    place.run(&["users", "remove-email", "eve", "eve@example.org"]);
    assert!(place.fail(1, &["users", "show", "eve@example.org"]).contains("there is no user"));
    place.run(&["users", "update", "eve", "--require-second-factor"]);
    assert!(place.run(&["users", "show", "eve"]).contains("Second factor none, though required\n"));
    assert_eq!(place.json(&["users", "reset-second-factor", "eve", "--json"])["reset"], false);
    place.run(&["users", "update", "eve", "--require-second-factor=false"]);
    assert_eq!(place.json(&["users", "show", "eve", "--json"])["require_second_factor"], false);
}

#[test]
fn a_database_is_filled_with_made_up_people_who_can_sign_in_nowhere_else() {
    let place = Place::new();
    place.run(&["attributes", "define", "badge", "--kind", "text", "--unique"]);
    let seed = ["users", "seed", "--count", "300", "--groups", "20", "--json"];
    let output = place.run_with(&seed, "");
    let made: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!((&made["users"], &made["groups"]), (&json!(300), &json!(20)));
    assert!(String::from_utf8_lossy(&output.stderr).contains("300 of 300 users\n"));
    let first = place.json(&["users", "list", "--sort", "email", "--limit", "1", "--json"]);
    let (name, email) = (first[0]["username"].as_str().expect("a name"), first[0]["email"].as_str().expect("one"));
    assert!(email.contains("@people.example."), "{email}");
    let shown = place.json(&["users", "show", name, "--json"]);
    assert!(shown["password_hasher"].is_null() && shown["attributes"]["badge"].is_string(), "{shown}");
    assert!(shown["groups"].as_array().is_some_and(|groups| !groups.is_empty()), "{shown}");
    let again = place.run_with(&["users", "seed", "--count", "10", "--groups", "20", "--json"], "");
    assert_eq!(again.status.code(), Some(0), "those who are made up go on");
    assert_eq!(usernames(&place.json(&["users", "list", "--json"])).len(), 310);
    place.run(&["users", "create", "eve"]);
    let refused = place.fail(1, &["users", "seed", "--count", "10"]);
    assert_eq!(refused, "1 users here are not made up: fill another, empty database, or say --force\n");
    assert_eq!(place.run_with(&["users", "seed", "--count", "10", "--force"], "").status.code(), Some(0));
}

#[test]
fn the_same_seed_makes_up_the_same_people() {
    let named = |seed: &str| {
        let place = Place::new();
        let seed = ["users", "seed", "--count", "20", "--seed", seed, "--password-stdin"];
        assert_eq!(place.run_with(&seed, "correct horse battery\n").status.code(), Some(0));
        let users = place.json(&["users", "list", "--json"]);
        assert!(users.as_array().expect("a list").iter().all(|user| user["password_hasher"] == "argon2id"));
        usernames(&users).join(" ")
    };
    let first = named("7");
    assert_eq!(first, named("7"));
    assert_ne!(first, named("8"));
}
