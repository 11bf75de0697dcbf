//! Asking for a link: who gets one, and who is told what.

use vestibule_audit::{Filter, Kind, Page};
use vestibule_users::{AskError, ContactKind, NewContact, Notice};

use super::{Desk, desk, from};

#[tokio::test]
async fn a65_the_link_leads_to_the_configured_address_and_is_sent_to_the_address_that_is_known() {
    let desk = desk().await;
    desk.person("eve").await;
    for typed in ["eve", " EVE ", "Eve@Example.com"] {
        desk.recovery.ask(typed, &from()).await.unwrap();
        let mail = desk.one_mail().await;
        assert_eq!(mail.to, "eve@example.com");
        assert!(mail.text.contains("\nhttps://id.example.com/reset-password?token="), "{}", mail.text);
        assert!(mail.text.contains("192.0.2.7") && mail.text.contains("30 minutes"), "{}", mail.text);
    }
}

#[tokio::test]
async fn a60_whoever_is_named_it_is_one_job_and_one_answer() {
    let desk = desk().await;
    let gone = desk.person("gone").await;
    desk.site.users.deactivate(gone.id).await.unwrap();
    desk.person_with("bare", |new| new.email = None).await;
    desk.person_with("cardholder", |new| new.password = None).await;
    for typed in ["nobody", "gone", "bare", "cardholder", "", "a\nb", &"x".repeat(300), "nobody@example.com"] {
        desk.recovery.ask(typed, &from()).await.unwrap();
        assert_eq!(desk.waiting().await, 1, "{typed}");
        assert!(desk.post().await.is_empty(), "{typed}");
    }
}

#[tokio::test]
async fn a_person_is_reached_by_a_verified_address_of_theirs_and_else_by_the_primary_one() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    for (value, verified) in [("second@example.com", true), ("third@example.com", false)] {
        let new = NewContact { kind: ContactKind::Email, value: value.to_owned(), verified };
        desk.site.users.add_contact(eve.id, new).await.unwrap();
    }
    for (typed, to) in [
        ("second@example.com", "second@example.com"),
        ("third@example.com", "eve@example.com"),
        ("eve", "eve@example.com"),
    ] {
        desk.recovery.ask(typed, &from()).await.unwrap();
        assert_eq!(desk.one_mail().await.to, to, "{typed}");
    }
}

#[tokio::test]
async fn a_password_that_no_longer_verifies_can_be_recovered() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    desk.site.store_hash(&eve, "md5$salt$0123456789abcdef0123456789abcdef").await;
    desk.link_for("eve").await;
}

#[tokio::test]
async fn nobodys_mailbox_is_filled_and_the_answer_does_not_tell() {
    let desk = desk().await;
    desk.person("eve").await;
    for _ in 0..20 {
        desk.recovery.ask("eve", &from()).await.unwrap();
        desk.recovery.ask("nobody", &from()).await.unwrap();
    }
    assert_eq!(desk.waiting().await, 10, "five for either");
    assert_eq!(desk.post().await.len(), 5);
    desk.recovery.ask("eve@example.com", &from()).await.unwrap();
    assert!(desk.post().await.is_empty(), "by another name it is the same person");
}

#[tokio::test]
async fn one_network_cannot_go_on_asking() {
    let desk = desk().await;
    let mut last = Ok(());
    for number in 0..=50 {
        last = desk.recovery.ask(&format!("name{number}"), &from()).await;
    }
    let Err(AskError::TryLater { retry_after }) = last else { panic!("{last:?}") };
    assert_eq!(retry_after.as_secs(), 30);
    assert_eq!(desk.waiting().await, 50);
    let elsewhere = vestibule_audit::Source { address: "192.0.2.8".parse().ok(), request_id: None };
    desk.recovery.ask("eve", &elsewhere).await.unwrap();
}

#[tokio::test]
async fn that_a_link_was_sent_is_written_down_with_where_it_was_asked_for() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let token = desk.link_for("eve").await;
    let found = desk.audit.query(&Filter::default(), &Page::default()).await.unwrap();
    let [record] = &found.records[..] else { panic!("{found:?}") };
    assert_eq!(record.kind, Kind::PasswordResetRequested.as_str());
    assert_eq!(record.subject.as_deref(), Some(eve.id.to_string().as_str()));
    assert_eq!((record.address.as_deref(), record.request_id.as_deref()), (Some("192.0.2.7"), Some("request-7")));
    let text = secrecy::ExposeSecret::expose_secret(&token);
    assert!(!serde_json::to_string(record).unwrap().contains(text), "a80: no link in a record");
}

#[tokio::test]
async fn people_are_told_what_became_of_their_account_and_of_waits_once_a_day() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let locked = || Notice::SignInLocked { locked_for: std::time::Duration::from_secs(300) };
    for notice in [
        Notice::PasswordChanged,
        Notice::SecondFactorChanged { on: false },
        Notice::EmailChanged { before: "old@example.com".into() },
        locked(),
        locked(),
    ] {
        desk.recovery.tell(eve.id, notice, &from()).await.unwrap();
    }
    let mails = desk.post().await;
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["eve@example.com", "eve@example.com", "eve@example.com", "old@example.com"]);
    assert!(mails.iter().all(|mail| mail.text.contains("192.0.2.7")));
    tomorrow(&desk);
    desk.recovery.tell(eve.id, locked(), &from()).await.unwrap();
    assert!(desk.one_mail().await.text.contains("5 minutes"));
}

fn tomorrow(desk: &Desk) {
    desk.site.clock.advance(std::time::Duration::from_secs(24 * 3600));
}
