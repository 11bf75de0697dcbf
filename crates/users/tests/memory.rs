//! What the hashing pool leaves behind, measured on this very process: hence a test program of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(target_os = "linux")]

use std::time::Duration;

use tokio::sync::Mutex;
use vestibule_core::Random;
use vestibule_users::{HashingPolicy, PasswordHasher};

/// What one test uses, another would measure.
static ALONE: Mutex<()> = Mutex::const_new(());

/// The memory of this process that is resident now, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Two storms, since the C library learns from what the first one freed and would keep what the second one used.
#[tokio::test]
async fn a_storm_takes_a_buffer_a_worker_and_leaves_nothing_behind() {
    let _alone = ALONE.lock().await;
    let policy = HashingPolicy { workers: 4, idle: Duration::from_millis(200), ..HashingPolicy::default() };
    let hasher = PasswordHasher::new(policy, Random::system()).unwrap();
    let before = resident_kib();
    for _ in 0..3 {
        let storm: Vec<_> = (0..24)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.hash(&"password".into()).await })
            })
            .collect();
        for one in storm {
            one.await.unwrap().unwrap();
        }
        let busy = resident_kib().saturating_sub(before);
        assert!(busy < 4 * 19_456 + 4096, "{busy} KiB are in use after a storm");
        tokio::time::sleep(Duration::from_secs(1)).await;
        let idle = resident_kib().saturating_sub(before);
        eprintln!("busy {busy} KiB, idle {idle} KiB");
        assert!(idle < 4096, "{idle} KiB are kept while there is nothing to do");
    }
}

/// What Django's own parameters ask for: 100 MiB and 8 lanes, and 16 MiB.
const DJANGO: [&str; 2] = [
    "argon2$argon2id$v=19$m=102400,t=2,p=8$d3owWGxUd09UeDdXVm4xaVJDVGozNQ$tW1/cwvT7mRwfU2do+roc14ybofbubU2DuwKj+wdR6w",
    "scrypt$16384$iit8MDUoXsz9QjmuMMbKFN$8$5$eTP+D53OHJgBkPfYp14+uQbDIB8eqcVTcI+o4INGhWN4v3pqsM04ztiY30p2XTCs3rFXQQUmspmRt5c9IJbIOw==",
];

/// People who moved in, and all come at once.
#[tokio::test]
async fn a_storm_of_hashes_from_elsewhere_takes_at_most_128_mib_a_worker_and_leaves_nothing_behind() {
    let _alone = ALONE.lock().await;
    let policy = HashingPolicy { workers: 2, idle: Duration::from_millis(200), ..HashingPolicy::default() };
    let hasher = PasswordHasher::new(policy, Random::system()).unwrap();
    let before = resident_kib();
    let storm: Vec<_> = (0..12)
        .map(|number| {
            let (hasher, hash) = (hasher.clone(), DJANGO[number / 3 % 2]);
            tokio::spawn(async move { hasher.verify(&"correct horse é battery".into(), hash).await })
        })
        .collect();
    let mut peak = 0;
    while !storm.iter().all(|one| one.is_finished()) {
        peak = peak.max(resident_kib().saturating_sub(before));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for one in storm {
        assert!(one.await.unwrap().unwrap().matches);
    }
    assert!(peak < 2 * 128 * 1024, "{peak} KiB were in use in the storm");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let idle = resident_kib().saturating_sub(before);
    eprintln!("at most {peak} KiB, idle {idle} KiB");
    assert!(idle < 4096, "{idle} KiB are kept while there is nothing to do");
}
