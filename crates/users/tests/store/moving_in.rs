//! People who bring a password hash along.

use std::sync::Arc;

use vestibule_core::Random;
use vestibule_users::{AuthenticateError, HashingPolicy, ImportedHash, NewUser, PasswordHasher, Users};

use super::{PASSWORD, Site, fifty};
use crate::open;

/// What the hashes were made of, by Django 5.2, passlib, bcrypt and crypt(3).
const BROUGHT: &str = "correct horse é battery";

const FORMATS: [(&str, &str); 14] = [
    ("pbkdf2_sha256", "pbkdf2_sha256$1000$salty$fJd+vmWfRyeldoUoVNAS9Rji5NKVQBTJ03N61w4mz0I="),
    ("pbkdf2_sha1", "pbkdf2_sha1$1000$salty$+pWlrGgb+D8MltzR1I7hawB424E="),
    ("pbkdf2-sha256", "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw$0t/cSWZchzbPa5utDOnEh5/0lX0kNcpUC+2liw4VTpg"),
    (
        "keycloak_pbkdf2_sha256",
        "keycloak$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw==$0t/cSWZchzbPa5utDOnEh5/0lX0kNcpUC+2liw4VTphHAilpxV4SDYD9Xqnu7QdgyWbZNitMDjbItIFq/45DOA==",
    ),
    (
        "argon2",
        "argon2$argon2id$v=19$m=64,t=2,p=8$cktQWDhKd2pjVTNzVVQ2V0pPcjlReA$KLB9pZ0qhjBe6QXklgz/N/7667AQvcEcziyBnDGAlVM",
    ),
    (
        "argon2id",
        "$argon2id$v=19$m=64,t=2,p=8$cktQWDhKd2pjVTNzVVQ2V0pPcjlReA$KLB9pZ0qhjBe6QXklgz/N/7667AQvcEcziyBnDGAlVM",
    ),
    ("bcrypt", "bcrypt$$2b$04$8EK8D.AESMYJwDot188uKOHhQO/aXpuFCKbbqf2jnw278szQU8lpe"),
    ("bcrypt", "$2y$04$EkaYcptwJVd1WtNNi6laTe3P.bEtE2S40VB3crPlSqXSPLboon4SK"),
    ("bcrypt_sha256", "bcrypt_sha256$$2b$04$bwef/uVo48WoAlhkqVs9P.QKstKcW21qs6y48EeImWsRKgvPKgQgS"),
    (
        "scrypt",
        "scrypt$16$salty$8$5$rqZGeSEpfay+tBL6xkF1zKOr/WBwcGEf6PQ+fXPoI+9ycom9Z+VUrxmUGZq9pKXdQh2jbzczXWwSEnHSkxoTTQ==",
    ),
    ("scrypt", "$scrypt$ln=4,r=8,p=1$7H1v7V2r1frfm1MqhbA2Zg$gmP6FHgR++MQXFkexrw5tojVn1Wt3FzrHfaWIJHMtZI"),
    ("ssha", "{SSHA}qw6VUs3FWeW0RllVCxOhBczdAQr6P8dY"),
    (
        "ssha512",
        "{SSHA512}DNWEoVVU7zkCuGv8QUCo+d3+IoKIkp4dFK12jFMvN4vyklXjWcnc6/QBghPZyrdSm+2CjWsejyiaUtDrRMyY0NKaMyZkjFEK",
    ),
    (
        "pbkdf2-sha512",
        "$pbkdf2-sha512$1000$9z6nlHJOKSUEQOh9D6H0ng$adWxnyW.XmFwOaADPoEnnnwWKWoyRpXdueifWRok8eNTaDwE74CDTKnhWIGLbRT84GengZS2d.hfMw1vbuvmew",
    ),
];

const MD5: &str = "md5$CM3Ncc81D8qL7aegA2jvkh$c3f8fe8478f8ecfe088b0dfeac81116f";

async fn moved_in(site: &Site, name: &str, hash: &str) -> vestibule_users::User {
    let user = site.users.create(NewUser::named(name)).await.unwrap();
    site.users.set_imported_password(user.id, ImportedHash::parse(hash).unwrap()).await.unwrap();
    site.users.get(user.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn whoever_moves_in_signs_in_as_before_and_has_our_hash_afterwards() {
    let site = open().await;
    for (number, (hasher, hash)) in FORMATS.into_iter().enumerate() {
        let name = format!("user{number}");
        let user = moved_in(&site, &name, hash).await;
        assert_eq!((user.password_hasher.as_deref(), user.password_changed_at), (Some(hasher), None));
        assert!(matches!(site.sign_in(&name, PASSWORD).await, Err(AuthenticateError::Refused)), "{hash}");
        assert_eq!(site.stored_hash(&user).await.as_deref(), Some(hash), "a wrong password changes nothing");
        let after = site.sign_in(&name, BROUGHT).await.unwrap();
        assert_eq!(after.password_hasher.as_deref(), Some("argon2id"), "{hash}");
        let renewed = site.stored_hash(&user).await.unwrap();
        assert!(renewed.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{renewed}");
        assert!(site.sign_in(&name, BROUGHT).await.is_ok());
        assert!(site.sign_in(&name, PASSWORD).await.is_err());
    }
}

/// Attack A62: bcrypt looked at 72 bytes; what replaces it looks at what was typed, all of it.
#[tokio::test]
async fn a62_what_bcrypt_cut_off_counts_after_the_first_sign_in() {
    let site = open().await;
    moved_in(&site, "eve", "$2b$04$N7u4Ch.7h79B/FYh3FahVen36lMoJvN6IVgv7FnmSyEzermLR/4iS").await;
    let typed = format!("{}and more", "x".repeat(72));
    assert!(site.sign_in("eve", &typed).await.is_ok());
    assert!(site.sign_in("eve", &"x".repeat(72)).await.is_err());
    assert!(site.sign_in("eve", &typed).await.is_ok());
}

#[tokio::test]
async fn md5_lets_nobody_in_unless_the_site_says_so() {
    let site = open().await;
    let user = moved_in(&site, "eve", MD5).await;
    assert_eq!(user.password_hasher.as_deref(), Some("md5"));
    assert!(matches!(site.sign_in("eve", BROUGHT).await, Err(AuthenticateError::Refused)));
    assert_eq!(site.stored_hash(&user).await.as_deref(), Some(MD5));
    let policy = HashingPolicy { memory_kib: 64, accept_md5: true, ..HashingPolicy::default() };
    let hasher = PasswordHasher::new(policy, Random::system()).unwrap();
    let lenient = Users::new(site.database.clone(), hasher, site.clock.clone(), Random::system());
    assert!(lenient.authenticate("eve", &PASSWORD.into()).await.is_err());
    assert_eq!(
        lenient.authenticate("eve", &BROUGHT.into()).await.unwrap().password_hasher.as_deref(),
        Some("argon2id")
    );
    assert!(site.sign_in("eve", BROUGHT).await.is_ok(), "it is no MD5 any more");
}

#[tokio::test]
async fn a_password_that_could_not_be_used_elsewhere_is_none_here() {
    let site = open().await;
    let user = moved_in(&site, "eve", "!iBBubCzsUcEA8bFTH46f9xdgmc9RXfMvUzr6vkle").await;
    assert!(!user.has_password);
    assert_eq!((user.password_hasher, site.sign_in("eve", "!").await.is_err()), (None, true));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_first_sign_ins_at_once_all_succeed_and_leave_one_hash_of_ours() {
    let site = Arc::new(open().await);
    let eve = moved_in(&site, "eve", FORMATS[0].1).await;
    let outcomes = fifty(|_| {
        let site = Arc::clone(&site);
        async move { site.sign_in("eve", BROUGHT).await }
    })
    .await;
    for outcome in outcomes {
        assert_eq!(outcome.unwrap().id, eve.id);
    }
    assert!(site.stored_hash(&eve).await.unwrap().starts_with("$argon2id$"));
}
