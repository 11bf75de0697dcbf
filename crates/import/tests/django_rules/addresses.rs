//! Addresses: whose they are, and whom they lead to.

use serde_json::{Value, json};

use super::*;

fn allauth(pk: u32, user: u32, email: &str, verified: bool, primary: bool) -> Value {
    record("account.emailaddress", pk, json!({"user": user, "email": email, "verified": verified, "primary": primary}))
}

fn with_email(pk: u32, name: &str, email: &str) -> Value {
    user(pk, name, json!({"email": email}))
}

/// Who an address leads to, among those who have it.
fn leads_to(plan: &Plan, address: &str) -> Vec<String> {
    let has =
        |user: &&User| user.contacts.iter().any(|contact| contact.leads && contact.value.eq_ignore_ascii_case(address));
    plan.site.users.iter().filter(has).map(|user| user.username.clone()).collect()
}

#[test]
fn an_address_of_several_leads_to_who_has_shown_to_hold_it() {
    let plan = plan(vec![
        with_email(1, "ann", "X@example.com"),
        with_email(2, "bob", "x@example.com"),
        allauth(1, 2, "x@example.com", true, true),
    ]);
    assert_eq!(leads_to(&plan, "x@example.com"), ["bob"]);
    assert!(plan.ready, "it is told, and blocks nothing");
    assert_eq!(those(&plan.problems, Weight::Differs).len(), 1);
    assert_eq!(plan.site.users.iter().map(|user| user.contacts.len()).sum::<usize>(), 2, "both keep it");
}

#[test]
fn else_it_leads_to_the_only_active_one() {
    let inactive = user(1, "ann", json!({"email": "x@example.com", "is_active": false}));
    let plan = plan(vec![inactive, with_email(2, "bob", "x@example.com")]);
    assert_eq!(leads_to(&plan, "x@example.com"), ["bob"]);
}

/// Attack A71: an address that nobody has shown to hold identifies nobody.
#[test]
fn a71_else_it_leads_to_nobody() {
    let plan = plan(vec![with_email(1, "ann", "x@example.com"), with_email(2, "bob", "x@example.com")]);
    assert_eq!(leads_to(&plan, "x@example.com"), [""; 0]);
}

#[test]
fn what_is_no_address_stays_behind_and_its_user_comes() {
    for wrong in ["none", "a b@example.com", "eve@", "a\u{7}@example.com"] {
        let plan = plan(vec![with_email(1, "eve", wrong)]);
        assert!(plan.ready && named(&plan.site, "eve").contacts.is_empty(), "{wrong}");
        assert_eq!(those(&plan.problems, Weight::LeftOut)[0].0, "email");
    }
}

#[test]
fn an_address_that_is_there_twice_is_one_and_verified_if_either_is() {
    let plan = plan(vec![
        with_email(1, "ann", "Ann@example.com"),
        allauth(1, 1, "ann@example.com", true, false),
        allauth(2, 1, "ann@work.example", false, true),
    ]);
    let contacts = &named(&plan.site, "ann").contacts;
    let found: Vec<_> = contacts.iter().map(|one| (one.value.as_str(), one.verified, one.primary)).collect();
    assert_eq!(found, [("ann@work.example", false, true), ("Ann@example.com", true, false)]);
}

#[test]
fn a_username_that_is_an_address_becomes_one_that_leads_nowhere() {
    let plan = plan(vec![
        user(1, "ann@example.com", json!({"email": "ann@work.example"})),
        user(2, "+351 21 555 0134", json!({})),
    ]);
    assert!(plan.ready, "{plan}");
    let contacts = &named(&plan.site, "ann@example.com").contacts;
    let found: Vec<_> = contacts.iter().map(|one| (one.value.as_str(), one.leads, one.primary)).collect();
    assert_eq!(found, [("ann@work.example", true, true), ("ann@example.com", false, false)]);
    assert_eq!(named(&plan.site, "+351 21 555 0134").contacts.len(), 1);
}

#[test]
fn a_username_that_is_anothers_address_needs_a_new_one() {
    let records = vec![
        user(1, "boss@example.com", json!({"email": "eve@example.com"})),
        with_email(2, "boss", "boss@example.com"),
    ];
    let stopped = plan(records.clone());
    assert_eq!(blocks(&stopped)[0].0, "username");
    assert_eq!(leads_to(&stopped, "boss@example.com"), ["boss"]);
    assert!(renamed(records, "boss@example.com\teve").ready);
}

#[test]
fn a_username_that_another_has_verified_as_address_needs_a_new_one() {
    let plan = plan(vec![
        with_email(1, "boss@example.com", "boss@example.com"),
        with_email(2, "boss", "boss@example.com"),
        allauth(1, 2, "boss@example.com", true, true),
    ]);
    assert_eq!(blocks(&plan).len(), 1);
}

#[test]
fn a_username_with_an_at_that_is_no_address_needs_a_new_one() {
    for wrong in ["@bob", "bob@", "a@b@c"] {
        assert_eq!(blocks(&plan(vec![user(1, wrong, json!({}))]))[0].0, "username", "{wrong}");
    }
}

#[test]
fn an_account_elsewhere_is_one_persons() {
    let account = |pk: u32, user: u32| {
        record(
            "socialaccount.socialaccount",
            pk,
            json!({"user": user, "provider": "github", "uid": "1", "extra_data": "{\"a\": 1}"}),
        )
    };
    let plan = plan(vec![user(1, "ann", json!({})), user(2, "bob", json!({})), account(1, 1), account(2, 2)]);
    assert_eq!(
        named(&plan.site, "ann").social_accounts[0].details,
        json!({"a": 1}),
        "JSON in a text, as it was once kept"
    );
    assert!(named(&plan.site, "bob").social_accounts.is_empty());
}
