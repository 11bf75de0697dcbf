//! Names that are one name here, and what settles them.

use serde_json::{Value, json};

use super::*;

fn bobs() -> Vec<Value> {
    vec![
        record("auth.group", 1, json!({"name": "Staff", "permissions": []})),
        record("auth.group", 2, json!({"name": "ｓｔａｆｆ", "permissions": []})),
        user(1, "Bob", json!({"groups": [1]})),
        user(2, "bob", json!({"groups": [2]})),
        user(3, "eve", json!({})),
        application("rp", json!({"user": 1})),
    ]
}

/// Attack A61.
#[test]
fn a61_names_that_look_alike_are_listed_and_block() {
    let plan = plan(bobs());
    assert!(!plan.ready);
    let names: Vec<(&str, Vec<&str>)> = plan
        .collisions
        .iter()
        .map(|collision| (collision.kind, collision.names.iter().map(String::as_str).collect()))
        .collect();
    assert_eq!(names, [("user", vec!["Bob", "bob"]), ("group", vec!["Staff", "ｓｔａｆｆ"])]);
    assert_eq!(blocks(&plan).len(), 4, "each row is told of");
}

#[test]
fn new_names_settle_them_and_follow_to_whatever_names_them() {
    let plan = renamed(bobs(), "Bob\tbob.miller\ngroup\tStaff\temployees");
    assert!(plan.ready, "{plan}");
    assert!(named(&plan.site, "bob.miller").groups.contains("employees"));
    assert!(named(&plan.site, "bob").groups.contains("ｓｔａｆｆ"));
    assert_eq!(plan.site.applications[0].owner.as_deref(), Some("bob.miller"));
}

#[test]
fn a_new_name_must_be_free_too() {
    assert!(!renamed(bobs(), "Bob\tEVE\ngroup\tStaff\temployees").ready);
}

#[test]
fn a_new_name_for_nobody_is_a_mistake() {
    let plan = renamed(vec![user(1, "bob", json!({}))], "Bob\tb");
    assert!(blocks(&plan)[0].1.contains("`Bob`, which nobody has"));
}

#[test]
fn two_of_the_very_same_name_are_told_apart_by_their_keys() {
    let twice = vec![user(1, "bob", json!({})), user(2, "bob", json!({}))];
    assert!(!plan(twice.clone()).ready);
    assert!(renamed(twice, "#2\tbob2").ready);
}

#[test]
fn a_name_that_can_be_none_here_needs_a_new_one() {
    for strange in ["a\u{7}b", "eve\u{202e}nimda", "\u{200b}", &"x".repeat(255)] {
        let plan = plan(vec![user(1, strange, json!({}))]);
        assert_eq!(blocks(&plan)[0].0, "username", "{strange:?}");
    }
    assert!(renamed(vec![user(1, "a\u{7}b", json!({}))], r##"{"#1": "ab"}"##).ready);
}

#[test]
fn names_of_people_that_no_claim_can_carry_stay_behind() {
    let plan = plan(vec![user(1, "bob", json!({"first_name": "B\u{0}ob", "last_name": "x".repeat(256)}))]);
    let bob = named(&plan.site, "bob");
    assert_eq!((&bob.given_name, &bob.family_name, &bob.name), (&None, &None, &None));
    assert!(plan.ready && those(&plan.problems, Weight::LeftOut).len() == 3);
}
