//! Creating and finding.

use std::sync::Arc;

use vestibule_users::{CreateError, NewUser, Page, StandardClaims};

use super::{PASSWORD, fifty};
use crate::open;

#[tokio::test]
async fn a_user_is_found_as_they_were_created() {
    let site = open().await;
    let mut new = site.person("Eve");
    new.claims.set("given_name", "Eve").unwrap();
    new.claims.set("address.country", "Norway").unwrap();
    let created = site.users.create(new).await.unwrap();
    assert_eq!(created.username, "Eve", "shown as typed");
    assert!(created.has_password && created.active && !created.staff && !created.superuser);
    assert_eq!(created.password_hasher.as_deref(), Some("argon2id"));
    assert_eq!(site.users.get(created.id).await.unwrap(), Some(created.clone()));
    assert_eq!(site.users.find("eve").await.unwrap(), Some(created.clone()));
    assert_eq!(site.users.find("EVE@example.com").await.unwrap(), Some(created));
    assert_eq!(site.users.find("adam").await.unwrap(), None);
}

/// Attack A61.
#[tokio::test]
async fn a_look_alike_of_a_username_is_taken() {
    let site = open().await;
    site.users.create(site.person("kelvin")).await.unwrap();
    for name in ["Kelvin", "\u{212a}elvin", "ｋelvin", "kel\u{200b}vin", " kelvin "] {
        let refused = site.users.create(NewUser::named(name)).await.unwrap_err();
        assert!(matches!(refused, CreateError::UsernameTaken), "{name:?}: {refused}");
        assert_eq!(site.users.find(name).await.unwrap().unwrap().username, "kelvin");
    }
}

/// Attack A61.
#[tokio::test]
async fn a_look_alike_of_an_address_is_taken() {
    let site = open().await;
    site.users.create(site.person("strasse")).await.unwrap();
    let with = |email: &str| NewUser { email: Some(email.into()), ..NewUser::named("other") };
    let refused = site.users.create(with("Straße@EXAMPLE.com")).await.unwrap_err();
    assert!(matches!(refused, CreateError::EmailTaken), "{refused}");
    site.users.create(with("strasse+tag@example.com")).await.expect("a tag makes another address");
}

#[tokio::test]
async fn nobody_takes_the_address_of_another_as_a_username() {
    let site = open().await;
    site.users.create(site.person("eve")).await.unwrap();
    let bare = site.users.create(NewUser::named("eve@example.com")).await.unwrap_err();
    assert!(matches!(bare, CreateError::Invalid { field: "username", .. }), "{bare}");
    let both = NewUser { email: Some("eve@example.com".into()), ..NewUser::named("Eve@example.com") };
    let both = site.users.create(both).await.unwrap_err();
    assert!(matches!(both, CreateError::UsernameTaken), "{both}");
    let own = NewUser { email: Some("adam@example.com".into()), ..NewUser::named("adam@example.com") };
    site.users.create(own).await.expect("one's own address is a username");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_its_field() {
    let site = open().await;
    let claims = StandardClaims { website: Some("javascript:alert(1)".into()), ..StandardClaims::default() };
    for (field, new) in [
        ("username", NewUser::named("  ")),
        ("email", NewUser { email: Some("eve".into()), ..NewUser::named("eve") }),
        ("claims", NewUser { claims, ..NewUser::named("eve") }),
    ] {
        let refused = site.users.create(new).await.unwrap_err();
        assert!(matches!(&refused, CreateError::Invalid { field: named, .. } if *named == field), "{refused}");
    }
    for (code, password) in [("password_too_short", "7 chars".to_owned()), ("password_too_long", "x".repeat(1025))] {
        let new = NewUser { password: Some(password.into()), ..NewUser::named("eve") };
        let refused = site.users.create(new).await.unwrap_err();
        assert!(matches!(&refused, CreateError::WeakPassword(problems) if problems[0].code == code), "{refused}");
    }
    assert!(site.users.none_exist().await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_want_a_name_at_once_one_gets_it() {
    let site = Arc::new(open().await);
    let outcomes = fifty(|number| {
        let site = Arc::clone(&site);
        let name = if number % 2 == 0 { "bob" } else { "ＢＯＢ" };
        async move { site.users.create(NewUser::named(name)).await }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for outcome in lost {
        assert!(matches!(outcome, Err(CreateError::UsernameTaken)), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_first_superusers_one_is_the_first() {
    let site = Arc::new(open().await);
    let outcomes = fifty(|number| {
        let site = Arc::clone(&site);
        async move { site.users.create_first_superuser(site.person(&format!("admin{number}"))).await }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    for outcome in lost {
        assert!(matches!(outcome, Err(CreateError::UsersExist)), "{outcome:?}");
    }
    let first = won.into_iter().next().unwrap().unwrap();
    assert!(first.superuser && first.staff && first.active);
    assert_eq!(site.users.list(Page::first(10)).await.unwrap(), [first]);
}

#[tokio::test]
async fn there_is_no_first_superuser_after_a_user() {
    let site = open().await;
    assert!(site.users.none_exist().await.unwrap());
    site.users.create(NewUser::named("eve")).await.unwrap();
    assert!(!site.users.none_exist().await.unwrap());
    let refused = site.users.create_first_superuser(site.person("mallory")).await.unwrap_err();
    assert!(matches!(refused, CreateError::UsersExist));
    assert!(site.sign_in("mallory", PASSWORD).await.is_err());
}

#[tokio::test]
async fn a_list_comes_page_by_page() {
    let site = open().await;
    for name in ["dora", "Adam", "carl", "Bea", "eve"] {
        site.users.create(NewUser::named(name)).await.unwrap();
    }
    let mut page = site.users.list(Page::first(2)).await.unwrap();
    let mut seen = Vec::new();
    while let Some(last) = page.last().cloned() {
        seen.extend(page.into_iter().map(|user| user.username));
        page = site.users.list(Page::after(&last, 2)).await.unwrap();
    }
    assert_eq!(seen, ["Adam", "Bea", "carl", "dora", "eve"]);
}
