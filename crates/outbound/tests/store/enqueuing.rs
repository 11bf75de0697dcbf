//! How jobs get in, and to whoever does them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_outbound::{Backlog, Job, OutboxError};

use super::{Postman, until, work};
use crate::open;

#[tokio::test]
async fn a_job_is_done_at_once_and_leaves_nothing() {
    let site = open().await;
    let postman = Postman::new(|_| Ok(()));
    let worker = site.work(&postman);
    until(async || site.backlog().await == Backlog::default()).await;
    let before = std::time::Instant::now();
    site.enqueue("a").await;
    site.is_empty().await;
    assert!(before.elapsed() < Duration::from_millis(1500), "nobody waited for the next look");
    assert_eq!(postman.begun(), ["a"]);
    assert_eq!(site.backlog().await, Backlog::default());
    worker.stop().await;
}

#[tokio::test]
async fn what_another_process_enqueued_is_found() {
    let site = open().await;
    let postman = Postman::new(|_| Ok(()));
    let _worker = site.work(&postman);
    site.elsewhere().enqueue("test", &"a").await.unwrap();
    site.is_empty().await;
    assert_eq!(postman.begun(), ["a"]);
}

#[tokio::test]
async fn a_job_of_a_change_that_was_taken_back_is_none() {
    let site = open().await;
    for keep in [false, true] {
        let transaction = site.database.begin().await.unwrap();
        site.outbox.enqueue_in(&transaction, "test", &format!("kept: {keep}")).await.unwrap();
        if keep { transaction.commit().await } else { transaction.rollback().await }.unwrap();
    }
    let postman = Postman::new(|_| Ok(()));
    let _worker = site.work(&postman);
    site.is_empty().await;
    assert_eq!(postman.begun(), ["kept: true"]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Letter {
    to: String,
    pages: u32,
}

#[tokio::test]
async fn a_handler_gets_what_was_enqueued() {
    let site = open().await;
    let letter = Letter { to: "eve'; DROP TABLE outbox; --\n\u{0}\u{1f600}".to_owned(), pages: 7 };
    site.outbox.enqueue("letter", &letter).await.unwrap();
    let (told, heard) = std::sync::mpsc::channel::<Job>();
    let told = std::sync::Mutex::new(told);
    let postman = Handing(move |job: &Job| told.lock().unwrap().send(job.clone()).unwrap());
    let (_stop, shutdown) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(site.outbox.clone().run(postman, shutdown));
    site.is_empty().await;
    let job = heard.try_recv().unwrap();
    assert_eq!((job.kind.as_str(), job.attempt), ("letter", 1));
    assert_eq!(job.payload::<Letter>().unwrap(), letter);
    assert!(job.payload::<Vec<u8>>().is_err());
    running.abort();
}

struct Handing<F>(F);

impl<F: Fn(&Job) + Send + Sync + 'static> vestibule_outbound::Handler for Handing<F> {
    async fn handle(&self, job: &Job) -> Result<(), vestibule_outbound::Trouble> {
        (self.0)(job);
        Ok(())
    }
}

#[tokio::test]
async fn what_json_cannot_say_is_refused() {
    let site = open().await;
    let bad = std::collections::HashMap::from([(vec![1], 1)]);
    assert!(matches!(site.outbox.enqueue("test", &bad).await, Err(OutboxError::Payload(_))));
    assert_eq!(site.backlog().await.waiting, 0);
}

#[tokio::test]
async fn the_backlog_tells_how_much_waits_and_since_when() {
    let site = open().await;
    site.enqueue("a").await;
    let first = site.backlog().await.oldest.unwrap();
    site.pass(Duration::from_secs(60));
    site.enqueue("b").await;
    let backlog = site.backlog().await;
    assert_eq!((backlog.waiting, backlog.oldest, backlog.failed), (2, Some(first), 0));
    let postman = Postman::new(|_| Ok(()));
    let _worker = work(site.elsewhere(), &postman);
    site.is_empty().await;
    assert_eq!(site.backlog().await.oldest, None);
}
