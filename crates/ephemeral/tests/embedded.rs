//! The embedded engine keeps its promises in memory and on a file, and its file survives what a process can suffer.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod promises;

use std::{fs, path::Path, time::Duration};

use promises::{CODE, MINUTE, SESSION};
use vestibule_core::Clock;
use vestibule_ephemeral::{Ephemeral, Error, Found, Tombstone};

mod in_memory {
    use super::*;

    async fn open() -> (Ephemeral, Clock, ()) {
        let clock = Clock::system();
        (Ephemeral::in_memory(clock.clone()).await.unwrap(), clock, ())
    }

    prove_with!(open);
}

mod on_a_file {
    use super::*;

    async fn open() -> (Ephemeral, Clock, tempfile::TempDir) {
        let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::system());
        let store = Ephemeral::embedded(&folder.path().join("data/ephemeral.db"), clock.clone()).await.unwrap();
        (store, clock, folder)
    }

    prove_with!(open);
}

async fn open(folder: &Path) -> Result<Ephemeral, Error> {
    Ephemeral::embedded(&folder.join("ephemeral.db"), Clock::system()).await
}

/// A session, a code, the tombstone of a spent code, a replay mark.
async fn fill(store: &Ephemeral) {
    store.put(SESSION, "session", b"bob's", MINUTE, Some("bob")).await.unwrap();
    store.put(CODE, "code", b"fresh", MINUTE, None).await.unwrap();
    store.put(CODE, "spent", b"used", MINUTE, None).await.unwrap();
    store.take(CODE, "spent", Some(Tombstone { value: b"grant", ttl: MINUTE })).await.unwrap();
    store.mark_seen(CODE, "jti", MINUTE).await.unwrap();
}

/// What a killed process leaves: the files as they are at this moment, without the lock.
fn kill(folder: &Path) -> tempfile::TempDir {
    let left = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), left.path().join(entry.file_name())).unwrap();
    }
    left
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await.unwrap();
    fill(&store).await;
    store.close().await;
    let store = open(folder.path()).await.unwrap();
    assert_eq!(store.list(SESSION, "bob").await, Ok(vec![("session".into(), b"bob's".to_vec())]));
    assert_eq!(store.look(CODE, "code").await, Ok(Found::Live(b"fresh".to_vec())));
    assert_eq!(store.look(CODE, "spent").await, Ok(Found::Spent(b"grant".to_vec())));
    assert_eq!(store.mark_seen(CODE, "jti", MINUTE).await, Ok(false));
}

#[tokio::test]
async fn after_an_unclean_end_a_doubtful_code_counts_as_spent_and_all_else_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await.unwrap();
    fill(&store).await;
    let left = kill(folder.path());
    let store = open(left.path()).await.unwrap();
    assert_eq!(store.look(CODE, "code").await, Ok(Found::Missing));
    assert_eq!(store.look(CODE, "spent").await, Ok(Found::Spent(b"grant".to_vec())));
    assert_eq!(store.mark_seen(CODE, "jti", MINUTE).await, Ok(false));
    assert_eq!(store.get(SESSION, "session").await, Ok(Some(b"bob's".to_vec())));
}

#[tokio::test]
async fn a_clean_end_after_an_unclean_one_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path()).await.unwrap();
    let left = kill(folder.path());
    let store = open(left.path()).await.unwrap();
    fill(&store).await;
    store.close().await;
    let store = open(left.path()).await.unwrap();
    assert_eq!(store.look(CODE, "code").await, Ok(Found::Live(b"fresh".to_vec())));
}

#[tokio::test]
async fn dropping_the_last_handle_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await.unwrap();
    fill(&store).await;
    drop(store);
    // The thread ends in its own time; an opener waits a second for it.
    let store = open(folder.path()).await.unwrap();
    assert_eq!(store.look(CODE, "code").await, Ok(Found::Live(b"fresh".to_vec())));
}

#[tokio::test]
async fn a_second_opener_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).await.unwrap();
    let refused = open(folder.path()).await.expect_err("a held file");
    assert_eq!(refused, Error::InUse { path: folder.path().join("ephemeral.db") });
    fill(&first).await;
    first.close().await;
    assert!(open(folder.path()).await.is_ok(), "closed, it is free");
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ephemeral.db");
    fs::write(&path, "this is no database, however long it is: ".repeat(100)).unwrap();
    assert_eq!(open(folder.path()).await.err(), Some(Error::Damaged { path }));
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let _store = open(folder.path()).await.unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn the_size_stays_flat_as_entries_expire() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::system());
    let path = folder.path().join("ephemeral.db");
    let mut sizes = Vec::new();
    for _ in 0..3 {
        // A restart is when a sweep is due at once.
        let store = Ephemeral::embedded(&path, clock.clone()).await.unwrap();
        for index in 0..400 {
            store.put(CODE, &format!("{index} {:?}", clock.now()), &[7; 400], MINUTE, None).await.unwrap();
        }
        store.close().await;
        sizes.push(fs::metadata(&path).unwrap().len());
        clock.advance(MINUTE * 2);
    }
    assert!(sizes[2] < sizes[0] * 2, "{sizes:?}");
}

#[tokio::test]
async fn a_caller_who_gave_up_has_still_taken() {
    let store = Ephemeral::in_memory(Clock::system()).await.unwrap();
    store.put(CODE, "a", b"one", MINUTE, None).await.unwrap();
    // Polled once: queued, and given up.
    let _ = tokio::time::timeout(Duration::ZERO, store.take(CODE, "a", None)).await;
    assert_eq!(store.look(CODE, "a").await, Ok(Found::Missing));
}
