//! How long records are kept.

use std::time::Duration;

use tokio::sync::watch;
use vestibule_audit::{Actor, Event, Kind};

use super::someone;
use crate::open;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn what_is_older_than_the_retention_goes_and_nothing_else() {
    let site = open().await;
    let transaction = site.database.begin().await.unwrap();
    for _ in 0..1001 {
        site.audit.record_in(&transaction, Event::new(Kind::SignedIn, Actor::System)).await.unwrap();
    }
    transaction.commit().await.unwrap();
    site.clock.advance(30 * DAY);
    site.sign_in(someone()).await;
    assert_eq!(site.audit.sweep(31 * DAY).await.unwrap(), 0);
    assert_eq!(site.audit.sweep(30 * DAY).await.unwrap(), 1001);
    assert_eq!(site.all().await.len(), 1);
}

#[tokio::test]
async fn whoever_follows_sweeps_at_once_and_ends_when_told() {
    let site = open().await;
    site.sign_in(someone()).await;
    site.clock.advance(2 * DAY);
    let (stop, shutdown) = watch::channel(false);
    let following = tokio::spawn(site.audit.clone().follow(DAY, shutdown));
    while !site.all().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.send(true).unwrap();
    following.await.unwrap();
}
