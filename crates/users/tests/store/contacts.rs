//! Addresses and numbers, and to whom they lead.

use std::sync::Arc;

use vestibule_core::UserId;
use vestibule_users::{
    AuthenticateError, Changes, Contact, ContactError, ContactKind, CreateError, Identifiers, NewContact, NewUser,
};

use super::{PASSWORD, Site, fifty};
use crate::open;

const MAIL: ContactKind = ContactKind::Email;
const PHONE: ContactKind = ContactKind::Phone;
const NUMBER: &str = "+351 21 555 0134";

fn mail(value: &str, verified: bool) -> NewContact {
    NewContact { kind: MAIL, value: value.into(), verified }
}

fn phone(value: &str) -> NewContact {
    NewContact { kind: PHONE, value: value.into(), verified: true }
}

fn with_number(site: &Site, name: &str, verified: bool) -> NewUser {
    let mut new = site.person(name);
    (new.claims.phone_number, new.claims.phone_number_verified) = (Some(NUMBER.into()), Some(verified));
    new
}

async fn contacts(site: &Site, user: UserId) -> Vec<(String, bool, bool, bool)> {
    let told = |contact: Contact| (contact.value, contact.verified, contact.primary, contact.shared);
    site.users.contacts(user).await.unwrap().into_iter().map(told).collect()
}

#[tokio::test]
async fn the_address_and_the_number_of_a_user_are_their_contacts() {
    let site = open().await;
    let eve = site.users.create(with_number(&site, "eve", true)).await.unwrap();
    let told = [("eve@example.com".to_owned(), false, true, false), (NUMBER.to_owned(), true, true, false)];
    assert_eq!(contacts(&site, eve.id).await, told);
    let changes = Changes { email: Some(None), claims: Some(Default::default()), ..Changes::default() };
    site.users.update(eve.id, changes).await.unwrap();
    assert_eq!(contacts(&site, eve.id).await, []);
}

#[tokio::test]
async fn what_is_told_of_a_user_follows_the_primary_contacts() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    site.users.add_contact(eve.id, mail("Eve@Example.org", true)).await.unwrap();
    site.users.make_primary(eve.id, MAIL, "eve@example.ORG").await.unwrap();
    site.users.add_contact(eve.id, phone("+1 425 555-1212")).await.unwrap();
    let now = site.users.get(eve.id).await.unwrap().unwrap();
    assert_eq!((now.email.as_deref(), now.email_verified), (Some("Eve@Example.org"), true));
    assert_eq!(now.claims.phone_number.as_deref(), Some("+1 425 555-1212"));
    assert_eq!(now.claims.phone_number_verified, Some(true));
    site.users.remove_contact(eve.id, PHONE, "+14255551212").await.unwrap();
    let now = site.users.get(eve.id).await.unwrap().unwrap();
    assert_eq!((now.claims.phone_number, now.claims.phone_number_verified), (None, None));
    let primary = site.users.remove_contact(eve.id, MAIL, "eve@example.org").await;
    assert!(matches!(primary, Err(ContactError::Primary)));
}

#[tokio::test]
async fn every_address_signs_in_and_a_number_where_that_is_asked_for() {
    let mut site = open().await;
    let eve = site.users.create(with_number(&site, "eve", false)).await.unwrap();
    site.users.add_contact(eve.id, mail("second@example.com", false)).await.unwrap();
    assert!(site.sign_in("Second@example.com", PASSWORD).await.is_ok());
    assert!(matches!(site.sign_in(NUMBER, PASSWORD).await, Err(AuthenticateError::Refused)));
    assert_eq!(site.users.find(NUMBER).await.unwrap().map(|user| user.id), Some(eve.id), "administrators find them");
    site.users = site.users.with_identifiers(Identifiers { username: false, email: false, phone: true });
    assert!(site.sign_in("+351-21-555-0134", PASSWORD).await.is_ok());
    for other in ["eve", "eve@example.com", "second@example.com"] {
        assert!(matches!(site.sign_in(other, PASSWORD).await, Err(AuthenticateError::Refused)), "{other}");
    }
}

#[tokio::test]
async fn whoever_was_shown_to_hold_an_address_wins_over_whoever_wrote_it_down() {
    let site = open().await;
    let squatter = NewUser { email: Some("victim@example.com".into()), ..site.person("squatter") };
    let squatter = site.users.create(squatter).await.unwrap();
    let victim = site.users.create(site.person("victim2")).await.unwrap();
    let unproven = site.users.add_contact(victim.id, mail("victim@example.com", false)).await;
    assert!(matches!(unproven, Err(ContactError::Taken)));
    site.users.add_contact(victim.id, mail("Victim@example.com", true)).await.unwrap();
    assert_eq!(site.users.find("victim@example.com").await.unwrap().unwrap().id, victim.id);
    assert!(contacts(&site, squatter.id).await[0].3, "it is shared");
    let back = site.users.verify_contact(squatter.id, MAIL, "victim@example.com").await;
    assert!(matches!(back, Err(ContactError::Taken)), "{back:?}");
}

#[tokio::test]
async fn nobody_takes_an_address_that_is_anothers_username() {
    let site = open().await;
    let own = NewUser { username: "eve@example.com".into(), ..site.person("eve") };
    let eve = site.users.create(own).await.unwrap();
    let bob = site.users.create(site.person("bob")).await.unwrap();
    let taken = site.users.add_contact(bob.id, mail("eve@example.com", true)).await;
    assert!(matches!(taken, Err(ContactError::Taken)));
    let taken = NewUser { email: Some("eve@example.com".into()), email_verified: true, ..NewUser::named("mallory") };
    assert!(matches!(site.users.create(taken).await, Err(CreateError::EmailTaken)));
    let gone = site.users.remove_contact(eve.id, MAIL, "eve@example.com").await;
    assert!(matches!(gone, Err(ContactError::IsUsername)));
}

#[tokio::test]
async fn a_number_that_several_have_leads_to_whoever_was_shown_to_hold_it_first() {
    let site = open().await;
    let eve = site.users.create(with_number(&site, "eve", false)).await.unwrap();
    let bob = site.users.create(with_number(&site, "bob", true)).await.unwrap();
    site.users.create(with_number(&site, "joe", true)).await.unwrap();
    assert_eq!(site.users.find(NUMBER).await.unwrap().unwrap().id, bob.id);
    assert!(contacts(&site, eve.id).await[1].3);
    let own = Changes { username: Some("+351215550134".into()), ..Changes::default() };
    let refused = site.users.update(eve.id, own.clone()).await;
    assert!(matches!(refused, Err(vestibule_users::ChangeError::UsernameTaken)), "{refused:?}");
    site.users.update(bob.id, own).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_done_with_a_contact_is_told() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let known = site.users.add_contact(eve.id, mail("EVE@example.com", false)).await;
    assert!(matches!(known, Err(ContactError::Known)));
    let wrong = site.users.add_contact(eve.id, phone("555 1212")).await;
    assert!(matches!(wrong, Err(ContactError::Invalid { field: "phone_number", .. })));
    let none = site.users.verify_contact(eve.id, MAIL, "other@example.com").await;
    assert!(matches!(none, Err(ContactError::NoSuchContact)));
    let nobody = UserId::random(&vestibule_core::Random::system());
    let none = site.users.add_contact(nobody, mail("eve@example.org", false)).await;
    assert!(matches!(none, Err(ContactError::NoSuchUser(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_want_an_address_at_once_one_gets_it() {
    let site = Arc::new(open().await);
    let mut ids = Vec::new();
    for number in 0..50 {
        ids.push(site.users.create(NewUser::named(format!("user{number}"))).await.unwrap().id);
    }
    let outcomes = fifty(|number| {
        let (site, id) = (Arc::clone(&site), ids[number]);
        async move { site.users.add_contact(id, mail("one@example.com", number % 2 == 0)).await }
    })
    .await;
    let holder = site.users.find("one@example.com").await.unwrap().unwrap();
    assert!(contacts(&site, holder.id).await.contains(&("one@example.com".to_owned(), true, true, false)));
    let proven = outcomes.iter().filter(|outcome| outcome.as_ref().is_ok_and(|contact| contact.verified)).count();
    assert_eq!(proven, 1, "{outcomes:?}");
    let odd = |outcome: &Result<Contact, ContactError>| !matches!(outcome, Ok(_) | Err(ContactError::Taken));
    assert!(!outcomes.iter().any(odd), "{outcomes:?}");
}
