//! The key-encryption key.

use std::fs;

use vestibule_core::{Random, Vault};
use vestibule_tokens::{KeyFileError, Secrets, change_key, open_vault, rewrap};

use super::World;

#[tokio::test]
async fn the_first_start_makes_a_key_and_the_next_one_reads_it() {
    let world = World::new().await;
    let made = world.vault(&world.connect().await).await;
    let read = world.vault(&world.connect().await).await;
    assert_eq!(made.key_id(), read.key_id());
}

#[tokio::test]
async fn a_lost_key_is_named_with_the_path_that_was_looked_at_and_no_other_is_made() {
    let world = World::new().await;
    let db = world.connect().await;
    let needed = world.vault(&db).await.key_id();
    let elsewhere = world.key_file_in("elsewhere");
    let refused = open_vault(&db, &elsewhere, &world.clock, &world.random).await.expect_err("no key").to_string();
    assert!(refused.contains(&needed) && refused.contains(elsewhere.path().to_str().unwrap()), "{refused}");
    assert!(!elsewhere.path().exists());
}

#[tokio::test]
async fn another_key_is_refused_by_both_names() {
    let world = World::new().await;
    let db = world.connect().await;
    let needed = world.vault(&db).await.key_id();
    let other = Vault::new(&[7; 32]).key_id();
    fs::write(world.key_file().path(), "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc\n").unwrap();
    let refused = open_vault(&db, &world.key_file(), &world.clock, &world.random).await.expect_err("another key");
    assert!(matches!(&refused, KeyFileError::Other { present, needed: n, .. } if *present == other && *n == needed));
}

#[tokio::test]
async fn of_replicas_in_folders_of_their_own_one_makes_a_key_and_the_others_name_it() {
    let world = World::new().await;
    let db = world.connect().await;
    let mut starts = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (db, clock, file) = (db.clone(), world.clock.clone(), world.key_file_in(&number.to_string()));
        starts.spawn(async move { open_vault(&db, &file, &clock, &Random::system()).await });
    }
    let (made, refused): (Vec<_>, Vec<_>) = starts.join_all().await.into_iter().partition(Result::is_ok);
    assert_eq!(made.len(), 1);
    let key = made[0].as_ref().unwrap().key_id();
    assert!(refused.iter().all(|r| matches!(r, Err(KeyFileError::Missing { needed, .. }) if *needed == key)));
}

#[tokio::test]
async fn a_change_of_the_key_keeps_every_secret_and_refuses_the_old_key() {
    let world = World::new().await;
    let (db, ring) = (world.connect().await, world.ring().await);
    let old = world.vault(&db).await;
    let before = Secrets::open(&db, &old, &world.clock, &world.random).await.unwrap();
    let personal = before.personal_vault().seal("totp of eve", b"a seed", &world.random);
    let new = change_key(&db, &world.key_file(), &old, &world.random).await.expect("changed");

    let vault = world.vault(&world.connect().await).await;
    assert_eq!(vault.key_id(), new.key_id());
    let after = Secrets::open(&db, &vault, &world.clock, &world.random).await.unwrap();
    assert_eq!(before.hash_key().digest("x"), after.hash_key().digest("x"));
    assert_eq!(after.personal_vault().open("totp of eve", &personal).unwrap().as_slice(), b"a seed");
    assert!(vault.open("totp of eve", &personal).is_err(), "by no other key");
    assert_eq!(ring.list(), world.ring().await.list());
    assert!(Secrets::open(&db, &old, &world.clock, &world.random).await.is_err());
    assert_eq!(rewrap(&db, &old, &new, &world.random).await.unwrap(), 0, "once is enough");
}

#[tokio::test]
async fn a_change_that_was_cut_short_is_finished_at_the_next_start() {
    let world = World::new().await;
    let db = world.connect().await;
    let (old, file) = (world.vault(&db).await, world.key_file());
    let old_text = fs::read(file.path()).unwrap();
    let new = change_key(&db, &file, &old, &world.random).await.expect("changed");
    // As it lies on the disk between the two steps: the database has the new key, the file's name still the old one.
    let next = file.path().with_extension("key.next");
    fs::rename(file.path(), &next).unwrap();
    fs::write(file.path(), old_text).unwrap();
    fs::set_permissions(file.path(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();

    assert_eq!(world.vault(&world.connect().await).await.key_id(), new.key_id());
    assert!(!next.exists());
}

#[tokio::test]
async fn a_rotation_after_a_change_of_the_key_reaches_a_replica_that_ran_all_along() {
    let world = World::new().await;
    let (db, running) = (world.connect().await, world.ring().await);
    change_key(&db, &world.key_file(), &world.vault(&db).await, &world.random).await.expect("changed");
    let kids =
        world.ring().await.rotate(&[vestibule_tokens::SigningAlgorithm::Es256], Default::default()).await.unwrap();
    assert!(running.refresh().await.expect("opened with the new key"));
    assert!(running.list().iter().any(|key| key.kid == kids[0]));
}
