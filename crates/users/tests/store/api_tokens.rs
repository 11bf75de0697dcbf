//! API tokens.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use vestibule_core::{HashKey, Random, UserId};
use vestibule_users::{ApiTokenError, ApiTokens};

use super::{A_WHILE, Site, fifty};
use crate::open;

fn tokens(site: &Site) -> ApiTokens {
    ApiTokens::new(site.database.clone(), &HashKey::new(&[7; 32]), site.clock.clone(), Random::system())
}

async fn eve(site: &Site) -> UserId {
    site.users.create(site.person("eve")).await.unwrap().id
}

async fn opens(tokens: &ApiTokens, text: &SecretString) -> bool {
    tokens.authenticate(text).await.unwrap().is_some()
}

#[tokio::test]
async fn a_token_leads_to_its_owner_and_its_scopes() {
    let site = open().await;
    let (eve, tokens) = (eve(&site).await, tokens(&site));
    let scopes = BTreeSet::from(["shop.view_order".to_owned(), "vestibule.view_user".to_owned()]);
    let (made, text) = tokens.create(eve, " build ", Some(scopes.clone()), None).await.unwrap();
    assert_eq!((made.name.as_str(), made.expires_at, made.last_used_at), ("build", None, None));
    assert!(text.expose_secret().ends_with(&made.hint));
    let (user, found) = tokens.authenticate(&text).await.unwrap().unwrap();
    assert_eq!((user.id, found.id, found.scopes), (eve, made.id, Some(scopes)));
    assert_eq!(user.last_sign_in, None, "it is no sign-in");
    let (unlimited, _) = tokens.create(eve, "other", None, None).await.unwrap();
    assert_eq!(unlimited.scopes, None);
    assert_eq!(tokens.list(eve).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_token_lies_as_a_keyed_hash_only() {
    use sea_orm::{ConnectionTrait, Statement};
    let site = open().await;
    let (_, text) = tokens(&site).create(eve(&site).await, "build", None, None).await.unwrap();
    let writer = site.database.writer();
    let sql = "SELECT digest, hint FROM api_tokens";
    let row = writer.query_one_raw(Statement::from_string(writer.get_database_backend(), sql)).await.unwrap().unwrap();
    let (digest, hint): (Vec<u8>, String) = (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
    assert_eq!((digest.len(), hint.len()), (32, 4));
    let elsewhere =
        ApiTokens::new(site.database.clone(), &HashKey::new(&[8; 32]), site.clock.clone(), Random::system());
    assert!(!opens(&elsewhere, &text).await, "the key is part of it");
}

#[tokio::test]
async fn a_token_that_ended_opens_nothing() {
    let site = open().await;
    let (eve, tokens) = (eve(&site).await, tokens(&site));
    let (made, revoked) = tokens.create(eve, "revoked", None, None).await.unwrap();
    let (_, expiring) = tokens.create(eve, "expiring", None, Some(Duration::from_secs(60))).await.unwrap();
    assert!(opens(&tokens, &revoked).await && opens(&tokens, &expiring).await);
    tokens.revoke(eve, made.id).await.unwrap();
    assert!(!opens(&tokens, &revoked).await);
    site.clock.advance(Duration::from_secs(60));
    assert!(!opens(&tokens, &expiring).await);
    assert!(matches!(tokens.revoke(eve, made.id).await, Err(ApiTokenError::NoSuchToken)));
}

#[tokio::test]
async fn a_token_of_an_inactive_user_opens_nothing_until_they_are_active_again() {
    let site = open().await;
    let (eve, tokens) = (eve(&site).await, tokens(&site));
    let (_, text) = tokens.create(eve, "build", None, None).await.unwrap();
    site.users.deactivate(eve).await.unwrap();
    assert!(!opens(&tokens, &text).await);
    site.users.activate(eve).await.unwrap();
    assert!(opens(&tokens, &text).await);
    site.users.delete(eve).await.unwrap();
    assert!(!opens(&tokens, &text).await);
}

#[tokio::test]
async fn only_its_owner_can_revoke_a_token() {
    let site = open().await;
    let (eve, tokens) = (eve(&site).await, tokens(&site));
    let bob = site.users.create(site.person("bob")).await.unwrap().id;
    let (made, text) = tokens.create(eve, "build", None, None).await.unwrap();
    assert!(matches!(tokens.revoke(bob, made.id).await, Err(ApiTokenError::NoSuchToken)));
    assert!(opens(&tokens, &text).await);
}

#[tokio::test]
async fn a_text_that_is_no_token_opens_nothing() {
    let site = open().await;
    let (eve, tokens) = (eve(&site).await, tokens(&site));
    let (_, text) = tokens.create(eve, "build", None, None).await.unwrap();
    let text = text.expose_secret();
    for wrong in ["", "vst_", &text.to_lowercase(), &format!("{text} "), &text[..52], &"x".repeat(1 << 20)] {
        assert!(!opens(&tokens, &wrong.into()).await);
    }
}

#[tokio::test]
async fn the_last_use_is_known_to_within_a_minute() {
    let site = open().await;
    let (eve, tokens) = (eve(&site).await, tokens(&site));
    let (_, text) = tokens.create(eve, "build", None, None).await.unwrap();
    let used_after = async |before| {
        assert!(opens(&tokens, &text).await);
        for _ in 0..200 {
            let noted = tokens.list(eve).await.unwrap()[0].last_used_at;
            if noted > before {
                return noted;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the use was not written down");
    };
    let first = used_after(None).await;
    site.clock.advance(A_WHILE);
    assert!(opens(&tokens, &text).await);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(tokens.list(eve).await.unwrap()[0].last_used_at, first, "not at each use");
    site.clock.advance(Duration::from_secs(60));
    assert!(used_after(first).await.unwrap().since(first.unwrap()) >= Duration::from_secs(60));
}

#[tokio::test]
async fn what_makes_no_token_is_refused_by_field() {
    let site = open().await;
    let (eve, tokens) = (eve(&site).await, tokens(&site));
    let refused = async |name: &str, scopes: &[&str], seconds: u64| {
        let scopes = scopes.iter().map(ToString::to_string).collect();
        match tokens.create(eve, name, Some(scopes), Some(Duration::from_secs(seconds))).await {
            Err(ApiTokenError::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        }
    };
    for name in ["", "  ", "a\nb", &"x".repeat(101)] {
        assert_eq!(refused(name, &[], 60).await, "name");
    }
    for scope in ["", "shop", ".x", "shop.", "shop.view order", &format!("shop.{}", "x".repeat(300))] {
        assert_eq!(refused("build", &[scope], 60).await, "scopes");
    }
    for seconds in [0, u64::MAX] {
        assert_eq!(refused("build", &[], seconds).await, "expires_in");
    }
    let nobody = UserId::random(&Random::system());
    assert!(matches!(tokens.create(nobody, "x", None, None).await, Err(ApiTokenError::NoSuchUser(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_that_make_the_hundredth_token_one_succeeds() {
    let site = Arc::new(open().await);
    let (eve, tokens) = (eve(&site).await, tokens(&site));
    for number in 0..99 {
        tokens.create(eve, &number.to_string(), None, None).await.unwrap();
    }
    let outcomes = fifty(|_| {
        let tokens = tokens.clone();
        async move { tokens.create(eve, "the last", None, None).await }
    })
    .await;
    let (made, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    assert!(refused.iter().all(|outcome| matches!(outcome, Err(ApiTokenError::TooMany))));
}
