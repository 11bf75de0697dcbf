//! What is written down, and what cannot be.

use serde_json::json;
use vestibule_audit::{Actor, Details, Event, Filter, Kind, ObjectType, Source};

use super::someone;
use crate::open;

#[tokio::test]
async fn a_record_tells_who_for_whom_what_where_and_how() {
    let site = open().await;
    let (admin, user) = (someone(), someone());
    let source = Source { address: Some("::ffff:192.0.2.7".parse().unwrap()), request_id: Some("r-1".to_owned()) };
    let event = Event::new(Kind::Granted, Actor::ApiToken { id: "t1".to_owned(), user: admin })
        .subject(user)
        .object(ObjectType::User, user)
        .client("app".into())
        .way("api_token")
        .source(&source)
        .details(Details::new().permission("shop.view_order").on("order:7"));
    site.audit.record(event).await.unwrap();
    let record = serde_json::to_value(&site.all().await[0]).unwrap();
    assert_eq!(
        record,
        json!({
            "id": record["id"], "time": record["time"], "kind": "granted",
            "actor": {"type": "api_token", "id": admin.to_string(), "token": "t1"},
            "subject": user.to_string(),
            "object": {"type": "user", "id": user.to_string()},
            "client": "app", "way": "api_token", "address": "192.0.2.7", "request_id": "r-1",
            "details": {"permission": "shop.view_order", "on": "order:7"},
        })
    );
}

#[tokio::test]
async fn what_is_not_known_is_null() {
    let site = open().await;
    site.audit.record(Event::new(Kind::SignInFailed, Actor::Nobody)).await.unwrap();
    let record = serde_json::to_value(&site.all().await[0]).unwrap();
    assert_eq!(record["actor"], json!({"type": "nobody", "id": null, "token": null}));
    for field in ["subject", "object", "client", "way", "address", "request_id"] {
        assert!(record[field].is_null(), "{field}");
    }
    assert_eq!(record["details"], json!({}));
}

#[tokio::test]
async fn a_record_of_a_change_that_was_taken_back_is_none() {
    let site = open().await;
    for keep in [false, true] {
        let transaction = site.database.begin().await.unwrap();
        site.audit.record_in(&transaction, Event::new(Kind::Created, Actor::Command)).await.unwrap();
        if keep { transaction.commit().await } else { transaction.rollback().await }.unwrap();
    }
    assert_eq!(site.all().await.len(), 1);
}

#[tokio::test]
async fn a80_text_from_outside_begins_no_line_and_no_field_of_its_own() {
    let site = open().await;
    let evil = "x\r\n{\"kind\":\"granted\"}\n\u{1b}[2J\0\u{2028}\"";
    let event = Event::new(Kind::Updated, Actor::Client(evil.into()))
        .object(ObjectType::Group, evil)
        .client(evil.into())
        .source(&Source { address: None, request_id: Some(evil.to_owned()) })
        .details(Details::new().user_agent(evil).name(evil).changed([evil, evil]).scopes([evil]));
    site.audit.record(event).await.unwrap();
    site.clock.advance(super::A_WHILE);
    let exported = site.audit.export(Filter::default()).next().await.unwrap().unwrap();
    assert_eq!(exported.lines().count(), 1);
    assert!(exported.trim_end().chars().all(|c| !c.is_control()), "{exported:?}");
    let record: serde_json::Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(record["kind"], "updated");
    assert!(record["object"]["id"].as_str().unwrap().starts_with("x\r\n{"));
}

#[tokio::test]
async fn a80_what_is_too_long_is_cut() {
    let site = open().await;
    let long = "ä".repeat(100_000);
    let list = vec![long.as_str(); 1000];
    let details = Details::new().user_agent(&long).changed(&list).group(&long).permission(&long);
    let event = Event::new(Kind::Deleted, Actor::System).object(ObjectType::Client, &long).details(details);
    site.audit.record(event).await.unwrap();
    let record = serde_json::to_string(&site.all().await[0]).unwrap();
    assert!(record.len() < 64 * 1024, "{} bytes", record.len());
}

#[tokio::test]
async fn there_is_no_change_without_its_record_and_no_record_without_its_change() {
    let site = open().await;
    let event = || Event::new(Kind::Deleted, Actor::System);
    let begun = |commit: bool| {
        let database = site.database.clone();
        async move {
            let transaction = database.begin().await?;
            if commit { transaction.commit().await } else { transaction.rollback().await }
        }
    };
    site.audit.with_change(event(), begun(false)).await.unwrap();
    assert!(site.all().await.is_empty(), "what was rolled back did not happen");
    site.audit.with_change(event(), begun(true)).await.unwrap();
    assert_eq!(site.all().await.len(), 1);
    begun(true).await.unwrap();
    assert_eq!(site.all().await.len(), 1, "what nobody asks to record is not");
    let failed: Result<(), &str> = site.audit.with_change(event(), async { Err("no") }).await;
    assert!(failed.is_err());
    assert_eq!(site.all().await.len(), 1);
    let single: Result<(), &str> = site.audit.with_change(event(), async { Ok(()) }).await;
    assert!(single.is_ok());
    assert_eq!(site.all().await.len(), 2, "a change of a single statement is recorded right after it");
}
