//! `vestibule permissions`.

use serde_json::{Value, json};

use crate::place::Place;

/// A place with eve in the clerks, who are in the staff, and three permissions.
fn shop() -> Place {
    let place = Place::new();
    place.run(&["users", "create", "eve"]);
    place.run(&["groups", "create", "staff"]);
    place.run(&["groups", "create", "clerks"]);
    place.run(&["groups", "add-group", "staff", "clerks"]);
    place.run(&["users", "add-to-group", "eve", "clerks"]);
    place.run(&["permissions", "register", "shop", "close", "--name", "Can close the shop"]);
    place.run(&["permissions", "register-type", "shop", "order"]);
    place
}

fn allowed(place: &Place, arguments: &[&str]) -> Value {
    place.json(&[&["permissions", "check"], arguments, &["--json"]].concat())["allowed"].clone()
}

#[test]
fn permissions_are_registered_one_by_one_or_by_type_and_deleted() {
    let place = shop();
    let listed = place.json(&["permissions", "list", "--app", "shop", "--json"]);
    let names: Vec<_> = listed.as_array().expect("a list").iter().map(|one| one["permission"].clone()).collect();
    assert_eq!(names, ["shop.add_order", "shop.change_order", "shop.close", "shop.delete_order", "shop.view_order"]);
    assert_eq!(listed[2]["name"], "Can close the shop");
    assert_eq!((&listed[4]["resource_type"], &listed[4]["codename"]), (&json!("order"), &json!("view_order")));
    let again = place.json(&["permissions", "create", "shop.close", "--name", "Close", "--json"]);
    assert_eq!((&again["name"], &again["app"]), (&json!("Close"), &json!("shop")));
    assert_eq!(place.json(&["permissions", "delete", "shop.close", "--json"])["deleted"], true);
    assert!(place.fail(1, &["permissions", "delete", "shop.close"]).starts_with("there is no permission shop.close"));
    let own = place.json(&["permissions", "list", "--app", "vestibule", "--json"]);
    assert_eq!(own.as_array().map(Vec::len), Some(36), "those of the administration are there before any server ran");
    assert!(place.fail(1, &["permissions", "create", "vestibule.x"]).contains("can be granted, but none can be added"));
}

#[test]
fn a_permission_is_given_to_a_user_in_each_way_to_say_so() {
    let place = shop();
    for given in [
        &["grant", "eve", "shop.view_order"][..],
        &["grant", "shop.view_order", "--user", "eve"],
        &["grant", "shop.view_order", "--group", "staff"],
    ] {
        let report = place.json(&[&["permissions"], given, &["--json"]].concat());
        assert_eq!((&report["permission"], &report["on"]), (&json!("shop.view_order"), &Value::Null), "{given:?}");
        assert_eq!(allowed(&place, &["eve", "shop.view_order"]), true, "{given:?}");
        place.run(&[&["permissions", "revoke"], &given[1..]].concat());
    }
    assert_eq!(allowed(&place, &["eve", "shop.view_order"]), false);
    for wrong in [
        &["grant", "shop.view_order"][..],
        &["grant", "shop.view_order", "--user", "eve", "--group", "staff"],
        &["grant", "eve", "shop.view_order", "--group", "staff"],
        &["grant", "eve", "shop.view_order", "--on", "order"],
    ] {
        place.fail(2, &[&["permissions"], wrong].concat());
    }
    assert!(place.fail(1, &["permissions", "grant", "eve", "shop"]).starts_with("permission: it has no dot"));
}

#[test]
fn a_permission_on_one_object_is_held_there_alone() {
    let place = shop();
    place.run(&["permissions", "grant", "eve", "shop.view_order", "--on", "order:17"]);
    assert_eq!(allowed(&place, &["eve", "shop.view_order", "--on", "order:17"]), true);
    assert_eq!(allowed(&place, &["eve", "shop.view_order", "--on", "order:18"]), false);
    assert_eq!(allowed(&place, &["eve", "shop.view_order"]), false);
    assert_eq!(place.json(&["users", "show", "eve", "--json"])["permissions"], json!([]));
    assert_eq!(place.run(&["permissions", "check", "eve", "shop.view_order"]), "no\n");
}

#[test]
fn it_is_told_who_has_a_permission_and_why() {
    let place = shop();
    place.run(&["users", "create", "root", "--superuser"]);
    place.run(&["permissions", "grant", "shop.close", "--group", "staff"]);
    let who = place.json(&["permissions", "who", "shop.close", "--json"]);
    let mut names: Vec<_> = who.as_array().expect("a list").iter().map(|one| one["username"].to_string()).collect();
    names.sort();
    assert_eq!(names, ["\"eve\"", "\"root\""]);
    let why = place.json(&["permissions", "why", "eve", "shop.close", "--json"]);
    assert_eq!(why["reasons"], json!([{ "reason": "groups", "path": ["clerks", "staff"], "on": null }]));
    assert_eq!(place.run(&["permissions", "why", "root", "shop.close"]), "as a superuser\n");
    assert_eq!(place.run(&["permissions", "why", "eve", "shop.close"]), "by the groups clerks > staff\n");
    assert_eq!(place.run(&["permissions", "why", "eve", "shop.view_order"]), "eve does not have shop.view_order.\n");
    place.run(&["users", "deactivate", "eve"]);
    assert_eq!(place.json(&["permissions", "why", "eve", "shop.close", "--json"])["allowed"], false);
    assert!(place.fail(1, &["permissions", "who", "shop.nothing"]).starts_with("there is no permission shop.nothing"));
}

#[test]
fn a_superuser_has_what_applications_registered_and_of_ours_what_was_given() {
    let place = shop();
    place.run(&["users", "create", "root", "--superuser"]);
    let of_shop = json!(["shop.add_order", "shop.change_order", "shop.close", "shop.delete_order", "shop.view_order"]);
    let permissions = || place.json(&["users", "show", "root", "--json"])["permissions"].clone();
    assert_eq!(permissions(), of_shop);
    place.run(&["permissions", "grant", "root", "vestibule.view_user"]);
    place.run(&["groups", "grant", "staff", "vestibule.view_group"]);
    place.run(&["users", "add-to-group", "root", "clerks"]);
    let own = ["vestibule.view_group", "vestibule.view_user"].map(Value::from);
    let all: Vec<_> = of_shop.as_array().expect("a list").iter().cloned().chain(own).collect();
    assert_eq!(permissions(), json!(all));
    place.run(&["users", "deactivate", "root"]);
    assert_eq!(permissions(), json!([]), "whoever is not active may do nothing");
}
