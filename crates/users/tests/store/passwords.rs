//! What new passwords must be, and what is remembered of old ones.

use std::sync::Arc;

use secrecy::SecretString;
use vestibule_users::{
    About, ChangeError, CreateError, NewUser, PasswordProblem, PasswordRule, PasswordRules, User, Users,
};

use super::{A_WHILE, PASSWORD, Site, fifty};
use crate::open;

fn under(site: &Site, rules: PasswordRules) -> Users {
    site.users.clone().with_password_rules(rules)
}

/// A history of so many passwords, and no other rule.
fn remembering(site: &Site, passwords: usize) -> Users {
    under(site, PasswordRules::new([PasswordRule::History]).with_remembered(passwords))
}

fn codes(problems: &[PasswordProblem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.code).collect()
}

/// What setting this password is refused for; nothing, where it was set.
async fn refusal(users: &Users, user: &User, password: &str) -> Vec<&'static str> {
    match users.set_password(user.id, &password.into()).await {
        Ok(()) => Vec::new(),
        Err(ChangeError::WeakPassword(problems)) => codes(&problems),
        Err(other) => panic!("{other}"),
    }
}

async fn remembered(site: &Site) -> i64 {
    use sea_orm::{ConnectionTrait, Statement};
    let (writer, sql) = (site.database.writer(), "SELECT COUNT(*) FROM password_history");
    let row = writer.query_one_raw(Statement::from_string(writer.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test]
async fn every_rule_that_is_broken_is_told_in_the_sites_order() {
    let site = open().await;
    let rules = [PasswordRule::Numeric, PasswordRule::Common, PasswordRule::Length];
    let users = under(&site, PasswordRules::new(rules).with_shortest(12));
    let eve = users.create(site.person("eve")).await.unwrap();
    let told = ["password_entirely_numeric", "password_too_common", "password_too_short"];
    assert_eq!(refusal(&users, &eve, "12345678").await, told);
    assert_eq!(refusal(&site.users, &eve, "12345678").await, [told[1], told[0]], "the default has another order");
    let problems = users.check_password(&eve, &"12345678".into()).await.unwrap();
    assert_eq!(codes(&problems), told);
    assert!(problems[2].message.contains("at least 12 characters"), "{}", problems[2]);
    let refused = users.set_password(eve.id, &"12345678".into()).await.unwrap_err().to_string();
    assert!(problems.iter().all(|problem| refused.contains(&problem.message)), "{refused}");
    assert!(site.sign_in("eve", PASSWORD).await.is_ok(), "nothing was changed");
}

/// Attack A62.
#[tokio::test]
async fn every_new_password_is_as_long_as_the_site_asks_and_old_ones_stay_good() {
    let site = open().await;
    let strict = under(&site, PasswordRules::default().with_shortest(PASSWORD.len() + 1));
    assert_eq!(strict.shortest_password(), PASSWORD.len() + 1);
    let refused = strict.create_first_superuser(site.person("eve")).await;
    assert!(matches!(refused, Err(CreateError::WeakPassword(_))));
    assert!(matches!(strict.create(site.person("eve")).await, Err(CreateError::WeakPassword(_))));
    let eve = site.users.create(site.person("eve")).await.unwrap();
    assert_eq!(refusal(&strict, &eve, PASSWORD).await, ["password_too_short"]);
    assert!(strict.authenticate("eve", &PASSWORD.into()).await.is_ok());
}

/// Attack A62: whatever the rules are.
#[tokio::test]
async fn no_password_is_empty_or_without_end() {
    let site = open().await;
    let users = under(&site, PasswordRules::new([]));
    let eve = users.create(site.person("eve")).await.unwrap();
    assert_eq!(refusal(&users, &eve, "").await, ["password_too_short"]);
    assert_eq!(refusal(&users, &eve, &"x".repeat(1025)).await, ["password_too_long"]);
    assert_eq!(refusal(&site.users, &eve, &"1".repeat(1 << 20)).await, ["password_too_long"]);
    assert!(refusal(&users, &eve, "1").await.is_empty());
}

#[tokio::test]
async fn a_password_is_not_like_its_owner() {
    let site = open().await;
    let mut new = NewUser { email: Some("eve@wonderland.example".into()), ..NewUser::named("eve") };
    new.claims.family_name = Some("Pleasance".into());
    let eve = site.users.create(new).await.unwrap();
    for like in ["wonderland9", "Pleasance!", "eve@wonderland"] {
        assert_eq!(refusal(&site.users, &eve, like).await, ["password_too_similar"], "{like}");
    }
    assert!(refusal(&site.users, &eve, "correct horse of eve").await.is_empty());
    let about = About::user(&eve).and("Personnel number 77-Q");
    let problems = site.users.check_first_password(&about, &"personnelnumber".into()).await.unwrap();
    assert_eq!(codes(&problems), ["password_too_similar"]);
}

#[tokio::test]
async fn an_estimate_knows_the_owner() {
    let site = open().await;
    let users = under(&site, PasswordRules::new([PasswordRule::Strength]).with_least_score(4));
    let eve = users.create(NewUser { password: Some(PASSWORD.into()), ..NewUser::named("pleasance") }).await.unwrap();
    assert_eq!(refusal(&users, &eve, "pleasance2024").await, ["password_too_weak"]);
    assert!(refusal(&users, &eve, "paperclip tornado vestige").await.is_empty());
}

#[tokio::test]
async fn the_last_passwords_are_not_taken_again() {
    let site = open().await;
    let users = remembering(&site, 3);
    let eve = users.create(site.person("eve")).await.unwrap();
    for next in ["second", "third"] {
        assert!(refusal(&users, &eve, next).await.is_empty());
    }
    for used in [PASSWORD, "second", "third"] {
        assert_eq!(refusal(&users, &eve, used).await, ["password_used_before"], "{used}");
        let problems = users.check_password(&eve, &used.into()).await.unwrap();
        assert!(problems[0].message.contains("last 3"), "{}", problems[0]);
    }
    assert!(refusal(&users, &eve, "fourth").await.is_empty());
    assert_eq!(remembered(&site).await, 2, "no more than the rule needs");
    assert!(refusal(&users, &eve, PASSWORD).await.is_empty(), "it is the fourth last now");
    assert!(site.users.set_password(eve.id, &"correct horse staple".into()).await.is_ok());
    assert_eq!(remembered(&site).await, 0, "a site that asks for no history keeps none");
}

#[tokio::test]
async fn a_password_counts_as_used_when_its_hash_was_renewed_or_taken_away() {
    let site = open().await;
    let rules = PasswordRules::new([PasswordRule::History]);
    let users = site.under_a_new_policy().with_password_rules(rules);
    let eve = site.users.create(site.person("eve")).await.unwrap();
    users.authenticate("eve", &PASSWORD.into()).await.unwrap();
    assert_eq!(refusal(&users, &eve, PASSWORD).await, ["password_used_before"]);
    users.set_unusable_password(eve.id).await.unwrap();
    assert_eq!(refusal(&users, &eve, PASSWORD).await, ["password_used_before"]);
    users.delete(eve.id).await.unwrap();
    assert_eq!(remembered(&site).await, 0, "it goes with the user");
}

#[tokio::test]
async fn whose_password_is_taken_away_cannot_sign_in_until_there_is_another() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    assert_eq!(eve.password_changed_at, Some(eve.created_at));
    site.clock.advance(A_WHILE);
    site.users.set_unusable_password(eve.id).await.unwrap();
    let without = site.users.get(eve.id).await.unwrap().unwrap();
    assert!(!without.has_password && without.password_changed_at > eve.password_changed_at);
    assert!(site.sign_in("eve", PASSWORD).await.is_err());
    site.users.set_password(eve.id, &"another password".into()).await.unwrap();
    assert!(site.sign_in("eve", "another password").await.is_ok());
}

/// Without a history the last one wins; whoever it is, there is one password.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_changes_at_once_leave_one_password() {
    let site = Arc::new(open().await);
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let outcomes = fifty(|number| {
        let site = Arc::clone(&site);
        async move { site.users.set_password(eve.id, &wanted(number)).await }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(good(&site, 50).await.len(), 1);
}

/// With a history each of those that win was judged against the one before it: nobody sets what is set already.
#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_changes_to_one_password_one_is_new() {
    let site = Arc::new(open().await);
    let users = remembering(&site, 2);
    let eve = users.create(site.person("eve")).await.unwrap();
    let outcomes = fifty(|_| {
        let users = users.clone();
        async move { users.set_password(eve.id, &"the same for all".into()).await }
    })
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    for outcome in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(&outcome, ChangeError::WeakPassword(problems) if codes(problems) == ["password_used_before"]));
    }
    assert_eq!(remembered(&site).await, 1);
}

fn wanted(number: usize) -> SecretString {
    format!("correct horse number {number}").into()
}

/// Which of the wanted passwords lets in.
async fn good(site: &Site, most: usize) -> Vec<usize> {
    let mut good = Vec::new();
    for number in 0..most {
        if site.users.authenticate("eve", &wanted(number)).await.is_ok() {
            good.push(number);
        }
    }
    good
}
