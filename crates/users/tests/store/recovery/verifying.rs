//! Showing by a link that an address is somebody's.

use vestibule_users::{AskError, Contact, ContactKind, NewContact, VerifyError};

use super::{super::fifty, *};

const OTHER: &str = "other@example.com";

impl Desk {
    async fn verification(&self, user: &User, address: &str) -> SecretString {
        self.recovery.ask_verification(user.id, address, &from()).await.unwrap();
        let mail = self.one_mail().await;
        assert_eq!(mail.to, address);
        assert!(mail.text.contains("\nhttps://id.example.com/verify-email?token="), "{}", mail.text);
        mail.token()
    }

    async fn contact(&self, user: &User, address: &str) -> Option<Contact> {
        let contacts = self.site.users.contacts(user.id).await.unwrap();
        contacts.into_iter().find(|contact| contact.value == address)
    }
}

#[tokio::test]
async fn an_address_is_theirs_once_the_link_is_used_and_not_before() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let token = desk.verification(&eve, OTHER).await;
    let looked = desk.recovery.look_verification(&token).await.unwrap().unwrap();
    assert_eq!((looked.user.id, looked.address.as_str()), (eve.id, OTHER));
    assert!(desk.contact(&eve, OTHER).await.is_none(), "looking does nothing");
    let done = desk.recovery.verify(&token).await.unwrap();
    assert_eq!((done.user.id, done.address.as_str()), (eve.id, OTHER));
    let contact = desk.contact(&eve, OTHER).await.unwrap();
    assert!(contact.verified && !contact.primary && !contact.shared);
}

#[tokio::test]
async fn an_address_that_is_there_is_verified_by_it() {
    let desk = desk().await;
    let eve = desk.person_with("eve", |new| new.email_verified = false).await;
    let token = desk.verification(&eve, "eve@example.com").await;
    assert!(desk.recovery.verify(&token).await.unwrap().user.email_verified);
}

#[tokio::test]
async fn a67_a_link_verifies_once_and_is_good_for_its_time() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let token = desk.verification(&eve, OTHER).await;
    desk.recovery.verify(&token).await.unwrap();
    desk.site.users.remove_contact(eve.id, ContactKind::Email, OTHER).await.unwrap();
    assert!(matches!(desk.recovery.verify(&token).await, Err(VerifyError::LinkUsed)));
    assert!(desk.contact(&eve, OTHER).await.is_none(), "what was taken away does not come back");
    let late = desk.verification(&eve, OTHER).await;
    desk.site.clock.advance(VERIFICATION_LINK);
    assert!(matches!(desk.recovery.verify(&late).await, Err(VerifyError::LinkUsed)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a67_of_fifty_who_use_a_link_at_once_one_succeeds() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let token = desk.verification(&eve, OTHER).await;
    let tries = fifty(|_| {
        let (recovery, token) = (desk.recovery.clone(), token.clone());
        async move { recovery.verify(&token).await.is_ok() }
    });
    assert_eq!(tries.await.into_iter().filter(|done| *done).count(), 1);
}

#[tokio::test]
async fn a67_a_link_of_one_purpose_does_nothing_for_another() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let (verifies, recovers) = (desk.verification(&eve, OTHER).await, desk.link_for("eve").await);
    assert!(desk.recovery.reset(&verifies, &NEW_PASSWORD.into(), &from()).await.is_err());
    assert!(desk.recovery.verify(&recovers).await.is_err());
    assert!(desk.recovery.look_registration(&verifies).await.unwrap().is_none());
    assert!(desk.knows("eve", PASSWORD).await && desk.contact(&eve, OTHER).await.is_none());
}

#[tokio::test]
async fn a_new_password_voids_what_a_stranger_at_an_open_session_asked_for() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let sent = desk.verification(&eve, "stranger@example.net").await;
    desk.recovery.ask_verification(eve.id, "stranger@example.org", &from()).await.unwrap();
    desk.site.users.set_password(eve.id, &NEW_PASSWORD.into()).await.unwrap();
    assert!(desk.recovery.look_verification(&sent).await.unwrap().is_none());
    assert!(matches!(desk.recovery.verify(&sent).await, Err(VerifyError::LinkUsed)));
    assert!(desk.post().await.is_empty(), "nor is a link sent that was asked for before");
    assert_eq!(desk.site.users.contacts(eve.id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_address_that_another_was_shown_to_hold_stays_theirs() {
    let desk = desk().await;
    let (eve, bob) = (desk.person("eve").await, desk.person("bob").await);
    let token = desk.verification(&eve, OTHER).await;
    let new = NewContact { kind: ContactKind::Email, value: OTHER.into(), verified: true };
    desk.site.users.add_contact(bob.id, new).await.unwrap();
    assert!(matches!(desk.recovery.verify(&token).await, Err(VerifyError::Taken)));
    assert!(desk.contact(&eve, OTHER).await.is_none());
}

#[tokio::test]
async fn a_link_of_somebody_who_is_gone_verifies_nothing() {
    let desk = desk().await;
    let (eve, bob) = (desk.person("eve").await, desk.person("bob").await);
    let (eves, bobs) = (desk.verification(&eve, OTHER).await, desk.verification(&bob, "another@example.com").await);
    desk.site.users.deactivate(eve.id).await.unwrap();
    desk.site.users.delete(bob.id).await.unwrap();
    for token in [eves, bobs] {
        assert!(matches!(desk.recovery.verify(&token).await, Err(VerifyError::LinkUsed)));
    }
}

#[tokio::test]
async fn what_is_no_address_is_refused_and_no_address_is_written_to_again_and_again() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let refused = desk.recovery.ask_verification(eve.id, "eve", &from()).await;
    assert!(matches!(refused, Err(AskError::NoAddress(_))), "{refused:?}");
    for _ in 0..20 {
        desk.recovery.ask_verification(eve.id, OTHER, &from()).await.unwrap();
    }
    assert_eq!(desk.post().await.len(), 5);
}
