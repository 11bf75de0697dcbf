//! A change reaches every process that keeps something of it.

use std::time::Duration;

use vestibule_core::Clock;
use vestibule_database::{Change, ChangeLog, Database, Topic};

async fn two_processes() -> (tempfile::TempDir, Clock, ChangeLog, ChangeLog, Database) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite://{}/vestibule.db", folder.path().display());
    let one = Database::connect(&url, 4).await.expect("opens");
    one.migrate().await.expect("migrates");
    let other = Database::connect(&url, 4).await.expect("opens");
    let clock = Clock::system();
    let first = ChangeLog::open(one.clone(), clock.clone()).await.expect("opens");
    let second = ChangeLog::open(other, clock.clone()).await.expect("opens");
    (folder, clock, first, second, one)
}

#[tokio::test]
async fn a_change_is_heard_once_in_each_process() {
    let (_folder, _clock, first, second, database) = two_processes().await;
    let (mut here, mut there) = (first.listen(), second.listen());
    let change = Change::of(Topic::Access, "alice");
    first.record(database.writer(), &change).await.expect("is written");
    first.announce(change.clone());
    assert_eq!(here.arrived(), Some(change.clone()));
    for _ in 0..2 {
        second.catch_up().await.expect("reads");
    }
    assert_eq!(there.arrived(), Some(change));
    assert_eq!(there.arrived(), None);
}

#[tokio::test]
async fn a_change_that_is_rolled_back_is_heard_nowhere() {
    let (_folder, _clock, first, second, database) = two_processes().await;
    let mut there = second.listen();
    let transaction = database.begin().await.expect("begins");
    first.record(&transaction, &Change::all_of(Topic::Attributes)).await.expect("is written");
    transaction.rollback().await.expect("is rolled back");
    second.catch_up().await.expect("reads");
    assert_eq!(there.arrived(), None);
}

#[tokio::test]
async fn whoever_could_not_read_for_long_is_told_that_everything_changed() {
    let (_folder, clock, first, second, database) = two_processes().await;
    let mut there = second.listen();
    first.record(database.writer(), &Change::of(Topic::Access, "alice")).await.expect("is written");
    clock.advance(Duration::from_secs(3600));
    assert_eq!(first.sweep().await.expect("sweeps"), 1);
    second.catch_up().await.expect("reads");
    assert!(there.arrived().is_some_and(|change| change.is_everything()));
}

#[tokio::test]
async fn a_listener_that_fell_behind_is_told_that_everything_changed() {
    let (_folder, _clock, first, _second, _database) = two_processes().await;
    let mut here = first.listen();
    for number in 0..2000 {
        first.announce(Change::of(Topic::Access, number.to_string()));
    }
    assert!(here.arrived().is_some_and(|change| change.is_everything()));
}
