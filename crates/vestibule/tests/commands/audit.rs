//! `vestibule audit`: what the commands leave behind.

use serde_json::{Value, json};

use crate::place::Place;

fn kinds(records: &Value) -> Vec<&str> {
    records.as_array().expect("a list").iter().filter_map(|record| record["kind"].as_str()).collect()
}

#[test]
fn each_command_that_changes_something_is_on_record_and_no_secret_is() {
    let place = Place::new();
    let output = place.run_with(&["users", "create", "eve", "--password-stdin"], "correct horse battery\n");
    place.reported(&output);
    place.run(&["groups", "create", "clerks"]);
    place.run(&["users", "add-to-group", "eve", "clerks"]);
    place.run(&["permissions", "create", "shop.view_order"]);
    place.run(&["permissions", "grant", "shop.view_order", "--group", "clerks", "--on", "order:17"]);
    place.run(&["attributes", "define", "department", "--kind", "text"]);
    place.run(&["users", "update", "eve", "--attribute", "department=sales", "--staff"]);
    let token = place.json(&["users", "create-token", "eve", "--name", "ci", "--json"]);
    place.run(&["users", "deactivate", "eve"]);
    let records = place.json(&["audit", "list", "--json"]);
    let mut in_order = kinds(&records);
    in_order.reverse();
    let expected = [
        "created",
        "created",
        "member_added",
        "created",
        "granted",
        "created",
        "updated",
        "api_token_created",
        "deactivated",
    ];
    assert_eq!(in_order, expected);
    assert!(records.as_array().expect("a list").iter().all(|record| record["actor"]["type"] == "command"));
    let granted = &records[4];
    assert_eq!(granted["details"], json!({ "permission": "shop.view_order", "on": "order:17", "group": "clerks" }));
    assert_eq!(records[2]["details"]["changed"], json!(["staff", "department"]));
    let text = records.to_string();
    assert!(!text.contains("correct horse") && !text.contains("sales"), "{text}");
    assert!(!text.contains(token["token"].as_str().expect("a token")), "{text}");
}

#[test]
fn records_are_found_by_kind_user_and_time_and_exported_oldest_first() {
    let place = Place::new();
    place.run(&["users", "create", "eve"]);
    place.run(&["users", "create", "bob"]);
    place.run(&["users", "deactivate", "bob"]);
    assert_eq!(kinds(&place.json(&["audit", "list", "--user", "bob", "--json"])), ["deactivated", "created"]);
    assert_eq!(kinds(&place.json(&["audit", "list", "--kind", "created", "--limit", "1", "--json"])), ["created"]);
    assert_eq!(kinds(&place.json(&["audit", "list", "--object", "user", "--since", "1h", "--json"])).len(), 3);
    assert_eq!(place.json(&["audit", "list", "--until", "2020-01-01", "--json"]), json!([]));
    let lines = place.run(&["audit", "export"]);
    let exported: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(kinds(&json!(exported)), ["created", "created", "deactivated"]);
    assert_eq!(place.run(&["audit", "list"]).lines().count(), 4);
    assert!(place.fail(1, &["audit", "list", "--since", "noon"]).starts_with("--since: \"noon\" is no moment"));
    assert!(place.fail(2, &["audit", "list", "--kind", "made"]).contains("signed_in, "));
    place.fail(2, &["audit", "list", "--limit", "0"]);
}
