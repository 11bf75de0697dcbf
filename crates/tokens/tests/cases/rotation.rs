//! The life of a key.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde_json::Value;
use vestibule_tokens::{
    DECRYPTION_ALGORITHMS, Issuer, KeyRing, KeyRingError, KeyState, Rotation, SigningAlgorithm, TokenError,
};

use super::{DAY, HOUR, World};

const ES256: SigningAlgorithm = SigningAlgorithm::Es256;
const MILLISECOND: Duration = Duration::from_millis(1);

fn state(ring: &KeyRing, kid: &str) -> Option<KeyState> {
    ring.list().into_iter().find(|key| key.kid == kid).map(|key| key.state)
}

fn signing(ring: &KeyRing) -> String {
    let keys = ring.list().into_iter();
    keys.filter(|key| key.algorithm == ES256).find(|key| key.state == KeyState::Signing).expect("a signing key").kid
}

fn published(ring: &KeyRing) -> Vec<String> {
    let document: Value = serde_json::from_slice(&ring.jwks()).expect("JSON");
    let keys = document["keys"].as_array().expect("keys").iter();
    keys.filter(|key| key["alg"] == "ES256").map(|key| key["kid"].as_str().expect("kid").to_owned()).collect()
}

fn mint(world: &World, issuer: &Issuer, lifetime: Duration) -> String {
    let mut claims = world.access_token();
    claims.lifetime = lifetime;
    issuer.mint_access_token(claims, ES256).expect("minted").token
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_verifies_after() {
    let world = World::new().await;
    // With a memory: a token that was seen dies with its key all the same.
    let issuer = world.issuer().await.with_memory(1 << 20);
    let ring = issuer.keys();
    let old = signing(ring);
    let rotation = Rotation { publish_ahead: HOUR, keep: DAY };
    let new = ring.rotate(&[ES256], rotation).await.expect("rotated").remove(0);

    assert_eq!((state(ring, &old), state(ring, &new)), (Some(KeyState::Signing), Some(KeyState::Published)));
    assert_eq!(published(ring), [old.clone(), new.clone()], "the one that signs comes first");
    world.clock.advance(HOUR - MILLISECOND * 500);
    assert_eq!(signing(ring), old);
    let last_of_old = mint(&world, &issuer, DAY * 2);

    world.clock.advance(MILLISECOND * 500);
    assert_eq!((state(ring, &old), state(ring, &new)), (Some(KeyState::Verifying), Some(KeyState::Signing)));
    assert_eq!(published(ring), [new.clone(), old.clone()]);
    let first_of_new = mint(&world, &issuer, DAY * 2);
    assert!(issuer.verify_access_token(&last_of_old).is_ok());

    world.clock.advance(DAY);
    assert_eq!((state(ring, &old), published(ring)), (Some(KeyState::Retired), vec![new]));
    assert_eq!(issuer.verify_access_token(&last_of_old).err(), Some(TokenError::UnknownKey));
    assert!(issuer.verify_access_token(&first_of_new).is_ok());
}

#[tokio::test]
async fn two_rotations_in_a_row_leave_one_key_that_signs_at_any_moment() {
    let world = World::new().await;
    let ring = world.ring().await;
    let first = signing(&ring);
    let rotation = Rotation { publish_ahead: HOUR, keep: HOUR };
    let second = ring.rotate(&[ES256], rotation).await.expect("rotated").remove(0);
    world.clock.advance(HOUR / 2);
    let third = ring.rotate(&[ES256], rotation).await.expect("rotated").remove(0);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(signing(&ring));
        world.clock.advance(HOUR / 2);
    }
    assert_eq!(seen, [first, second, third.clone(), third]);
}

#[tokio::test]
async fn a_rotation_by_another_process_is_seen_at_the_next_look() {
    let world = World::new().await;
    let (server, command) = (world.ring().await, world.ring().await);
    assert!(!server.refresh().await.expect("read"), "nothing has changed");
    let new = command.rotate(&SigningAlgorithm::DEFAULT, Rotation::default()).await.expect("rotated");
    assert!(server.refresh().await.expect("read"));
    assert_eq!((server.jwks(), server.list().len(), new.len()), (command.jwks(), 6, 3));
}

#[tokio::test]
async fn a_running_server_sees_a_rotation_within_a_second_and_stops_when_told() {
    let world = World::new().await;
    let (server, command) = (world.ring().await, world.ring().await);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let follower = tokio::spawn(server.clone().follow(stopped));
    command.rotate(&[ES256], Rotation::default()).await.expect("rotated");
    tokio::time::sleep(Duration::from_millis(900)).await;
    assert_eq!(server.list(), command.list());
    stop.send(true).expect("followed");
    tokio::time::timeout(Duration::from_secs(5), follower).await.expect("stopped").expect("no panic");
}

#[tokio::test]
async fn a_retired_key_is_deleted_once_no_hint_needs_it() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let hint = issuer.mint_id_token(world.id_token(), ES256).expect("minted");
    issuer.keys().rotate(&[ES256], Rotation { publish_ahead: Duration::ZERO, keep: HOUR }).await.expect("rotated");

    world.clock.advance(HOUR + DAY * 89);
    assert_eq!(issuer.keys().sweep().await.expect("swept"), 0);
    assert!(issuer.verify_id_token_hint(&hint).is_ok());
    world.clock.advance(DAY * 2);
    assert_eq!(issuer.keys().sweep().await.expect("swept"), 1);
    assert_eq!(issuer.verify_id_token_hint(&hint).err(), Some(TokenError::UnknownKey));
}

#[tokio::test]
async fn a_clock_that_was_behind_when_the_first_keys_were_made_still_signs() {
    let world = World::new().await;
    world.clock.advance(HOUR);
    world.ring().await;
    let behind = World { clock: vestibule_core::Clock::system(), ..world };
    let issuer = behind.issuer().await;
    assert!(issuer.verify_access_token(&mint(&behind, &issuer, HOUR)).is_ok());
}

#[tokio::test]
async fn a_key_of_an_algorithm_that_only_a_newer_program_knows_is_passed_over() {
    let world = World::new().await;
    let (db, ring) = (world.connect().await, world.ring().await);
    let copy = "INSERT INTO signing_keys SELECT 'x', 'ES999', public_jwk, private_sealed, created_at, signs_from, verifies_until \
                FROM signing_keys WHERE algorithm = 'ES256'";
    db.writer().execute_unprepared(copy).await.expect("inserted");
    assert!(!ring.refresh().await.expect("read"));
    assert_eq!(world.ring().await.list(), ring.list());
}

#[tokio::test]
async fn a_row_that_holds_another_key_than_its_id_says_is_refused() {
    let world = World::new().await;
    let (db, ring) = (world.connect().await, world.ring().await);
    let (rs256, es256) = (ring.list()[0].kid.clone(), signing(&ring));
    let swap = format!(
        "UPDATE signing_keys SET private_sealed = (SELECT private_sealed FROM signing_keys WHERE kid = '{rs256}') \
         WHERE kid = '{es256}'"
    );
    db.writer().execute_unprepared(&swap).await.expect("changed");
    let vault = world.vault(&db).await;
    let opened = KeyRing::open(db, vault, world.key_file(), &world.on, world.clock.clone(), world.random.clone()).await;
    assert!(matches!(opened, Err(KeyRingError::Sealed { kid, .. }) if kid == es256));
}

#[tokio::test]
async fn a_key_that_is_old_enough_is_followed_by_another_and_its_jwks_of_before_still_verify() {
    let world = World::new().await;
    let issuer = world.issuer().await;
    let ring = issuer.keys();
    let (first, before) = (signing(ring), published(ring));
    let rotation = Rotation { publish_ahead: HOUR, keep: DAY };
    world.clock.advance(DAY * 30 - HOUR);
    assert!(ring.rotate_due(DAY * 30, rotation).await.expect("looked").is_empty());
    // A key that was followed meanwhile by hand is young again.
    ring.rotate(&[SigningAlgorithm::Rs256], rotation).await.expect("rotated");
    world.clock.advance(HOUR);
    let made = ring.rotate_due(DAY * 30, rotation).await.expect("rotated");
    assert_eq!(made.len(), 2, "not RS256");
    // Whoever fetched the keys before knows the one that signs until the new one is published for long enough.
    assert_eq!(signing(ring), first);
    assert!(before.contains(&signing(ring)) && published(ring).len() == 2);
    world.clock.advance(HOUR);
    assert!(made.contains(&signing(ring)) && published(ring).contains(&first));
    world.clock.advance(DAY);
    assert!(!published(ring).contains(&first));
    assert!(ring.rotate_due(DAY * 30, rotation).await.expect("looked").is_empty());
}

#[tokio::test]
async fn of_many_replicas_that_find_a_key_old_one_makes_the_next() {
    let world = World::new().await;
    let mut replicas = Vec::new();
    for _ in 0..8 {
        replicas.push(world.ring().await);
    }
    world.clock.advance(DAY * 31);
    let mut callers = tokio::task::JoinSet::new();
    for ring in replicas.iter().cycle().take(24) {
        let ring = ring.clone();
        callers.spawn(async move { ring.rotate_due(DAY * 30, Rotation::default()).await.expect("looked").len() });
    }
    assert_eq!(callers.join_all().await.into_iter().sum::<usize>(), 3, "one of each algorithm");
    let ring = world.ring().await;
    assert_eq!(ring.list().len(), 6);
}

/// The ids of the keys that others are told to encrypt to.
fn encrypted_to(ring: &KeyRing) -> Vec<String> {
    let document: Value = serde_json::from_slice(&ring.jwks()).expect("JSON");
    let keys = document["keys"].as_array().expect("keys").iter();
    keys.filter(|key| key["use"] == "enc").map(|key| key["kid"].as_str().expect("kid").to_owned()).collect()
}

#[tokio::test]
async fn keys_for_decrypting_are_shared_followed_by_others_and_sealed_anew_with_the_rest() {
    let world = World::new().await;
    let (one, other) = (world.ring().await, world.ring().await);
    let first = encrypted_to(&one);
    assert_eq!((first.len(), &encrypted_to(&other)), (DECRYPTION_ALGORITHMS.len(), &first));
    world.clock.advance(DAY * 30);
    let (by_one, by_other) =
        tokio::join!(one.make_decryption_keys(Some(DAY * 30)), other.make_decryption_keys(Some(DAY * 30)),);
    let made = [by_one.expect("made"), by_other.expect("made")].concat();
    assert_eq!(made.len(), DECRYPTION_ALGORITHMS.len(), "of two replicas, one makes each");
    other.refresh().await.expect("read");
    assert_eq!(encrypted_to(&other), made);
    let listed = other.list_decryption_keys();
    assert_eq!((listed.len(), &listed), (2 * DECRYPTION_ALGORITHMS.len(), &one.list_decryption_keys()));
    for (new, old) in made.iter().zip(&first) {
        let key = |kid: &String| listed.iter().find(|key| key.kid == *kid).expect("listed");
        assert_eq!((key(new).algorithm, key(new).decrypts_until), (key(old).algorithm, None), "nothing follows it yet");
        assert_eq!(key(old).decrypts_until, Some(key(new).created_at + DAY));
    }
    assert_eq!(one.sweep().await.expect("swept"), 0, "the old ones decrypt for a day more");

    let db = world.connect().await;
    let old = world.vault(&db).await;
    vestibule_tokens::change_key(&db, &world.key_file(), &old, &world.random).await.expect("changed");
    assert_eq!(encrypted_to(&world.ring().await), made);
}
