//! What a request that waits at a browser must and must not do.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_core::{Clock, HashKey, Random};
use vestibule_ephemeral::{Ephemeral, Kind};
use vestibule_sessions::{
    BrowserToken, FinishError, Pending, PendingError, Policy, RequestId, SessionToken, Sessions, UpdateError, Waiting,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Asked {
    client: String,
    consented: bool,
}

struct World {
    ephemeral: Ephemeral,
    sessions: Sessions,
    pending: Pending<Asked>,
    clock: Clock,
    browser: BrowserToken,
}

fn hash_key() -> HashKey {
    HashKey::new(&[7; 32])
}

async fn world() -> World {
    let (clock, random) = (Clock::system(), Random::system());
    let ephemeral = Ephemeral::in_memory(clock.clone()).await.unwrap();
    let browser = BrowserToken::new(&random);
    let sessions = Sessions::new(ephemeral.clone(), hash_key(), clock.clone(), random, Policy::default());
    World { pending: sessions.pending(), ephemeral, sessions, clock, browser }
}

impl World {
    async fn begin(&self) -> RequestId {
        self.pending.begin(&self.browser, &asked()).await.unwrap()
    }

    async fn load(&self, id: &RequestId) -> Waiting<Asked> {
        self.pending.load(id, &self.browser).await.unwrap()
    }

    /// The same view, for 50 callers.
    async fn load_50(&self, id: &RequestId) -> Vec<Waiting<Asked>> {
        let mut views = Vec::new();
        for _ in 0..50 {
            views.push(self.load(id).await);
        }
        views
    }
}

fn asked() -> Asked {
    Asked { client: "app".into(), consented: false }
}

fn consented() -> Asked {
    Asked { consented: true, ..asked() }
}

#[tokio::test]
async fn a_request_waits_and_is_finished_once() {
    let world = world().await;
    let id = world.begin().await;
    let waiting = world.load(&id).await;
    assert_eq!(waiting.payload, asked());
    let waiting = world.pending.update(waiting, consented()).await.unwrap();
    assert_eq!(world.load(&id).await.payload, consented());
    assert_eq!(world.pending.finish(waiting).await, Ok(consented()));
    assert_eq!(world.pending.load(&id, &world.browser).await.err(), Some(PendingError::Unknown));
}

#[tokio::test]
async fn a16_a_request_is_bound_to_the_browser_that_began_it() {
    let world = world().await;
    let id = world.begin().await;
    let victim = BrowserToken::new(&Random::system());
    assert_eq!(world.pending.load(&id, &victim).await.err(), Some(PendingError::OtherBrowser));
    assert_eq!(world.load(&id).await.payload, asked(), "a foreign try leaves it alone");
}

#[tokio::test]
async fn a16_a_request_id_that_was_not_given_out_is_unknown() {
    let world = world().await;
    world.begin().await;
    let made_up = RequestId::new(&Random::system());
    assert_eq!(world.pending.load(&made_up, &world.browser).await.err(), Some(PendingError::Unknown));
    assert!(RequestId::parse("1").is_none());
}

#[tokio::test]
async fn a23_a_request_id_is_no_session() {
    let world = world().await;
    let id = world.begin().await;
    assert!(world.sessions.find(id.as_str(), &vestibule_sessions::Origin::default()).await.unwrap().is_none());
    let token = SessionToken::parse(id.as_str()).unwrap();
    assert_eq!(world.sessions.end(&token).await, Ok(None));
    assert_eq!(world.load(&id).await.payload, asked());
}

#[tokio::test]
async fn a_request_waits_half_an_hour_and_an_update_does_not_prolong_it() {
    let world = world().await;
    let id = world.begin().await;
    world.clock.advance(Policy::default().pending - Duration::from_secs(5));
    let waiting = world.load(&id).await;
    let waiting = world.pending.update(waiting, consented()).await.unwrap();
    world.clock.advance(Duration::from_secs(5));
    assert_eq!(world.pending.load(&id, &world.browser).await.err(), Some(PendingError::Unknown));
    assert_eq!(world.pending.finish(waiting).await, Err(FinishError::AlreadyFinished));
}

#[tokio::test]
async fn an_update_from_a_stale_view_is_a_conflict() {
    let world = world().await;
    let id = world.begin().await;
    let (first, second) = (world.load(&id).await, world.load(&id).await);
    world.pending.update(first, consented()).await.unwrap();
    assert_eq!(world.pending.update(second, asked()).await.err(), Some(UpdateError::Conflict));
    assert_eq!(world.load(&id).await.payload, consented());
}

#[tokio::test]
async fn a_finish_from_a_stale_view_fails_and_leaves_the_request() {
    let world = world().await;
    let id = world.begin().await;
    let (first, second) = (world.load(&id).await, world.load(&id).await);
    let first = world.pending.update(first, consented()).await.unwrap();
    assert_eq!(world.pending.finish(second).await, Err(FinishError::Changed));
    assert_eq!(world.pending.finish(first).await, Ok(consented()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_50_finishers_wins() {
    let world = world().await;
    let id = world.begin().await;
    let mut calls = Vec::new();
    for waiting in world.load_50(&id).await {
        let pending = world.pending.clone();
        calls.push(tokio::spawn(async move { pending.finish(waiting).await }));
    }
    let mut winners = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(payload) => {
                assert_eq!(payload, asked());
                winners += 1;
            }
            Err(error) => assert_eq!(error, FinishError::AlreadyFinished),
        }
    }
    assert_eq!(winners, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_50_updates_wins() {
    let world = world().await;
    let id = world.begin().await;
    let mut calls = Vec::new();
    for (index, waiting) in world.load_50(&id).await.into_iter().enumerate() {
        let pending = world.pending.clone();
        let payload = Asked { client: index.to_string(), consented: true };
        calls.push(tokio::spawn(async move { pending.update(waiting, payload).await.is_ok() }));
    }
    let mut winners = 0;
    for call in calls {
        winners += usize::from(call.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn request_ids_and_browser_tokens_are_hashed_at_rest() {
    const REQUEST: Kind = Kind::once("request");
    let world = world().await;
    let id = world.begin().await;
    assert_eq!(world.ephemeral.get(REQUEST, id.as_str()).await, Ok(None));
    let key = hash_key().for_purpose("request").digest(id.as_str()).to_key();
    let stored = String::from_utf8(world.ephemeral.get(REQUEST, &key).await.unwrap().unwrap()).unwrap();
    assert!(stored.contains("app"));
    assert!(!stored.contains(world.browser.as_cookie_value()) && !stored.contains(id.as_str()));
}

#[tokio::test]
async fn debug_shows_nothing_of_a_waiting_request() {
    let world = world().await;
    let id = world.begin().await;
    assert_eq!(format!("{:?} {id:?}", world.load(&id).await), "Waiting(..) RequestId(..)");
}
