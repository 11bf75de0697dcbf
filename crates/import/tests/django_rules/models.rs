//! Which model holds the users, and which of its fields is what.

use serde_json::{Value, json};

use super::*;

fn account(model: &str, fields: Value) -> Value {
    json!({"model": model, "pk": 1, "fields": fields})
}

fn plain(model: &str) -> Value {
    account(model, json!({"email": "ann@example.com", "password": "", "last_login": null, "is_active": true}))
}

#[test]
fn any_model_that_looks_like_users_is_the_user_model() {
    let site = read(vec![plain("shop.Customer")]);
    assert_eq!(site.user_model, "shop.customer");
    assert_eq!(site.users[0].username, "ann@example.com", "without usernames, people go by their addresses");
}

#[test]
fn where_two_look_like_it_somebody_must_say() {
    let records = vec![plain("shop.customer"), plain("crm.agent")];
    let error = read_with(records.clone(), &Choice::default()).unwrap_err();
    assert!(error.to_string().contains("crm.agent and shop.customer") && error.to_string().contains("--user-model"));
    let choice = Choice { user_model: Some("crm.Agent".into()), ..Choice::default() };
    assert_eq!(read_with(records, &choice).unwrap().user_model, "crm.agent");
}

#[test]
fn a_named_model_need_not_look_like_users() {
    let records = vec![account("crm.agent", json!({"login": "ann", "password": ""}))];
    let choice =
        Choice { user_model: Some("crm.Agent".into()), username_field: Some("login".into()), ..Choice::default() };
    assert_eq!(read_with(records, &choice).unwrap().users[0].username, "ann");
    let wrong = Choice { user_model: Some("crm.Boss".into()), ..Choice::default() };
    let error = read_with(vec![plain("crm.agent")], &wrong).unwrap_err();
    assert!(error.to_string().contains("what looks like one: crm.agent"));
}

#[test]
fn a_site_without_users_is_refused() {
    assert!(matches!(read_with(vec![], &Choice::default()), Err(ReadError::NoUsers)));
}

#[test]
fn the_field_for_the_address_can_be_named() {
    let choice = Choice { email_field: Some("mail".into()), ..Choice::default() };
    let site = read_with(vec![user(1, "ann", json!({"mail": "ann@example.com"}))], &choice).unwrap();
    assert_eq!(site.users[0].contacts[0].value, "ann@example.com");
}

/// Attack A69: what the source does not say plainly lets nobody in.
#[test]
fn a69_whoever_is_not_said_to_be_active_is_not() {
    let site = read(vec![user(1, "ann", json!({"is_active": null}))]);
    assert!(!site.users[0].active);
    let stopped = plan(vec![user(1, "ann", json!({"is_active": "maybe", "is_superuser": "no"}))]);
    assert_eq!(blocks(&stopped).len(), 2);
    assert!(!stopped.site.users[0].active && !stopped.site.users[0].superuser);
}

#[test]
fn a_model_that_does_not_say_who_is_active_is_told_of() {
    let site = read(vec![account("crm.agent", json!({"email": "a@b.example", "password": "", "last_login": null}))]);
    assert!(site.users[0].active);
    assert_eq!(those(&site.problems, Weight::Differs)[0].0, "is_active");
    let own = json!({"email": "a@b.example", "password": "", "last_login": null, "active": false});
    assert!(!read(vec![account("crm.agent", own)]).users[0].active, "a field of another name is understood");
}

#[test]
fn natural_keys_find_users_by_name_or_by_the_address_they_sign_in_with() {
    for key in ["ann", "ann@example.com"] {
        let site = read(vec![
            user(1, "ann", json!({"email": "ann@example.com"})),
            record(
                "account.emailaddress",
                1,
                json!({"user": [key], "email": "ann@work.example", "verified": true, "primary": false}),
            ),
        ]);
        assert_eq!(site.users[0].contacts.len(), 2, "{key}");
    }
}
