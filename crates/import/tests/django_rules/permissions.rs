//! Permissions, groups and content types.

use serde_json::{Value, json};

use super::*;

fn content_type(pk: u32, app: &str, model: &str) -> Value {
    record("contenttypes.contenttype", pk, json!({"app_label": app, "model": model}))
}

fn permission(pk: u32, codename: &str, content_type: u32) -> Value {
    record("auth.permission", pk, json!({"name": "Can", "codename": codename, "content_type": content_type}))
}

#[test]
fn a_permission_is_known_by_its_app_and_codename() {
    let site = read(vec![
        user(1, "ann", json!({"user_permissions": [7], "groups": [3]})),
        record("auth.group", 3, json!({"name": "clerks", "permissions": [8]})),
        permission(7, "add_order", 2),
        permission(8, "ship", 2),
        content_type(2, "shop", "order"),
    ]);
    let ids: Vec<&str> = site.permissions.iter().map(|permission| permission.id.as_str()).collect();
    assert_eq!(ids, ["shop.add_order", "shop.ship"]);
    assert!(named(&site, "ann").permissions.contains("shop.add_order"), "in whatever order rows come");
    assert!(site.groups[0].permissions.contains("shop.ship"));
}

#[test]
fn two_permissions_that_has_perm_does_not_tell_apart_are_one() {
    let site = read(vec![
        user(1, "ann", json!({"user_permissions": [2]})),
        content_type(1, "shop", "order"),
        content_type(2, "shop", "invoice"),
        permission(1, "ship", 1),
        permission(2, "ship", 2),
    ]);
    assert_eq!(site.permissions.len(), 1);
    assert_eq!(site.permissions[0].resource_type, None);
    assert!(named(&site, "ann").permissions.contains("shop.ship"));
}

#[test]
fn without_content_types_nothing_comes_and_the_words_say_what_to_dump() {
    let plan = plan(vec![user(1, "ann", json!({})), permission(1, "ship", 1)]);
    assert!(blocks(&plan)[0].1.contains("--natural-foreign"));
}

#[test]
fn natural_keys_need_no_content_types() {
    let site = read(vec![user(1, "ann", json!({"user_permissions": [["view_order", "shop", "order"]]}))]);
    assert!(named(&site, "ann").permissions.contains("shop.view_order"));
    assert_eq!(site.permissions[0].name, "Can view order");
    assert_eq!(site.permissions[0].resource_type.as_deref(), Some("order"));
}

#[test]
fn what_is_granted_and_not_in_the_source_blocks() {
    for (field, value) in [("groups", json!([9])), ("groups", json!([["none"]])), ("user_permissions", json!([9]))] {
        let plan = plan(vec![user(1, "ann", json!({field: value}))]);
        assert_eq!(blocks(&plan)[0].0, field);
    }
}

/// Attack A69: nobody becomes an administrator here by an app of that name there.
#[test]
fn a69_permissions_of_an_app_called_vestibule_stay_behind() {
    let plan = plan(vec![
        user(1, "eve", json!({"user_permissions": [["change_user", "vestibule", "user"], ["ship", "shop", "order"]]})),
        record("auth.group", 1, json!({"name": "g", "permissions": [["delete_user", "Vestibule", "user"]]})),
    ]);
    assert_eq!(named(&plan.site, "eve").permissions.iter().collect::<Vec<_>>(), ["shop.ship"]);
    assert!(plan.site.groups[0].permissions.is_empty());
    assert_eq!(those(&plan.problems, Weight::LeftOut).len(), 2);
}
