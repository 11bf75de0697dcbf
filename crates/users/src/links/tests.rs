//! What links promise.

use tokio::task::JoinSet;
use vestibule_core::{Clock, UserId};

use super::{
    targets::{ToRecover, ToRegister, ToVerify},
    *,
};

const HOLDS: Duration = Duration::from_secs(1800);

struct Desk {
    links: Links,
    store: Ephemeral,
    clock: Clock,
}

async fn desk() -> Desk {
    let clock = Clock::system();
    let store = Ephemeral::in_memory(clock.clone()).await.unwrap();
    let links = Links::new(store.clone(), &HashKey::new(&[7; 32]), Random::system());
    Desk { links, store, clock }
}

fn target() -> ToRecover {
    let user = UserId::random(&Random::system());
    ToRecover { user, address: "eve@example.com".into(), fingerprint: "f".into() }
}

impl Desk {
    async fn make(&self, target: &ToRecover) -> SecretString {
        self.links.make(target, HOLDS).await.unwrap().unwrap()
    }

    async fn is_good(&self, token: &SecretString) -> bool {
        self.links.look::<ToRecover>(token).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn a65_a_link_is_looked_at_freely_and_taken_once() {
    let (desk, target) = (desk().await, target());
    let token = desk.make(&target).await;
    for _ in 0..3 {
        assert_eq!(desk.links.look(&token).await.unwrap(), Some(target.clone()));
    }
    assert_eq!(desk.links.take(&token).await.unwrap(), Some(target));
    assert_eq!(desk.links.take::<ToRecover>(&token).await.unwrap(), None);
    assert!(!desk.is_good(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a65_of_fifty_who_take_a_link_at_once_one_has_it() {
    let (desk, target) = (desk().await, target());
    let token = desk.make(&target).await;
    let mut takers = JoinSet::new();
    for _ in 0..50 {
        let (links, token) = (desk.links.clone(), token.clone());
        takers.spawn(async move { links.take::<ToRecover>(&token).await.unwrap() });
    }
    let had: Vec<_> = takers.join_all().await.into_iter().flatten().collect();
    assert_eq!(had, [target]);
}

#[tokio::test]
async fn a67_a_link_of_one_purpose_is_nothing_to_another() {
    let (desk, target) = (desk().await, target());
    let token = desk.make(&target).await;
    assert!(desk.links.take::<ToVerify>(&token).await.unwrap().is_none());
    assert!(desk.links.take::<ToRegister>(&token).await.unwrap().is_none());
    assert!(desk.is_good(&token).await, "and it stays what it is");
}

#[tokio::test]
async fn a_link_ends_with_its_time() {
    let desk = desk().await;
    let token = desk.make(&target()).await;
    desk.clock.advance(HOLDS);
    assert!(!desk.is_good(&token).await);
    assert!(desk.links.take::<ToRecover>(&token).await.unwrap().is_none());
}

#[tokio::test]
async fn nobody_has_more_than_five_links_and_the_first_ones_stay() {
    let (desk, eve, bob) = (desk().await, target(), target());
    let mut tokens = Vec::new();
    for _ in 0..MOST {
        tokens.push(desk.make(&eve).await);
    }
    assert!(desk.links.make(&eve, HOLDS).await.unwrap().is_none());
    desk.make(&bob).await;
    for token in &tokens {
        assert!(desk.is_good(token).await);
    }
    desk.links.discard::<ToRecover>(&tokens[0]).await.unwrap();
    desk.make(&eve).await;
}

#[tokio::test]
async fn the_links_of_one_owner_go_together() {
    let (desk, eve, bob) = (desk().await, target(), target());
    let tokens = [desk.make(&eve).await, desk.make(&eve).await];
    let other = desk.make(&bob).await;
    desk.links.void::<ToRecover>(&eve.owner()).await.unwrap();
    for token in &tokens {
        assert!(!desk.is_good(token).await);
    }
    assert!(desk.is_good(&other).await);
}

#[tokio::test]
async fn a65_the_store_shows_neither_the_link_nor_whose_it_is_by_key() {
    let (desk, target) = (desk().await, target());
    let token = desk.make(&target).await;
    assert!(desk.store.list(ToRecover::KIND, &target.owner()).await.unwrap().is_empty());
    assert!(desk.store.get(ToRecover::KIND, token.expose_secret()).await.unwrap().is_none());
}

#[tokio::test]
async fn what_cannot_be_a_link_is_none() {
    let desk = desk().await;
    for text in ["", "short", &"a".repeat(44), &"A".repeat(43), &"é".repeat(21), &format!("{}=", "a".repeat(42))] {
        assert!(!desk.is_good(&text.to_owned().into()).await, "{text}");
    }
}
