//! `vestibule import django`: what a script counts on. Sites that Django itself has built: `tests/import` of the whole.

use std::process::Output;

use serde_json::{Value, json};

use crate::place::Place;

fn user(pk: u32, username: &str, fields: Value) -> Value {
    let mut own = json!({
        "username": username, "password": "!x", "last_login": null, "is_active": true, "is_staff": false,
        "is_superuser": false, "email": "", "groups": [], "user_permissions": [],
    });
    own.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
    json!({ "model": "auth.user", "pk": pk, "fields": own })
}

/// A place with a dump in `site.json`.
fn place(records: &[Value]) -> Place {
    let place = Place::new();
    std::fs::write(place.path().join("site.json"), json!(records).to_string()).expect("written");
    place
}

fn import(place: &Place, more: &[&str]) -> Output {
    place.run_with(&[&["import", "django"], more].concat(), "")
}

/// The report, with the code that the command ended with and the last line of what it said.
fn report(place: &Place, more: &[&str]) -> (Value, Option<i32>, String) {
    let output = import(place, &[&["site.json", "--json"], more].concat());
    let said = String::from_utf8(output.stderr).expect("UTF-8");
    let report = serde_json::from_slice(&output.stdout).expect("exactly one JSON document");
    (report, output.status.code(), said.lines().last().unwrap_or_default().to_owned())
}

fn usernames(place: &Place) -> Value {
    let users = place.json(&["users", "list", "--json"]);
    users.as_array().expect("a list").iter().map(|user| user["username"].clone()).collect()
}

#[test]
fn a_site_comes_is_shown_and_comes_once() {
    let place = place(&[
        json!({ "model": "contenttypes.contenttype", "pk": 1, "fields": { "app_label": "shop", "model": "order" } }),
        json!({ "model": "auth.permission", "pk": 1, "fields":
            { "name": "Can view order", "content_type": 1, "codename": "view_order" } }),
        json!({ "model": "auth.group", "pk": 1, "fields": { "name": "Clerks", "permissions": [1] } }),
        user(1, "eve", json!({ "groups": [1], "badge": "E-1" })),
    ]);
    let (told, code, _) = report(&place, &["--dry-run"]);
    assert_eq!((code, &told["ready"], &told["written"]), (Some(0), &json!(true), &json!(false)));
    assert_eq!(usernames(&place), json!([]));
    let (told, code, _) = report(&place, &[]);
    assert_eq!((code, &told["written"]), (Some(0), &json!(true)));
    let eve = place.json(&["users", "show", "eve", "--json"]);
    assert_eq!((&eve["groups"], &eve["permissions"]), (&json!(["Clerks"]), &json!(["shop.view_order"])));
    assert_eq!(eve["attributes"], json!({ "badge": "E-1" }));
    let (told, code, _) = report(&place, &[]);
    assert_eq!((code, &told["written"], &told["outcome"]["new"]), (Some(0), &json!(false), &json!([])));
    assert_eq!(place.json(&["audit", "list", "--kind", "imported", "--json"])[0]["details"]["counts"]["users"], 1);
    let again = String::from_utf8(import(&place, &["site.json"]).stdout).expect("UTF-8");
    assert!(again.contains("Nothing is new.\n") && again.contains("Came before"), "{again}");
}

#[test]
fn names_that_collide_are_listed_and_settled_by_a_file() {
    let place = place(&[user(1, "Bob", json!({})), user(2, "bob", json!({})), user(3, "eve", json!({}))]);
    let (told, code, _) = report(&place, &["--dry-run"]);
    assert_eq!((code, &told["ready"]), (Some(0), &json!(false)));
    assert_eq!(told["plan"]["collisions"], json!([{ "kind": "user", "names": ["Bob", "bob"] }]));
    let text = String::from_utf8(import(&place, &["site.json", "--dry-run"]).stdout).expect("UTF-8");
    assert!(text.contains("auth.user 1 (Bob), username: Bob and bob are one name here"), "{text}");
    let (_, code, said) = report(&place, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(said, "nothing was changed: 2 names must be chosen with --rename FILE; the report tells which");
    assert_eq!(usernames(&place), json!([]));
    std::fs::write(place.path().join("names.json"), r#"{"users": {"Bob": "bob.miller"}}"#).expect("written");
    let (told, code, _) = report(&place, &["--rename", "names.json"]);
    assert_eq!((code, &told["written"]), (Some(0), &json!(true)));
    assert_eq!(usernames(&place), json!(["bob", "bob.miller", "eve"]));
    std::fs::write(place.path().join("names.txt"), "Bob\n").expect("written");
    let wrong = import(&place, &["site.json", "--rename", "names.txt"]);
    assert!(String::from_utf8_lossy(&wrong.stderr).starts_with("--rename: names.txt: line 1: "));
}

#[test]
fn a_broken_source_ends_with_1_and_changes_nothing() {
    let place = place(&[user(1, "eve", json!({ "groups": [7] })), user(2, "bob", json!({}))]);
    for more in [&[][..], &["--dry-run"]] {
        let (told, code, said) = report(&place, more);
        assert_eq!((code, &told["ready"]), (Some(1), &json!(false)));
        assert!(said.starts_with("nothing was changed: 1 problems of the source"), "{said}");
    }
    std::fs::write(place.path().join("cut.json"), "[{\"model\": \"auth.user\"").expect("written");
    for source in
        [&["cut.json"][..], &["nowhere.json"], &["--database", "sqlite://nowhere.db"], &["--database", "x://y"]]
    {
        let output = import(&place, source);
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(1), true), "{source:?}");
    }
    assert_eq!(usernames(&place), json!([]));
    for wrong in [&[][..], &["site.json", "--database", "sqlite://x.db"]] {
        assert_eq!(import(&place, wrong).status.code(), Some(2));
    }
}
