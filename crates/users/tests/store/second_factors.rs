//! The second factor.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::hmac;
use secrecy::{ExposeSecret, SecretString};
use vestibule_core::{Clock, HashKey, Random, UserId, Vault};
use vestibule_ephemeral::Ephemeral;
use vestibule_users::{SecondFactorError, SecondFactorUsed, SecondFactors};

use super::{Site, fifty};
use crate::open;

const STEP: Duration = Duration::from_secs(30);

/// A user with an app, and what they have in it.
struct Person {
    site: Site,
    factors: SecondFactors,
    user: UserId,
    secret: String,
    recovery: Vec<SecretString>,
}

async fn factors(site: &Site) -> SecondFactors {
    let (vault, key) = (Arc::new(Vault::new(&[3; 32])), HashKey::new(&[7; 32]));
    let tries = Ephemeral::in_memory(site.clock.clone()).await.unwrap();
    SecondFactors::new(site.database.clone(), vault, &key, tries, site.clock.clone(), Random::system(), "Example")
}

/// Enrolled, with the next code not yet used.
async fn person() -> Person {
    let site = open().await;
    let (user, factors) = (site.users.create(site.person("eve")).await.unwrap().id, factors(&site).await);
    let secret = factors.begin_enrolment(user, "eve").await.unwrap().secret.expose_secret().to_owned();
    let recovery = factors.confirm(user, &code(&secret, &site.clock)).await.unwrap();
    site.clock.advance(STEP);
    Person { site, factors, user, secret, recovery }
}

impl Person {
    fn code(&self) -> String {
        code(&self.secret, &self.site.clock)
    }

    async fn verify(&self, code: &str) -> Result<SecondFactorUsed, SecondFactorError> {
        self.factors.verify(self.user, code).await
    }
}

/// What an app shows, computed as RFC 6238 tells.
fn code(secret: &str, clock: &Clock) -> String {
    let bits: String = secret
        .bytes()
        .map(|c| format!("{:05b}", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == c).unwrap()))
        .collect();
    let seed: Vec<u8> = bits
        .as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &seed);
    let tag = hmac::sign(&key, &(clock.now().seconds() / 30).to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

fn is_refused<T>(outcome: &Result<T, SecondFactorError>) -> bool {
    matches!(outcome, Err(SecondFactorError::Refused))
}

fn must_wait<T>(outcome: &Result<T, SecondFactorError>) -> bool {
    matches!(outcome, Err(SecondFactorError::TooMany { retry_after }) if *retry_after >= Duration::from_secs(1))
}

#[tokio::test]
async fn an_app_is_in_force_once_a_code_of_it_was_shown() {
    let site = open().await;
    let (eve, factors) = (site.users.create(site.person("eve")).await.unwrap().id, factors(&site).await);
    let begun = factors.begin_enrolment(eve, "eve@example.com").await.unwrap();
    let secret = begun.secret.expose_secret();
    assert!(begun.url.expose_secret().starts_with("otpauth://totp/Example:eve%40example.com?secret="));
    assert!(is_refused(&factors.verify(eve, &code(secret, &site.clock)).await), "not in force yet");
    assert_eq!(factors.status(eve).await.unwrap().enrolled_at, None);
    assert!(is_refused(&factors.confirm(eve, "12345x").await));
    assert_eq!(factors.confirm(eve, &code(secret, &site.clock)).await.unwrap().len(), 10);
    let status = factors.status(eve).await.unwrap();
    assert!(status.enrolled_at.is_some() && status.recovery_codes_left == 10);
    assert!(matches!(factors.begin_enrolment(eve, "eve").await, Err(SecondFactorError::AlreadyEnrolled)));
    site.clock.advance(STEP);
    assert_eq!(factors.verify(eve, &code(secret, &site.clock)).await.unwrap(), SecondFactorUsed::Totp);
}

#[tokio::test]
async fn what_was_begun_is_replaced_when_begun_again_and_grows_old() {
    let site = open().await;
    let (eve, factors) = (site.users.create(site.person("eve")).await.unwrap().id, factors(&site).await);
    let first = factors.begin_enrolment(eve, "eve").await.unwrap();
    let second = factors.begin_enrolment(eve, "eve").await.unwrap();
    assert!(is_refused(&factors.confirm(eve, &code(first.secret.expose_secret(), &site.clock)).await));
    site.clock.advance(Duration::from_secs(1800));
    let late = factors.confirm(eve, &code(second.secret.expose_secret(), &site.clock)).await;
    assert!(matches!(late, Err(SecondFactorError::NothingPending)));
    let nobody = UserId::random(&Random::system());
    assert!(matches!(factors.begin_enrolment(nobody, "x").await, Err(SecondFactorError::NoSuchUser(_))));
}

#[tokio::test]
async fn a64_a_code_is_good_once_and_an_earlier_one_never_again() {
    let person = person().await;
    let earlier = person.code();
    person.site.clock.advance(STEP);
    let code = person.code();
    assert!(person.verify(&format!(" {} {}", &code[..3], &code[3..])).await.is_ok());
    assert!(is_refused(&person.verify(&code).await), "a replay");
    assert!(is_refused(&person.verify(&earlier).await), "though it is within the drift");
    person.site.clock.advance(STEP);
    assert!(person.verify(&person.code()).await.is_ok());
}

#[tokio::test]
async fn a64_the_code_that_confirmed_an_app_is_spent() {
    let site = open().await;
    let (eve, factors) = (site.users.create(site.person("eve")).await.unwrap().id, factors(&site).await);
    let begun = factors.begin_enrolment(eve, "eve").await.unwrap();
    let code = code(begun.secret.expose_secret(), &site.clock);
    factors.confirm(eve, &code).await.unwrap();
    assert!(is_refused(&factors.verify(eve, &code).await));
}

/// Fifty are more than may try, so each replica counts for itself here: what decides is the database.
#[tokio::test(flavor = "multi_thread")]
async fn a64_of_fifty_with_one_code_one_gets_in() {
    let person = person().await;
    let code = person.code();
    let mut replicas = Vec::new();
    for _ in 0..50 {
        replicas.push(factors(&person.site).await);
    }
    for code in [code.as_str(), person.recovery[0].expose_secret()] {
        let outcomes = fifty(|number| {
            let (factors, user, code) = (replicas[number].clone(), person.user, code.to_owned());
            async move { factors.verify(user, &code).await }
        })
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(outcomes.iter().filter(|outcome| is_refused(outcome)).count(), 49, "{outcomes:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_that_confirm_one_app_one_gets_recovery_codes() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap().id;
    let begun = factors(&site).await.begin_enrolment(eve, "eve").await.unwrap();
    let code = code(begun.secret.expose_secret(), &site.clock);
    let mut replicas = Vec::new();
    for _ in 0..50 {
        replicas.push(factors(&site).await);
    }
    let outcomes = fifty(|number| {
        let (factors, code) = (replicas[number].clone(), code.clone());
        async move { factors.confirm(eve, &code).await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    assert_eq!(replicas[0].status(eve).await.unwrap().recovery_codes_left, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a64_a_guesser_is_slowed_down_even_with_fifty_tries_at_once() {
    let person = person().await;
    let outcomes = fifty(|_| {
        let (factors, user) = (person.factors.clone(), person.user);
        async move { factors.verify(user, "not a code").await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| is_refused(outcome)).count(), 5);
    assert_eq!(outcomes.iter().filter(|outcome| must_wait(outcome)).count(), 45);
    assert!(must_wait(&person.verify(&person.code()).await), "the right one must wait too");
    person.site.clock.advance(STEP);
    assert!(person.verify(&person.code()).await.is_ok(), "and is taken after a while");
}

#[tokio::test]
async fn a64_a_code_of_another_user_is_refused() {
    let person = person().await;
    let bob = person.site.users.create(person.site.person("bob")).await.unwrap().id;
    assert!(is_refused(&person.factors.verify(bob, &person.code()).await), "who has none");
    let begun = person.factors.begin_enrolment(bob, "bob").await.unwrap();
    let code = code(begun.secret.expose_secret(), &person.site.clock);
    person.factors.confirm(bob, &code).await.unwrap();
    assert!(is_refused(&person.factors.verify(bob, &person.code()).await));
    assert!(is_refused(&person.factors.verify(bob, person.recovery[0].expose_secret()).await));
}

#[tokio::test]
async fn a_recovery_code_is_good_once_however_it_is_typed() {
    let person = person().await;
    let typed = person.recovery[3].expose_secret().to_lowercase().replace('-', " ");
    assert_eq!(person.verify(&typed).await.unwrap(), SecondFactorUsed::RecoveryCode { left: 9 });
    assert!(is_refused(&person.verify(person.recovery[3].expose_secret()).await));
    assert_eq!(
        person.verify(person.recovery[4].expose_secret()).await.unwrap(),
        SecondFactorUsed::RecoveryCode { left: 8 }
    );
}

#[tokio::test]
async fn new_recovery_codes_take_the_place_of_the_old() {
    let person = person().await;
    let new = person.factors.new_recovery_codes(person.user).await.unwrap();
    assert!(is_refused(&person.verify(person.recovery[0].expose_secret()).await));
    assert_eq!(person.verify(new[0].expose_secret()).await.unwrap(), SecondFactorUsed::RecoveryCode { left: 9 });
}

#[tokio::test]
async fn what_is_taken_away_opens_nothing() {
    let person = person().await;
    assert!(person.factors.disable(person.user).await.unwrap());
    assert!(!person.factors.disable(person.user).await.unwrap());
    assert!(is_refused(&person.verify(&person.code()).await));
    assert!(is_refused(&person.verify(person.recovery[0].expose_secret()).await));
    assert_eq!(person.factors.status(person.user).await.unwrap(), Default::default());
    let none = person.factors.new_recovery_codes(person.user).await;
    assert!(matches!(none, Err(SecondFactorError::NotEnrolled)));
    assert!(person.factors.begin_enrolment(person.user, "eve").await.is_ok());
}

#[tokio::test]
async fn a_seed_lies_sealed_and_opens_for_its_user_alone() {
    use sea_orm::ConnectionTrait;
    let person = person().await;
    let bob = person.site.users.create(person.site.person("bob")).await.unwrap().id;
    let sql = format!("UPDATE totp_devices SET user_id = '{bob}'");
    let writer = person.site.database.writer();
    writer.execute_unprepared("DELETE FROM recovery_codes").await.unwrap();
    writer.execute_unprepared(&sql).await.unwrap();
    let moved = person.factors.verify(bob, &person.code()).await;
    assert!(matches!(moved, Err(SecondFactorError::Sealed { user, .. }) if user == bob));
}
