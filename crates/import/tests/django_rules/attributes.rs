//! What fields of a custom user model become.

use serde_json::{Value, json};
use vestibule_import::django::AttributeKind;

use super::*;

/// The kind and the values of a field that has these in a row of users.
fn attribute(values: &[Value]) -> (AttributeKind, Vec<Option<Value>>) {
    let records = (0..).zip(values).map(|(pk, value)| user(pk, &format!("user{pk}"), json!({"field": value})));
    let site = read(records.collect());
    let values = (0..values.len()).map(|pk| named(&site, &format!("user{pk}")).attributes.get("field").cloned());
    (site.attributes[0].kind, values.collect())
}

#[test]
fn a_kind_is_what_all_values_have_in_common() {
    for (values, kind) in [
        (vec![json!(true), json!(null)], AttributeKind::Boolean),
        (vec![json!(1), json!(2.5)], AttributeKind::Number),
        (vec![json!("1987-04-03"), json!("")], AttributeKind::Date),
        (vec![json!(["a", 1]), json!([])], AttributeKind::List),
        (vec![json!("[\"a\"]"), json!("[]")], AttributeKind::List),
        (vec![json!("1987-04-03"), json!("soon")], AttributeKind::Text),
        (vec![json!(1), json!(true)], AttributeKind::Text),
        (vec![json!({"a": 1})], AttributeKind::Text),
        (vec![json!(u64::MAX)], AttributeKind::Text),
        (vec![json!(null)], AttributeKind::Text),
    ] {
        assert_eq!(attribute(&values).0, kind, "{values:?}");
    }
}

#[test]
fn what_is_empty_is_absent() {
    for empty in [json!(null), json!(""), json!(" "), json!([]), json!({})] {
        assert_eq!(attribute(std::slice::from_ref(&empty)).1, [None], "{empty}");
    }
    assert_eq!(attribute(&[json!(false)]).1, [Some(json!(false))]);
    assert_eq!(attribute(&[json!(0)]).1, [Some(json!(0))]);
}

#[test]
fn values_are_written_in_one_way() {
    assert_eq!(attribute(&[json!("2024-02-29 23:59:58.123456+01:00")]).1, [Some(json!("2024-02-29T22:59:58.123Z"))]);
    assert_eq!(attribute(&[json!("[\"a\", 1]")]).1, [Some(json!(["a", "1"]))]);
    assert_eq!(attribute(&[json!({"b": 1, "a": 2})]).1, [Some(json!("{\"a\":2,\"b\":1}"))]);
    assert_eq!(attribute(&[json!([[1], 2])]).1, [Some(json!("[[1],2]"))]);
}

#[test]
fn what_no_attribute_can_hold_stays_behind() {
    for (value, words) in [
        (json!("x".repeat(4097)), "4096"),
        (json!("a\u{0}b"), "control"),
        (json!(vec!["x"; 101]), "100"),
        (json!(["x".repeat(1025)]), "1024"),
        (json!([" "]), "empty"),
    ] {
        let site = read(vec![user(1, "ann", json!({"field": value}))]);
        assert!(site.users[0].attributes.is_empty());
        assert!(those(&site.problems, Weight::LeftOut)[0].1.contains(words), "{:?}", site.problems);
    }
}

#[test]
fn names_are_small_letters_and_one_is_taken_once() {
    let site = read(vec![user(1, "ann", json!({"phoneNumber": "1", "phonenumber": "2", "_größe": "3", "日": "4"}))]);
    let names: Vec<&str> = site.attributes.iter().map(|attribute| attribute.name.as_str()).collect();
    assert_eq!(names, ["gr__e", "phonenumber"]);
    assert_eq!(those(&site.problems, Weight::LeftOut).len(), 2);
}
