//! `vestibule attributes`, and people's values.

use serde_json::{Value, json};

use crate::place::Place;

fn attributes_of(place: &Place, user: &str) -> Value {
    place.json(&["users", "show", user, "--json"])["attributes"].clone()
}

#[test]
fn an_attribute_is_declared_given_changed_and_deleted() {
    let place = Place::new();
    let define = ["attributes", "define", "department", "--kind", "choice", "--choice", "sales", "--choice", "stores"];
    let more = ["--label", "Department", "--claim", "department", "--visible-to", "user", "--json"];
    let declared = place.json(&[&define[..], &more].concat());
    assert_eq!((&declared["name"], &declared["kind"]), (&json!("department"), &json!("choice")));
    assert_eq!((&declared["scope"], &declared["visible_to"]), (&json!("department"), &json!("user")));
    place.run(&["users", "create", "eve", "--attribute", "department=sales"]);
    assert_eq!(attributes_of(&place, "eve"), json!({ "department": "sales" }));
    let said = place.fail(1, &["attributes", "change", "department", "--choice", "stores"]);
    assert!(said.starts_with("1 users have values that would not fit, such as eve"), "{said}");
    place.run(&["users", "update", "eve", "--attribute", "department="]);
    assert_eq!(attributes_of(&place, "eve"), json!({}));
    let changed = place.json(&["attributes", "change", "department", "--choice", "stores", "--claim", "", "--json"]);
    assert_eq!((&changed["choices"], changed.get("claim"), changed.get("scope")), (&json!(["stores"]), None, None));
    assert_eq!(place.json(&["attributes", "show", "department", "--json"])["label"], "Department");
    assert_eq!(place.json(&["attributes", "list", "--json"]).as_array().map(Vec::len), Some(1));
    assert!(place.run(&["attributes", "list"]).contains("department  choice"));
    assert_eq!(place.json(&["attributes", "delete", "department", "--json"])["deleted"], true);
    assert!(place.fail(1, &["attributes", "show", "department"]).contains("`vestibule attributes list`"));
}

#[test]
fn values_are_read_by_their_kind_and_found_again() {
    let place = Place::new();
    for (name, kind) in [("desk", "number"), ("remote", "boolean"), ("languages", "list"), ("since", "date")] {
        place.run(&["attributes", "define", name, "--kind", kind]);
    }
    let values = ["--attribute=desk=17", "--attribute=remote=true", "--attribute=since=2026-11-23"];
    let list = [r#"--attribute=languages=["de", "fr"]"#];
    place.run(&[&["users", "create", "eve"], &values[..], &list].concat());
    place.run(&["users", "create", "bob", "--attribute", "desk=18"]);
    let expected = json!({ "desk": 17, "remote": true, "since": "2026-11-23", "languages": ["de", "fr"] });
    assert_eq!(attributes_of(&place, "eve"), expected);
    let found = place.json(&["users", "list", "--attribute", "desk=17", "--json"]);
    assert_eq!((found.as_array().map(Vec::len), &found[0]["username"]), (Some(1), &json!("eve")));
    for (typed, why) in [
        ("desk=front", "--attribute: desk is a number"),
        ("colour=red", "--attribute: no attribute \"colour\" is declared"),
        ("since=yesterday", "the attribute `since`"),
    ] {
        let said = place.fail(1, &["users", "update", "eve", "--attribute", typed]);
        assert!(said.starts_with(why) && said.lines().count() == 1, "{said}");
    }
}

#[test]
fn a_declaration_that_cannot_be_is_refused_and_the_argument_named() {
    let place = Place::new();
    place.run(&["attributes", "define", "badge", "--kind", "text", "--unique", "--required=false"]);
    place.run(&["users", "create", "eve", "--attribute", "badge=A1"]);
    let said = place.fail(1, &["users", "create", "bob", "--attribute", "badge=a1"]);
    assert_eq!(said, "the attribute `badge` is taken: another user has the same value\n");
    for (arguments, why) in [
        (&["define", "badge", "--kind", "text"][..], "the attribute `badge` is declared already"),
        (&["define", "Badge", "--kind", "text"], "name: it begins with a small letter"),
        (&["define", "x", "--kind", "choice"], "--choice: "),
        (&["define", "x", "--kind", "number", "--pattern", "."], "--pattern: "),
        (&["define", "x", "--kind", "text", "--claim", "sub"], "--claim: "),
        (&["define", "x", "--kind", "text", "--editable-by", "user"], "--editable-by: "),
        (&["change", "badge"], "nothing is different"),
        (&["delete", "x"], "there is no attribute `x`"),
    ] {
        let said = place.fail(1, &[&["attributes"], arguments].concat());
        assert!(said.starts_with(why) && said.lines().count() == 1, "{said}");
    }
    place.fail(2, &["attributes", "define", "x"]);
    place.fail(2, &["attributes", "define", "x", "--kind", "colour"]);
}
