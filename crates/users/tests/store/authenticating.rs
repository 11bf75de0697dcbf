//! Signing in by password.

use std::{sync::Arc, time::Instant};

use vestibule_core::Random;
use vestibule_users::{AuthenticateError, HashingPolicy, NewUser, PasswordHasher, Users};

use super::{A_WHILE, PASSWORD, Site, fifty};
use crate::open;

#[tokio::test]
async fn the_right_password_lets_in_by_username_and_by_address() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    assert_eq!(eve.last_sign_in, None);
    site.clock.advance(A_WHILE);
    let by_name = site.sign_in(" Eve ", PASSWORD).await.unwrap();
    assert!(by_name.last_sign_in.unwrap().since(eve.created_at) >= A_WHILE);
    assert_eq!(site.users.get(eve.id).await.unwrap(), Some(by_name));
    assert_eq!(site.sign_in("eve@EXAMPLE.com", PASSWORD).await.unwrap().id, eve.id);
}

/// Someone of each kind who cannot sign in, and `eve`, who can.
async fn people(site: &Site) {
    site.users.create(site.person("eve")).await.unwrap();
    let inactive = site.users.create(site.person("inactive")).await.unwrap();
    site.users.deactivate(inactive.id).await.unwrap();
    site.users.create(NewUser::named("passwordless")).await.unwrap();
    let damaged = site.users.create(site.person("damaged")).await.unwrap();
    site.store_hash(&damaged, "!unusable").await;
    // A hash that takes no time to speak of.
    let moved = site.users.create(site.person("moved")).await.unwrap();
    site.store_hash(&moved, "{SSHA}qw6VUs3FWeW0RllVCxOhBczdAQr6P8dY").await;
    // One that takes several times as long as ours.
    let slow = site.users.create(site.person("slow")).await.unwrap();
    site.store_hash(&slow, "pbkdf2_sha256$60000$c2FsdHNhbHQ$yfuG4BI0erfpahjwXVn7ybyp1be5+f+a5+Qz7yPhO+0=").await;
}

const REFUSED: [(&str, &str); 8] = [
    ("slow", "wrong password"),
    ("moved", "wrong password"),
    ("nobody", PASSWORD),
    ("eve", "wrong password"),
    ("inactive", PASSWORD),
    ("passwordless", PASSWORD),
    ("damaged", PASSWORD),
    ("\0", PASSWORD),
];

/// Attack A60.
#[tokio::test]
async fn every_reason_to_refuse_has_the_same_answer() {
    let site = open().await;
    people(&site).await;
    let mut answers = Vec::new();
    for (name, password) in REFUSED {
        let refused = site.sign_in(name, password).await.unwrap_err();
        assert!(matches!(refused, AuthenticateError::Refused), "{name}: {refused:?}");
        answers.push(refused.to_string());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

/// Attack A60: the quickest of many tries, since a busy machine delays any, with hashes that outweigh the rest of the work.
#[tokio::test]
async fn every_reason_to_refuse_takes_the_same_time() {
    let mut site = open().await;
    let policy = HashingPolicy { memory_kib: 4096, iterations: 2, ..HashingPolicy::default() };
    let hasher = PasswordHasher::new(policy, Random::system()).unwrap();
    site.users = Users::new(site.database.clone(), hasher, site.clock.clone(), Random::system());
    people(&site).await;
    // What hashes of others take is learned from the first one.
    site.sign_in("slow", "wrong password").await.unwrap_err();
    let mut times = [const { Vec::new() }; REFUSED.len()];
    for _ in 0..25 {
        // In turns, so that whatever else the machine does befalls all alike.
        for (times, (name, password)) in times.iter_mut().zip(REFUSED) {
            let began = Instant::now();
            site.sign_in(name, password).await.unwrap_err();
            times.push(began.elapsed());
        }
    }
    let quickest: Vec<_> = times.iter().filter_map(|times| times.iter().min()).collect();
    let (least, most) = (quickest.iter().min().unwrap(), quickest.iter().max().unwrap());
    assert!(**most < **least * 2, "one answer comes sooner than another: {quickest:?}");
}

/// Attack A62.
#[tokio::test]
async fn a_password_is_verified_as_it_was_sent() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let password = format!(" \0{} ", "é".repeat(1021));
    site.users.set_password(eve.id, &password.as_str().into()).await.unwrap();
    assert!(site.sign_in("eve", &password).await.is_ok());
    for other in [password.trim(), password.trim_start(), password.trim_end(), &password[..100], PASSWORD] {
        assert!(matches!(site.sign_in("eve", other).await, Err(AuthenticateError::Refused)));
    }
}

/// Attack A62: were it hashed, a busy pool would answer that it is busy.
#[tokio::test]
async fn a_password_above_the_cap_is_refused_before_it_is_hashed() {
    let site = open().await;
    let policy = HashingPolicy { workers: 1, queue: 1, memory_kib: 65_536, iterations: 8, ..HashingPolicy::default() };
    let hasher = PasswordHasher::new(policy, Random::system()).unwrap();
    let users = Users::new(site.database.clone(), hasher.clone(), site.clock.clone(), Random::system());
    for _ in 0..2 {
        let hasher = hasher.clone();
        tokio::spawn(async move { hasher.verify_nothing(&"keeps it busy".into()).await });
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let short = users.authenticate("eve", &PASSWORD.into()).await;
    assert!(matches!(short, Err(AuthenticateError::Busy { .. })), "{short:?}");
    let long = users.authenticate("eve", &"x".repeat(1 << 20).into()).await;
    assert!(matches!(long, Err(AuthenticateError::Refused)), "{long:?}");
}

#[tokio::test]
async fn an_old_hash_is_renewed_at_the_next_sign_in_and_only_then() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let (old, users) = (site.stored_hash(&eve).await.unwrap(), site.under_a_new_policy());
    assert!(users.authenticate("eve", &"wrong password".into()).await.is_err());
    assert_eq!(site.stored_hash(&eve).await, Some(old));
    users.authenticate("eve", &PASSWORD.into()).await.unwrap();
    let renewed = site.stored_hash(&eve).await.unwrap();
    assert!(renewed.starts_with("$argon2id$v=19$m=128,t=1,p=1$"), "{renewed}");
    users.authenticate("eve", &PASSWORD.into()).await.unwrap();
    assert_eq!(site.stored_hash(&eve).await, Some(renewed), "it is up to date now");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_sign_ins_that_renew_one_hash_all_succeed() {
    let site = Arc::new(open().await);
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let users = site.under_a_new_policy();
    let outcomes = fifty(|_| {
        let users = users.clone();
        async move { users.authenticate("eve", &PASSWORD.into()).await }
    })
    .await;
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().id, eve.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_password_wins_over_fifty_that_renew_the_old_hash() {
    let site = Arc::new(open().await);
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let users = site.under_a_new_policy();
    let outcomes = fifty(|number| {
        let users = users.clone();
        async move {
            if number == 25 {
                users.set_password(eve.id, &"another password".into()).await.unwrap();
            } else {
                // Before the change it is let in, after it not.
                let _ = users.authenticate("eve", &PASSWORD.into()).await;
            }
        }
    })
    .await;
    assert_eq!(outcomes.len(), 50);
    assert!(users.authenticate("eve", &PASSWORD.into()).await.is_err());
    assert!(users.authenticate("eve", &"another password".into()).await.is_ok());
}

/// The password is changed while the hash of the old one is being renewed.
#[tokio::test]
async fn a_change_of_password_meanwhile_is_not_undone_by_the_renewal() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let policy = HashingPolicy { workers: 1, memory_kib: 65_536, iterations: 8, ..HashingPolicy::default() };
    let hasher = PasswordHasher::new(policy, Random::system()).unwrap();
    let slow = Users::new(site.database.clone(), hasher, site.clock.clone(), Random::system());
    let renewing = tokio::spawn(async move { slow.authenticate("eve", &PASSWORD.into()).await });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    site.users.set_password(eve.id, &"another password".into()).await.unwrap();
    assert!(matches!(renewing.await.unwrap(), Err(AuthenticateError::Refused)));
    assert!(site.sign_in("eve", "another password").await.is_ok());
}

/// The user is deactivated while the password is being verified.
#[tokio::test]
async fn whoever_is_deactivated_meanwhile_is_not_let_in() {
    let site = open().await;
    let policy = HashingPolicy { workers: 1, memory_kib: 65_536, iterations: 4, ..HashingPolicy::default() };
    let hasher = PasswordHasher::new(policy, Random::system()).unwrap();
    let users = Users::new(site.database.clone(), hasher, site.clock.clone(), Random::system());
    let eve = users.create(site.person("eve")).await.unwrap();
    let verifying = tokio::spawn({
        let users = users.clone();
        async move { users.authenticate("eve", &PASSWORD.into()).await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    users.deactivate(eve.id).await.unwrap();
    assert!(matches!(verifying.await.unwrap(), Err(AuthenticateError::Refused)));
    assert_eq!(users.get(eve.id).await.unwrap().unwrap().last_sign_in, None);
}

#[tokio::test]
async fn whoever_is_activated_again_can_sign_in_again() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    site.users.deactivate(eve.id).await.unwrap();
    assert!(site.sign_in("eve", PASSWORD).await.is_err());
    site.users.activate(eve.id).await.unwrap();
    assert!(site.sign_in("eve", PASSWORD).await.is_ok());
}
