//! Which records are found, in which order, and page by page.

use vestibule_audit::{Actor, Event, Filter, Kind, ObjectType, Order, Page, Record, Source};

use super::{Site, someone};
use crate::open;

async fn kinds(site: &Site, filter: Filter) -> Vec<String> {
    site.found(&filter).await.into_iter().map(|record| record.kind).collect()
}

#[tokio::test]
async fn each_part_of_a_filter_leaves_out_the_others() {
    let site = open().await;
    let (eve, bob) = (someone(), someone());
    site.sign_in(eve).await;
    let before = site.clock.now();
    let source = Source { address: None, request_id: Some("r-9".to_owned()) };
    let change = Event::new(Kind::Updated, Actor::User(eve)).subject(bob).object(ObjectType::User, bob);
    site.happens(change.source(&source).client("app".into())).await;
    site.happens(Event::new(Kind::SignedOut, Actor::User(bob)).subject(bob)).await;

    let all = Filter::default();
    assert_eq!(kinds(&site, all.clone()).await, ["signed_out", "updated", "signed_in"], "the newest first");
    let by_eve = Filter { actor: Some(eve), ..all.clone() };
    assert_eq!(kinds(&site, by_eve.clone()).await, ["updated", "signed_in"]);
    assert_eq!(kinds(&site, Filter { subject: Some(bob), ..all.clone() }).await, ["signed_out", "updated"]);
    assert_eq!(kinds(&site, Filter { subject: Some(bob), ..by_eve }).await, ["updated"], "all that is said holds");
    let two = vec![Kind::SignedIn, Kind::SignedOut];
    assert_eq!(kinds(&site, Filter { kinds: two, ..all.clone() }).await, ["signed_out", "signed_in"]);
    assert_eq!(kinds(&site, Filter { object_type: Some(ObjectType::User), ..all.clone() }).await, ["updated"]);
    assert_eq!(kinds(&site, Filter { object_id: Some(bob.to_string()), ..all.clone() }).await, ["updated"]);
    assert_eq!(kinds(&site, Filter { client: Some("app".into()), ..all.clone() }).await, ["updated"]);
    assert_eq!(kinds(&site, Filter { request_id: Some("r-9".to_owned()), ..all.clone() }).await, ["updated"]);
    assert!(kinds(&site, Filter { object_id: Some("' OR 1=1 --".to_owned()), ..all.clone() }).await.is_empty());
    let since = before + super::A_WHILE;
    assert_eq!(kinds(&site, Filter { since: Some(since), ..all.clone() }).await, ["signed_out", "updated"]);
    assert_eq!(kinds(&site, Filter { until: Some(since), ..all }).await, ["signed_in"]);
}

/// All of one moment too, since that is where a cursor of moments alone would skip or repeat.
#[tokio::test]
async fn pages_tell_every_record_once_in_either_order() {
    let site = open().await;
    for _ in 0..23 {
        site.audit.record(Event::new(Kind::SignedIn, Actor::System)).await.unwrap();
    }
    let newest: Vec<String> = site.all().await.into_iter().map(|record| record.id).collect();
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let mut ids = paged(&site, order, 5).await;
        if order == Order::OldestFirst {
            ids.reverse();
        }
        assert_eq!(ids, newest);
    }
    assert_eq!(paged(&site, Order::OldestFirst, 23).await.len(), 23, "a page that is just full is the last");
}

async fn paged(site: &Site, order: Order, limit: u64) -> Vec<String> {
    let (mut ids, mut page) = (Vec::new(), Page { order, after: None, limit });
    loop {
        let found = site.audit.query(&Filter::default(), &page).await.unwrap();
        assert!(found.records.len() as u64 <= limit && !found.records.is_empty());
        ids.extend(found.records.into_iter().map(|Record { id, .. }| id));
        let Some(next) = found.next else { return ids };
        page.after = Some(next.to_string().parse().unwrap());
    }
}

#[tokio::test]
async fn an_export_is_every_record_a_line_the_oldest_first() {
    let site = open().await;
    let users: Vec<_> = (0..3).map(|_| someone()).collect();
    for user in &users {
        site.sign_in(*user).await;
    }
    site.clock.advance(super::A_WHILE);
    let mut export = site.audit.export(Filter::default());
    site.sign_in(someone()).await;
    let lines = export.next().await.unwrap().unwrap();
    assert_eq!(export.next().await.unwrap(), None, "what came later is another export's");
    let told: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let subjects: Vec<&str> = told.iter().map(|record| record["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, users.iter().map(ToString::to_string).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_export_goes_on_from_page_to_page() {
    let site = open().await;
    let transaction = site.database.begin().await.unwrap();
    for _ in 0..1203 {
        site.audit.record_in(&transaction, Event::new(Kind::SignedIn, Actor::System)).await.unwrap();
    }
    transaction.commit().await.unwrap();
    site.clock.advance(super::A_WHILE);
    let (mut export, mut lines) = (site.audit.export(Filter::default()), Vec::new());
    while let Some(some) = export.next().await.unwrap() {
        lines.extend(some.lines().map(str::to_owned));
    }
    assert_eq!(lines.len(), 1203);
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 1203);
}
