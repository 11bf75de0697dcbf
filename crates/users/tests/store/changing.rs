//! Changing and deleting.

use std::sync::Arc;

use vestibule_core::{Random, UserId};
use vestibule_users::{ChangeError, Changes, StandardClaims};

use super::{A_WHILE, PASSWORD, fifty};
use crate::open;

#[tokio::test]
async fn a_change_touches_what_it_names_and_moves_updated_at() {
    let site = open().await;
    let before = site.users.create(site.person("eve")).await.unwrap();
    site.clock.advance(A_WHILE);
    let claims = StandardClaims { nickname: Some("Evie".into()), ..StandardClaims::default() };
    let changes = Changes { staff: Some(true), claims: Some(claims.clone()), ..Changes::default() };
    let after = site.users.update(before.id, changes).await.unwrap();
    assert!(after.updated_at.since(before.updated_at) >= A_WHILE);
    assert_eq!(site.users.get(before.id).await.unwrap().as_ref(), Some(&after));
    let mut expected = before;
    (expected.staff, expected.claims, expected.updated_at) = (true, claims, after.updated_at);
    assert_eq!(after, expected);
    assert!(site.sign_in("eve", PASSWORD).await.is_ok(), "the password is the same");
}

#[tokio::test]
async fn a_new_address_is_not_verified_by_the_old_one() {
    let site = open().await;
    let mut new = site.person("eve");
    new.email_verified = true;
    let eve = site.users.create(new).await.unwrap();
    let to = |email: &str| Changes { email: Some(Some(email.into())), ..Changes::default() };
    let respelt = site.users.update(eve.id, to("Eve@Example.com")).await.unwrap();
    assert!(respelt.email_verified, "it is the same address");
    let moved = site.users.update(eve.id, to("eve@example.org")).await.unwrap();
    assert!(!moved.email_verified);
    let none = Changes { email: Some(None), email_verified: Some(true), ..Changes::default() };
    assert!(!site.users.update(eve.id, none).await.unwrap().email_verified, "there is nothing to be verified");
}

/// Attack A61.
#[tokio::test]
async fn a_change_takes_no_name_and_no_address_of_another() {
    let site = open().await;
    site.users.create(site.person("eve")).await.unwrap();
    let bob = site.users.create(site.person("bob")).await.unwrap();
    let name = Changes { username: Some("ＥＶＥ".into()), ..Changes::default() };
    assert!(matches!(site.users.update(bob.id, name).await, Err(ChangeError::UsernameTaken)));
    let email = Changes { email: Some(Some("EVE@example.com".into())), ..Changes::default() };
    assert!(matches!(site.users.update(bob.id, email).await, Err(ChangeError::EmailTaken)));
    let as_name = Changes { username: Some("eve@example.com".into()), ..Changes::default() };
    let refused = site.users.update(bob.id, as_name).await;
    assert!(matches!(refused, Err(ChangeError::Invalid { field: "username", .. })));
    assert_eq!(site.users.get(bob.id).await.unwrap(), Some(bob));
}

#[tokio::test]
async fn whose_username_is_their_address_changes_both_together() {
    let site = open().await;
    let mut new = site.person("eve");
    new.username = "eve@example.com".into();
    let eve = site.users.create(new).await.unwrap();
    let address = || Some(Some("eve@example.org".to_owned()));
    let alone = site.users.update(eve.id, Changes { email: address(), ..Changes::default() }).await;
    assert!(matches!(alone, Err(ChangeError::Invalid { field: "username", .. })));
    let both = Changes { username: Some("eve@example.org".into()), email: address(), ..Changes::default() };
    assert!(site.users.update(eve.id, both).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_change_to_one_name_at_once_one_gets_it() {
    let site = Arc::new(open().await);
    let mut ids = Vec::new();
    for number in 0..50 {
        ids.push(site.users.create(vestibule_users::NewUser::named(format!("user{number}"))).await.unwrap().id);
    }
    let outcomes = fifty(|number| {
        let (site, id) = (Arc::clone(&site), ids[number]);
        async move { site.users.update(id, Changes { username: Some("boss".into()), ..Changes::default() }).await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(ChangeError::UsernameTaken))).count(), 49);
}

#[tokio::test]
async fn every_change_moves_updated_at_and_a_sign_in_does_not() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let mut last = eve.updated_at;
    for change in ["password", "deactivate", "activate"] {
        site.clock.advance(A_WHILE);
        match change {
            "password" => site.users.set_password(eve.id, &"another password".into()).await.unwrap(),
            "deactivate" => site.users.deactivate(eve.id).await.unwrap(),
            _ => site.users.activate(eve.id).await.unwrap(),
        }
        let now = site.users.get(eve.id).await.unwrap().unwrap().updated_at;
        assert!(now.since(last) >= A_WHILE, "{change}");
        last = now;
    }
    site.clock.advance(A_WHILE);
    assert_eq!(site.sign_in("eve", "another password").await.unwrap().updated_at, last);
}

#[tokio::test]
async fn whoever_is_deleted_is_gone_and_the_name_is_free_for_another_id() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    site.users.delete(eve.id).await.unwrap();
    assert_eq!(site.users.find("eve").await.unwrap(), None);
    assert!(site.sign_in("eve", PASSWORD).await.is_err());
    assert_ne!(site.users.create(site.person("eve")).await.unwrap().id, eve.id);
}

#[tokio::test]
async fn a_change_of_nobody_is_told_so() {
    let site = open().await;
    let nobody = UserId::random(&Random::system());
    let none = |outcome: Result<(), ChangeError>| matches!(outcome, Err(ChangeError::NoSuchUser(id)) if id == nobody);
    assert!(none(site.users.update(nobody, Changes::default()).await.map(drop)));
    assert!(none(site.users.set_password(nobody, &PASSWORD.into()).await));
    assert!(none(site.users.activate(nobody).await));
    assert!(none(site.users.deactivate(nobody).await));
    assert!(none(site.users.delete(nobody).await));
}
