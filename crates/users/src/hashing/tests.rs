//! What the pool promises.

use std::{sync::Weak, time::Duration};

use super::*;

/// Cheap enough for a test; nobody's password.
fn quick() -> HashingPolicy {
    HashingPolicy { workers: 2, queue: 8, memory_kib: 64, iterations: 1, ..HashingPolicy::default() }
}

/// One worker that is busy for a while with each job.
fn slow(queue: usize) -> HashingPolicy {
    HashingPolicy { workers: 1, queue, memory_kib: 65_536, iterations: 4, ..HashingPolicy::default() }
}

fn hasher(policy: HashingPolicy) -> PasswordHasher {
    PasswordHasher::new(policy, Random::system()).unwrap()
}

/// Begins to hash, and returns once the job is in the queue or with a worker.
async fn begin(hasher: &PasswordHasher) -> tokio::task::JoinHandle<Result<String, HashingError>> {
    let hasher = hasher.clone();
    let task = tokio::spawn(async move { hasher.hash(&"waits its turn".into()).await });
    tokio::time::sleep(Duration::from_millis(20)).await;
    task
}

#[tokio::test]
async fn only_the_password_that_was_hashed_matches() {
    let hasher = hasher(quick());
    let phc = hasher.hash(&"correct horse".into()).await.unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
    assert_eq!(hasher.verify(&"correct horse".into(), &phc).await, Ok(Verdict { matches: true, needs_rehash: false }));
    assert!(!hasher.verify(&"correct horsf".into(), &phc).await.unwrap().matches);
}

#[tokio::test]
async fn the_same_password_never_has_the_same_hash() {
    let hasher = hasher(quick());
    assert_ne!(hasher.hash(&"same".into()).await, hasher.hash(&"same".into()).await);
}

/// Attack A62.
#[tokio::test]
async fn every_character_of_a_password_counts() {
    let hasher = hasher(quick());
    let long = "x".repeat(100);
    let phc = hasher.hash(&format!(" {long}\0tail").into()).await.unwrap();
    for other in [format!("{long}\0tail"), format!(" {long}"), format!(" {long}\0tai"), format!(" {long}\0tail ")] {
        assert!(!hasher.verify(&other.into(), &phc).await.unwrap().matches);
    }
}

#[tokio::test]
async fn a_hash_of_yesterdays_policy_asks_to_be_made_anew() {
    let old = hasher(quick()).hash(&"still right".into()).await.unwrap();
    let today = hasher(HashingPolicy { memory_kib: 128, ..quick() });
    assert_eq!(today.verify(&"still right".into(), &old).await, Ok(Verdict { matches: true, needs_rehash: true }));
}

#[tokio::test]
async fn a_full_queue_answers_at_once_when_to_come_back() {
    let hasher = hasher(slow(1));
    let _with_the_worker = begin(&hasher).await;
    let _in_the_queue = begin(&hasher).await;
    let began = Instant::now();
    let answer = hasher.hash(&"one too many".into()).await;
    assert!(
        matches!(answer, Err(HashingError::Busy { retry_after }) if retry_after >= Duration::from_secs(1)),
        "{answer:?}"
    );
    assert!(began.elapsed() < Duration::from_millis(50));
}

#[tokio::test]
async fn whoever_has_gone_makes_room_and_is_not_hashed() {
    let hasher = hasher(slow(1));
    let first = begin(&hasher).await;
    let gone = begin(&hasher).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let third = begin(&hasher).await;
    assert!(first.await.unwrap().is_ok());
    assert!(third.await.unwrap().is_ok(), "the place of the one who went is free");
}

#[test]
fn a_worker_passes_over_abandoned_jobs() {
    let queue = Queue::new(4, 1);
    for _ in 0..3 {
        let (reply, answer) = oneshot::channel();
        queue.push(Job::Hash { password: "gone".into(), salt: [0; 16], reply }).ok().unwrap();
        drop(answer);
    }
    assert!(matches!(queue.take(Some(Duration::ZERO)), Next::Nothing));
}

/// Attack A60: the decoy is a hash like any other.
#[tokio::test]
async fn verifying_nothing_computes_a_whole_hash() {
    let hasher = hasher(quick());
    let decoy = Stored::read(&hasher.pool.decoy, &hasher.pool.params, false).unwrap();
    assert!(decoy.is_up_to_date(), "it has the parameters of today");
    assert_eq!(hasher.verify_nothing(&"anything".into()).await, Ok(()));
}

#[tokio::test]
async fn the_threads_end_with_the_last_handle() {
    let hasher = hasher(quick());
    hasher.hash(&"something".into()).await.unwrap();
    let queue: Weak<Queue> = Arc::downgrade(&hasher.pool.queue);
    drop(hasher);
    for _ in 0..500 {
        if queue.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("a worker still holds the queue");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    /// Attack A62: whatever is typed is what is verified.
    #[test]
    fn a62_any_password_comes_back_and_no_neighbour_of_it(password in "\\PC{0,64}|[\\x00-\\x20]{0,16}|.{0,300}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let hasher = hasher(quick());
            let hash = hasher.hash(&password.as_str().into()).await.unwrap();
            assert!(hasher.verify(&password.as_str().into(), &hash).await.unwrap().matches);
            for other in [format!("{password} "), format!(" {password}"), format!("{password}\0")] {
                assert!(!hasher.verify(&other.into(), &hash).await.unwrap().matches);
            }
        });
    }
}
