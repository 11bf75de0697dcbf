//! `vestibule groups`, and who is in them.

use serde_json::json;

use crate::place::Place;

#[test]
fn a_group_is_made_shown_changed_and_deleted() {
    let place = Place::new();
    let made = place.json(&["groups", "create", "Clerks", "--description", "At the counter", "--json"]);
    assert_eq!((&made["name"], &made["require_second_factor"]), (&json!("Clerks"), &json!(false)));
    place.run(&["users", "create", "eve"]);
    let joined = place.json(&["users", "add-to-group", "eve", "clerks", "--json"]);
    assert_eq!(joined, json!({ "username": "eve", "group": "Clerks", "added": true }));
    assert_eq!(place.json(&["users", "add-to-group", "eve", "clerks", "--json"])["added"], false);
    let shown = place.json(&["groups", "show", "CLERKS", "--json"]);
    assert_eq!((&shown["id"], &shown["members"], &shown["groups"]), (&made["id"], &json!(["eve"]), &json!([])));
    place.run(&["groups", "update", "clerks", "--name", "Cashiers", "--require-second-factor"]);
    let id = made["id"].as_str().expect("an id");
    let listed = place.json(&["groups", "list", "--search", "cash", "--json"]);
    assert_eq!((&listed[0]["id"], &listed[0]["require_second_factor"]), (&json!(id), &json!(true)));
    assert_eq!(place.json(&["users", "show", "eve", "--json"])["groups"], json!(["Cashiers"]));
    assert_eq!(place.json(&["users", "remove-from-group", "eve", id, "--json"])["removed"], true);
    assert_eq!(place.json(&["groups", "delete", id, "--json"])["deleted"], true);
    assert_eq!(place.run(&["groups", "list"]).lines().count(), 1);
}

#[test]
fn what_a_group_holds_is_held_by_those_within_it() {
    let place = Place::new();
    for group in ["staff", "clerks"] {
        place.run(&["groups", "create", group]);
    }
    place.run(&["permissions", "create", "shop.view_order"]);
    place.run(&["users", "create", "eve"]);
    place.run(&["users", "add-to-group", "eve", "clerks"]);
    assert_eq!(place.json(&["groups", "add-group", "staff", "clerks", "--json"])["added"], true);
    assert_eq!(place.json(&["groups", "grant", "staff", "shop.view_order", "--json"])["granted"], true);
    assert_eq!(place.json(&["users", "show", "eve", "--json"])["permissions"], json!(["shop.view_order"]));
    let clerks = place.json(&["groups", "show", "clerks", "--json"]);
    assert_eq!((&clerks["member_of"], &clerks["granted"]), (&json!(["staff"]), &json!([])));
    assert_eq!(clerks["permissions"], json!(["shop.view_order"]));
    let said = place.fail(1, &["groups", "add-group", "clerks", "staff"]);
    assert_eq!(said, "the group staff cannot be put into clerks, which is itself in it or is the same\n");
    assert_eq!(place.json(&["groups", "remove-group", "staff", "clerks", "--json"])["removed"], true);
    assert_eq!(place.json(&["users", "show", "eve", "--json"])["permissions"], json!([]));
    assert_eq!(place.json(&["groups", "revoke", "staff", "shop.view_order", "--json"])["revoked"], true);
    assert_eq!(place.json(&["groups", "revoke", "staff", "shop.view_order", "--json"])["revoked"], false);
}

#[test]
fn a_group_that_cannot_be_is_refused_in_words() {
    let place = Place::new();
    place.run(&["groups", "create", "clerks"]);
    for (arguments, why) in [
        (&["groups", "create", "CLERKS"][..], "there is a group named \"CLERKS\" already"),
        (&["groups", "create", " "], "name: it is empty"),
        (&["groups", "show", "nobody"], "there is no group \"nobody\"; `vestibule groups list`"),
        (&["groups", "grant", "clerks", "shop.view"], "there is no permission shop.view; `vestibule permissions list`"),
        (&["users", "add-to-group", "nobody", "clerks"], "there is no user \"nobody\""),
    ] {
        let said = place.fail(1, arguments);
        assert!(said.starts_with(why) && said.lines().count() == 1, "{said}");
    }
    for wrong in [&["groups", "update", "clerks"][..], &["groups", "grant", "clerks", "shop"], &["groups"]] {
        place.fail(2, wrong);
    }
}
