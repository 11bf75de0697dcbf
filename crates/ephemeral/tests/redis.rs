//! The Redis engine keeps the same promises. Needs a server: `VESTIBULE_TEST_REDIS_URL` names it (`cargo xtask test` does all
//! that). Each test keeps to a prefix of its own, so that they can share it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod promises;

use std::{env, time::Duration};

use promises::{CODE, MINUTE, SESSION};
use vestibule_core::{Clock, Random};
use vestibule_ephemeral::{Ephemeral, Error};

fn url() -> String {
    env::var("VESTIBULE_TEST_REDIS_URL").expect(
        "these tests need a Redis server: set VESTIBULE_TEST_REDIS_URL, as in redis://127.0.0.1:6379, or run `cargo xtask test`",
    )
}

async fn open() -> (Ephemeral, Clock, ()) {
    let (prefix, clock) = (format!("test-{}:", Random::system().token()), Clock::system());
    (Ephemeral::redis(&url(), &prefix, clock.clone()).await.unwrap(), clock, ())
}

prove_with!(open);

/// A connection beside the engine, to see what lies in Redis.
async fn beside() -> redis::aio::MultiplexedConnection {
    redis::Client::open(url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

#[tokio::test]
async fn prefixes_are_separate() {
    let ((one, ..), (other, ..)) = (open().await, open().await);
    one.put(CODE, "a", b"one", MINUTE, None).await.unwrap();
    assert_eq!(other.get(CODE, "a").await, Ok(None));
    let mut heard = other.subscribe("changes").await.unwrap();
    one.publish("changes", b"one's").await.unwrap();
    other.publish("changes", b"other's").await.unwrap();
    assert_eq!(heard.next().await, Some(b"other's".to_vec()));
}

#[tokio::test]
async fn replicas_share_entries_and_hear_each_other() {
    let prefix = format!("test-{}:", Random::system().token());
    let one = Ephemeral::redis(&url(), &prefix, Clock::system()).await.unwrap();
    let other = Ephemeral::redis(&url(), &prefix, Clock::system()).await.unwrap();
    one.put(CODE, "a", b"one", MINUTE, None).await.unwrap();
    assert!(other.take(CODE, "a", None).await.unwrap().live().is_some());
    let mut heard = one.subscribe("changes").await.unwrap();
    other.publish("changes", b"word").await.unwrap();
    assert_eq!(heard.next().await, Some(b"word".to_vec()));
}

#[tokio::test]
async fn every_key_clears_away_by_itself() {
    let prefix = format!("test-{}:", Random::system().token());
    let store = Ephemeral::redis(&url(), &prefix, Clock::system()).await.unwrap();
    store.put(SESSION, "a", b"one", MINUTE, Some("bob")).await.unwrap();
    store.touch(SESSION, "a", MINUTE * 2).await.unwrap();
    store.swap(SESSION, "a", b"one", b"two").await.unwrap();
    store.count(SESSION, "a", MINUTE).await.unwrap();
    store.count(SESSION, "a", MINUTE).await.unwrap();
    store.mark_seen(CODE, "jti", MINUTE).await.unwrap();
    for (key, most) in [("session:a", 120), ("@session:bob", 120), ("#session:a", 60), ("code:jti", 60)] {
        let key = format!("{prefix}{key}");
        let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut beside().await).await.unwrap();
        assert!((most * 1000 - 30_000..=most * 1000).contains(&left), "{key} has {left} ms left");
    }
}

#[tokio::test]
async fn a_subscription_outlives_its_connection() {
    // A database number of its own tells this test's connections from those of the others.
    let url = format!("{}/9", url().trim_end_matches('/'));
    let prefix = format!("test-{}:", Random::system().token());
    let store = Ephemeral::redis(&url, &prefix, Clock::system()).await.unwrap();
    let mut heard = store.subscribe("changes").await.unwrap();
    let mut beside = beside().await;
    let clients: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut beside).await.unwrap();
    let ours = clients.lines().find(|client| client.contains(" db=9 ") && client.contains(" sub=1 ")).unwrap();
    let id = ours.split(' ').next().unwrap().trim_start_matches("id=");
    let _: i64 = redis::cmd("CLIENT").arg(&["KILL", "ID", id]).query_async(&mut beside).await.unwrap();
    let again = async {
        loop {
            store.publish("changes", b"still there").await.unwrap();
            tokio::select! {
                message = heard.next() => break message,
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
        }
    };
    let message = tokio::time::timeout(Duration::from_secs(15), again).await.expect("heard within fifteen seconds");
    assert_eq!(message, Some(b"still there".to_vec()));
}

#[tokio::test]
async fn scripts_survive_a_server_that_forgot_them() {
    let (store, ..) = open().await;
    store.put(CODE, "a", b"one", MINUTE, None).await.unwrap();
    let () = redis::cmd("SCRIPT").arg("FLUSH").query_async(&mut beside().await).await.unwrap();
    assert!(store.take(CODE, "a", None).await.unwrap().live().is_some());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_in_words_and_without_the_password() {
    let refused =
        Ephemeral::redis("redis://:hunter2@127.0.0.1:1/0", "x:", Clock::system()).await.expect_err("no server");
    let Error::Unavailable { place, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!(place, "127.0.0.1:1");
    assert!(!format!("{refused} {refused:?}").contains("hunter2"));
}

#[tokio::test]
async fn tls_is_spoken_without_further_setting_up() {
    // The server does not speak TLS: the handshake fails, in words.
    let url = url().replacen("redis://", "rediss://", 1);
    let refused = tokio::time::timeout(MINUTE, Ephemeral::redis(&url, "x:", Clock::system())).await.expect("an answer");
    assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
}
