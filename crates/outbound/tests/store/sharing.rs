//! Several workers at one table, and workers that die.

use std::time::Duration;

use super::{LATER, Postman, until, work};
use crate::open;

#[tokio::test]
async fn of_many_workers_never_two_do_the_same_job() {
    let site = open().await;
    for number in 0..60 {
        site.elsewhere().enqueue("test", &number.to_string()).await.unwrap();
    }
    let postman = Postman::slow(Duration::from_millis(20));
    let workers: Vec<_> = (0..8).map(|_| work(site.elsewhere(), &postman)).collect();
    site.is_empty().await;
    let mut begun = postman.begun();
    begun.sort_unstable();
    assert_eq!(begun.len(), 60);
    begun.dedup();
    assert_eq!(begun.len(), 60, "each once");
    assert_eq!(postman.most_at_one(), 1);
    for worker in workers {
        worker.stop().await;
    }
}

#[tokio::test]
async fn what_a_dead_worker_had_begun_is_begun_again_once_its_claim_is_over() {
    let site = open().await;
    let (stuck, other) = (Postman::slow(LATER), Postman::new(|_| Ok(())));
    let dying = site.work(&stuck);
    site.enqueue("a").await;
    until(async || stuck.begun().len() == 1).await;
    drop(dying);
    let _worker = work(site.elsewhere(), &other);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(other.begun().is_empty(), "the claim stands");
    site.pass(Duration::from_secs(5 * 60));
    site.is_empty().await;
    assert_eq!(other.begun(), ["a"]);
}

#[tokio::test]
async fn a_restart_picks_up_what_was_left() {
    let site = open().await;
    for what in ["a", "b", "c"] {
        site.enqueue(what).await;
        site.clock.advance(Duration::from_secs(1));
    }
    let postman = Postman::new(|_| Ok(()));
    let _worker = work(site.elsewhere(), &postman);
    site.is_empty().await;
    assert_eq!(postman.begun(), ["a", "b", "c"], "the oldest first");
}

#[tokio::test]
async fn a_shutdown_lets_what_was_begun_end() {
    let site = open().await;
    let postman = Postman::slow(Duration::from_millis(300));
    let worker = site.work(&postman);
    site.enqueue("a").await;
    until(async || postman.begun().len() == 1).await;
    worker.stop().await;
    assert_eq!(site.backlog().await.waiting, 0);
}

/// A crash loop must end some day: whoever begins a job and never says what became of it does so two hundred times at most.
#[tokio::test]
async fn a_job_that_is_begun_again_and_again_is_given_up() {
    use sea_orm::ConnectionTrait;
    let site = open().await;
    site.enqueue("a").await;
    site.database.writer().execute_unprepared("UPDATE outbox SET attempts = 200").await.unwrap();
    let postman = Postman::new(|_| Ok(()));
    let _worker = site.work(&postman);
    site.is_empty().await;
    assert_eq!(site.outbox.failed(1).await.unwrap()[0].attempts, 200);
    assert!(postman.begun().is_empty());
}
