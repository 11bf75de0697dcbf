//! What becomes of jobs that cannot be done.

use std::sync::atomic::{AtomicUsize, Ordering};

use vestibule_outbound::{Backlog, Trouble};

use super::{DAY, LATER, Postman, until};
use crate::open;

fn down() -> Result<(), Trouble> {
    Err(Trouble::Temporary("the server is down".to_owned()))
}

#[tokio::test]
async fn a_server_that_is_down_loses_nothing() {
    let site = open().await;
    let calls = AtomicUsize::new(0);
    let postman = Postman::new(move |_| if calls.fetch_add(1, Ordering::SeqCst) < 3 { down() } else { Ok(()) });
    let _worker = site.work(&postman);
    site.enqueue("a").await;
    for attempt in 1..=3 {
        site.last_error_is_kept(attempt).await;
        assert_eq!(site.backlog().await.waiting, 1);
        site.pass(LATER);
    }
    site.is_empty().await;
    assert_eq!(postman.begun(), ["a"; 4]);
    assert_eq!(site.backlog().await, Backlog::default());
}

#[tokio::test]
async fn what_failed_is_not_tried_again_at_once() {
    let site = open().await;
    let postman = Postman::new(|_| down());
    let _worker = site.work(&postman);
    site.enqueue("a").await;
    site.last_error_is_kept(1).await;
    for _ in 0..5 {
        site.outbox.wake();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(postman.begun().len(), 1);
}

#[tokio::test]
async fn after_three_days_of_failures_a_job_is_given_up_and_kept() {
    let site = open().await;
    let postman = Postman::new(|_| down());
    let _worker = site.work(&postman);
    site.enqueue("a").await;
    site.last_error_is_kept(1).await;
    site.pass(DAY * 2);
    site.last_error_is_kept(2).await;
    assert_eq!(site.backlog().await.waiting, 1);
    site.pass(DAY);
    site.is_empty().await;
    let failed = site.outbox.failed(10).await.unwrap();
    assert_eq!((failed.len(), failed[0].attempts, failed[0].error.as_str()), (1, 3, "the server is down"));
}

#[tokio::test]
async fn a_job_that_waited_for_longer_than_three_days_is_tried_all_the_same() {
    let site = open().await;
    site.enqueue("a").await;
    site.pass(DAY * 5);
    let postman = Postman::new(|_| Ok(()));
    let _worker = site.work(&postman);
    site.is_empty().await;
    assert_eq!(postman.begun(), ["a"]);
}

#[tokio::test]
async fn a_permanent_failure_is_kept_told_and_not_repeated() {
    let site = open().await;
    let postman = Postman::new(|_| Err(Trouble::Permanent(format!("no such address\0{}", "x".repeat(2000)))));
    let _worker = site.work(&postman);
    site.enqueue("a").await;
    site.is_empty().await;
    site.pass(DAY);
    let failed = site.outbox.failed(10).await.unwrap();
    assert_eq!((failed[0].kind.as_str(), failed[0].payload.as_str()), ("test", "\"a\""));
    assert!(failed[0].error.starts_with("no such address") && failed[0].error.len() == 500);
    assert_eq!(site.backlog().await, Backlog { waiting: 0, oldest: None, failed: 1 });
    assert_eq!(postman.begun(), ["a"]);
}

#[tokio::test]
async fn a_failed_job_can_be_tried_again() {
    let site = open().await;
    let calls = AtomicUsize::new(0);
    let once = move |_: &_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Err(Trouble::Permanent("wrong".to_owned())),
        _ => Ok(()),
    };
    let postman = Postman::new(once);
    let _worker = site.work(&postman);
    site.enqueue("a").await;
    site.is_empty().await;
    let id = site.outbox.failed(10).await.unwrap().remove(0).id;
    assert!(!site.outbox.retry("another").await.unwrap());
    assert!(site.outbox.retry(&id).await.unwrap());
    site.is_empty().await;
    assert_eq!(site.backlog().await, Backlog::default());
    assert!(!site.outbox.retry(&id).await.unwrap());
    assert_eq!(postman.begun(), ["a", "a"]);
}

#[tokio::test]
async fn a_failed_job_is_kept_for_a_month() {
    let site = open().await;
    let postman = Postman::new(|_| Err(Trouble::Permanent("wrong".to_owned())));
    let worker = site.work(&postman);
    site.enqueue("a").await;
    site.is_empty().await;
    worker.stop().await;
    for (days, left) in [(29, 1), (2, 0)] {
        site.pass(DAY * days);
        // A worker sweeps when it begins.
        let worker = site.work(&postman);
        let outbox = site.outbox.clone();
        until(async move || outbox.backlog().await.unwrap().failed == left).await;
        worker.stop().await;
    }
}

#[tokio::test]
async fn a_handler_that_panics_takes_nothing_with_it() {
    let site = open().await;
    let calls = AtomicUsize::new(0);
    let postman = Postman::new(move |_| {
        assert!(calls.fetch_add(1, Ordering::SeqCst) > 0, "this panic belongs to the test");
        Ok(())
    });
    let _worker = site.work(&postman);
    site.enqueue("a").await;
    until(async || postman.begun().len() == 1).await;
    site.enqueue("b").await;
    until(async || site.backlog().await.waiting == 1).await;
    site.pass(LATER);
    site.is_empty().await;
    assert_eq!(postman.begun(), ["a", "b", "a"]);
}
