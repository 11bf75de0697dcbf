//! How fast people may try to sign in. The store's own promises are `ephemeral`'s, on each engine; this is what is made of them.

use std::{net::IpAddr, time::Duration};

use vestibule_core::{Clock, HashKey, Random, UserId};
use vestibule_ephemeral::Ephemeral;
use vestibule_users::{Admitted, Because, Throttle, ThrottleError, ThrottlePolicy, Try};

struct Door {
    throttle: Throttle,
    clock: Clock,
}

async fn door() -> Door {
    let clock = Clock::system();
    let store = Ephemeral::in_memory(clock.clone()).await.unwrap();
    let throttle = Throttle::new(store, &HashKey::new(&[7; 32]), ThrottlePolicy::default()).unwrap();
    Door { throttle, clock }
}

fn at(name: &str, address: &str) -> (String, Option<IpAddr>) {
    (name.to_owned(), address.parse().ok())
}

impl Door {
    async fn admit(&self, (name, address): (String, Option<IpAddr>)) -> Result<Admitted, ThrottleError> {
        self.throttle.admit(Try { typed: &name, user: None, address, browser: None }).await
    }

    /// How many wrong tries go on, one after the other, until one must wait; and for what.
    async fn wrong_tries(&self, next: impl Fn(usize) -> (String, Option<IpAddr>)) -> (usize, Because) {
        for number in 0.. {
            match self.admit(next(number)).await {
                Ok(_) => {}
                Err(ThrottleError::TryLater { because, .. }) => return (number, because),
                Err(error) => panic!("{error}"),
            }
        }
        unreachable!("it goes on for ever")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a63_of_a_hundred_tries_at_once_no_more_reach_the_verifier_than_one_after_the_other() {
    let door = door().await;
    let mut tries = tokio::task::JoinSet::new();
    for number in 0..100 {
        let throttle = door.throttle.clone();
        tries.spawn(async move {
            let (typed, address) = at("eve", &format!("192.0.2.{number}"));
            throttle.admit(Try { typed: &typed, user: None, address, browser: None }).await.is_ok()
        });
    }
    assert_eq!(tries.join_all().await.into_iter().filter(|admitted| *admitted).count(), 5);
}

#[tokio::test]
async fn an_account_is_slowed_down_and_never_locked() {
    let door = door().await;
    let (free, because) = door.wrong_tries(|_| at("eve", "192.0.2.1")).await;
    assert_eq!((free, because), (5, Because::Account));
    let mut waits = Vec::new();
    for _ in 0..20 {
        let Err(ThrottleError::TryLater { retry_after, .. }) = door.admit(at("eve", "192.0.2.1")).await else {
            panic!("no wait")
        };
        waits.push(retry_after.as_secs());
        door.clock.advance(retry_after);
        drop(door.admit(at("eve", "192.0.2.1")).await.unwrap());
    }
    assert_eq!((waits[0], waits[4], waits[6]), (5, 5, 30));
    assert_eq!(waits.iter().max(), Some(&300));
    door.clock.advance(Duration::from_secs(3600));
    assert_eq!(door.wrong_tries(|_| at("eve", "192.0.2.1")).await.0, 5, "all is forgotten");
}

#[tokio::test]
async fn what_was_right_does_not_count() {
    let door = door().await;
    for _ in 0..200 {
        door.admit(at("eve", "192.0.2.1")).await.unwrap().succeeded().await.unwrap();
    }
    assert_eq!(door.wrong_tries(|_| at("eve", "192.0.2.1")).await.0, 5);
}

/// Attack A60: what is counted is what was typed, so that an account that does not exist is no different.
#[tokio::test]
async fn a60_the_store_is_not_asked_whether_an_account_exists() {
    let door = door().await;
    let user = UserId::random(&Random::system());
    let mut words = Vec::new();
    for (name, user) in [("eve", Some(user)), ("nobody", None)] {
        let refused = loop {
            let attempt = Try { typed: name, user, address: "192.0.2.1".parse().ok(), browser: Some("a browser") };
            if let Err(refused) = door.throttle.admit(attempt).await {
                break refused;
            }
        };
        words.push(refused.to_string());
    }
    assert_eq!(words[0], words[1]);
}

#[tokio::test]
async fn a63_an_address_is_slowed_down_over_all_accounts() {
    let door = door().await;
    assert_eq!(door.wrong_tries(|number| at(&number.to_string(), "192.0.2.1")).await, (50, Because::Address));
    assert!(door.admit(at("eve", "192.0.2.2")).await.is_ok());
    door.clock.advance(Duration::from_secs(2));
    assert!(door.admit(at("eve", "192.0.2.1")).await.is_ok());
}

#[tokio::test]
async fn a63_addresses_of_one_ipv6_network_are_one() {
    let door = door().await;
    let (free, because) =
        door.wrong_tries(|number| at(&number.to_string(), &format!("2001:db8:1:2::{number:x}"))).await;
    assert_eq!((free, because), (50, Because::Address));
    assert!(door.admit(at("eve", "2001:db8:1:3::1")).await.is_ok());
}

#[tokio::test]
async fn a63_what_has_no_address_shares_one_count() {
    let door = door().await;
    assert_eq!(door.wrong_tries(|number| at(&number.to_string(), "a")).await, (50, Because::Address));
    assert!(door.admit(at("eve", "192.0.2.1")).await.is_ok());
}

#[tokio::test]
async fn a_try_that_must_wait_for_its_account_costs_its_address_nothing() {
    let door = door().await;
    door.wrong_tries(|_| at("eve", "192.0.2.1")).await;
    for _ in 0..200 {
        assert!(door.admit(at("eve", "192.0.2.1")).await.is_err());
    }
    assert!(door.admit(at("bob", "192.0.2.1")).await.is_ok());
}

#[tokio::test]
async fn a63_strangers_cannot_keep_the_owner_out_of_a_known_browser() {
    let door = door().await;
    let (eve, bob) = (UserId::random(&Random::system()), UserId::random(&Random::system()));
    door.throttle.remember(eve, "eve's browser").await.unwrap();
    door.wrong_tries(|number| at("eve", &format!("192.0.2.{number}"))).await;
    let from = |user, browser| Try { typed: "eve", user: Some(user), address: "198.51.100.1".parse().ok(), browser };
    assert!(door.throttle.admit(from(eve, None)).await.is_err());
    assert!(door.throttle.admit(from(eve, Some("another browser"))).await.is_err());
    assert!(door.throttle.admit(from(bob, Some("eve's browser"))).await.is_err(), "known for eve alone");
    for _ in 0..5 {
        assert!(door.throttle.admit(from(eve, Some("eve's browser"))).await.is_ok());
    }
    assert!(door.throttle.admit(from(eve, Some("eve's browser"))).await.is_err(), "it has a count of its own");
    door.clock.advance(Duration::from_secs(91 * 24 * 3600));
    assert_eq!(door.wrong_tries(|_| at("eve", "192.0.2.1")).await.0, 5);
    assert!(door.throttle.admit(from(eve, Some("eve's browser"))).await.is_err(), "it is known for 90 days");
}

#[tokio::test]
async fn a_browser_can_be_forgotten() {
    let door = door().await;
    let eve = UserId::random(&Random::system());
    door.throttle.remember(eve, "eve's browser").await.unwrap();
    door.throttle.forget_browsers(eve).await.unwrap();
    door.wrong_tries(|_| at("eve", "192.0.2.1")).await;
    let attempt = Try { typed: "eve", user: Some(eve), address: None, browser: Some("eve's browser") };
    assert!(door.throttle.admit(attempt).await.is_err());
}

#[tokio::test]
async fn of_somebodys_many_browsers_some_thirty_two_are_known() {
    let door = door().await;
    let (eve, bob) = (UserId::random(&Random::system()), UserId::random(&Random::system()));
    let browsers: Vec<String> = (0..400).map(|number| format!("browser {number}")).collect();
    door.throttle.remember(bob, "bob's browser").await.unwrap();
    for browser in browsers.iter().chain([&browsers[399]]) {
        door.throttle.remember(eve, browser).await.unwrap();
    }
    door.wrong_tries(|_| at("eve", "192.0.2.1")).await;
    door.wrong_tries(|_| at("bob", "192.0.2.2")).await;
    let is_known = async |typed, user, browser: &str, from: String| {
        let attempt = Try { typed, user: Some(user), address: from.parse().ok(), browser: Some(browser) };
        door.throttle.admit(attempt).await.is_ok()
    };
    let mut known = Vec::new();
    for (number, browser) in browsers.iter().enumerate() {
        if is_known("eve", eve, browser, format!("198.51.{}.{}", number / 200, number % 200)).await {
            known.push(browser);
        }
    }
    // That a hundred one after the other do not count happens once in half a million times.
    assert!((32..132).contains(&known.len()), "{}", known.len());
    assert_eq!(known.last(), Some(&&browsers[399]), "the newest is one of them");
    assert!(is_known("bob", bob, "bob's browser", "203.0.113.1".to_owned()).await, "another person's stay");
}

#[tokio::test]
async fn without_the_store_nothing_may_be_tried() {
    let clock = Clock::system();
    let store = Ephemeral::in_memory(clock.clone()).await.unwrap();
    let throttle = Throttle::new(store.clone(), &HashKey::new(&[7; 32]), ThrottlePolicy::default()).unwrap();
    store.close().await;
    let outcome = Door { throttle, clock }.admit(at("eve", "192.0.2.1")).await;
    assert!(matches!(outcome, Err(ThrottleError::Unavailable(_))));
}
