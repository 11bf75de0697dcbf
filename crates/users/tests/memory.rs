//! What the hashing pool leaves behind, measured on this very process: hence a test program of its own.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![cfg(target_os = "linux")]

use std::time::Duration;

use vestibule_core::Random;
use vestibule_users::{HashingPolicy, PasswordHasher};

/// The memory of this process that is resident now, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Two storms, since the C library learns from what the first one freed and would keep what the second one used.
#[tokio::test]
async fn a_storm_takes_a_buffer_a_worker_and_leaves_nothing_behind() {
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
