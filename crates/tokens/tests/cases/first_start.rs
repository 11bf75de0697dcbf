//! Many replicas start at once on an empty database.

use std::collections::HashSet;

use vestibule_core::Random;
use vestibule_tokens::{KeyRing, KeyState, Secrets, SigningAlgorithm, open_vault};

use super::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_first_starts_agree_on_one_hash_key_and_one_key_for_each_algorithm() {
    let world = World::new().await;
    let databases = [world.connect().await, world.connect().await, world.connect().await];
    let mut starts = tokio::task::JoinSet::new();
    for number in 0..50 {
        let db = databases[number % databases.len()].clone();
        let (clock, file) = (world.clock.clone(), world.key_file());
        starts.spawn(async move {
            let random = Random::system();
            let vault = open_vault(&db, &file, &clock, &random).await.expect("the vault");
            let secrets = Secrets::open(&db, &vault, &clock, &random).await.expect("the secrets");
            let ring =
                KeyRing::open(db, vault, file, &SigningAlgorithm::DEFAULT, clock, random).await.expect("the ring");
            let kids: Vec<_> = ring.list().into_iter().map(|key| key.kid).collect();
            (secrets.hash_key().digest("x").to_key(), kids, ring.jwks().to_vec())
        });
    }
    let seen: HashSet<_> = starts.join_all().await.into_iter().collect();
    assert_eq!(seen.len(), 1);
    assert!(seen.iter().all(|(_, kids, _)| kids.len() == SigningAlgorithm::DEFAULT.len()));
}

#[tokio::test]
async fn the_first_keys_sign_at_once() {
    let world = World::new().await;
    let keys = world.ring().await.list();
    let algorithms: Vec<_> = keys.iter().map(|key| key.algorithm).collect();
    assert_eq!(algorithms, SigningAlgorithm::DEFAULT);
    assert!(keys.iter().all(|key| key.state == KeyState::Signing && key.verifies_until.is_none()));
}
