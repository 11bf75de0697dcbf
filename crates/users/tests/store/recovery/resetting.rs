//! Setting a new password by a link.

use vestibule_users::{Changes, ContactKind, ImportedHash, NewContact, ResetError};

use super::{super::fifty, *};

fn new_password() -> SecretString {
    NEW_PASSWORD.into()
}

impl Desk {
    async fn reset(&self, token: &SecretString) -> Result<User, ResetError> {
        self.recovery.reset(token, &new_password(), &from()).await
    }

    async fn is_refused(&self, token: &SecretString) -> bool {
        let looked = self.recovery.look(token).await.unwrap();
        let reset = self.reset(token).await;
        assert_eq!(looked.is_some(), reset.is_ok(), "the page says what the form would");
        matches!(reset, Err(ResetError::LinkUsed))
    }
}

#[tokio::test]
async fn a_link_sets_the_password_once_and_its_person_is_told() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let token = desk.link_for("eve").await;
    assert_eq!(desk.recovery.look(&token).await.unwrap().map(|user| user.id), Some(eve.id));
    assert_eq!(desk.reset(&token).await.unwrap().id, eve.id);
    assert!(desk.knows("eve", NEW_PASSWORD).await && !desk.knows("eve", PASSWORD).await);
    let told = desk.one_mail().await;
    assert!(told.to == "eve@example.com" && told.text.contains("was changed"), "{told:?}");
    assert!(desk.is_refused(&token).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a65_of_fifty_who_use_a_link_at_once_one_sets_the_password() {
    let desk = desk().await;
    desk.person("eve").await;
    let token = desk.link_for("eve").await;
    let tries = fifty(|number| {
        let (recovery, token) = (desk.recovery.clone(), token.clone());
        async move { recovery.reset(&token, &format!("{number} grey herons in a row").into(), &from()).await }
    });
    let tries = tries.await;
    let winners: Vec<usize> =
        tries.iter().enumerate().filter(|(_, one)| one.is_ok()).map(|(number, _)| number).collect();
    let [winner] = winners[..] else { panic!("{winners:?}") };
    assert!(desk.knows("eve", &format!("{winner} grey herons in a row")).await);
    assert_eq!(desk.post().await.len(), 1, "and one mail tells of it");
}

#[tokio::test]
async fn a65_a_link_is_void_once_the_password_was_changed() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let [first, second] = [desk.link_for("eve").await, desk.link_for("eve").await];
    desk.reset(&first).await.unwrap();
    assert!(desk.is_refused(&second).await, "by another link");
    desk.post().await;
    let third = desk.link_for("eve").await;
    desk.site.users.set_password(eve.id, &"eleven tall storks".into()).await.unwrap();
    assert!(desk.is_refused(&third).await, "by knowing the old one");
    let fourth = desk.link_for("eve").await;
    desk.site.users.set_imported_password(eve.id, ImportedHash::parse("!").unwrap()).await.unwrap();
    assert!(desk.is_refused(&fourth).await, "by being taken away");
}

#[tokio::test]
async fn a65_a_link_is_void_once_its_address_leads_elsewhere() {
    let desk = desk().await;
    let eve = desk.person("eve").await;
    let token = desk.link_for("eve").await;
    let changes = Changes { email: Some(Some("new@example.com".into())), ..Changes::default() };
    desk.site.users.update(eve.id, changes).await.unwrap();
    assert!(desk.is_refused(&token).await);
    let token = desk.link_for("eve").await;
    let new = NewContact { kind: ContactKind::Email, value: "other@example.com".into(), verified: true };
    desk.site.users.add_contact(eve.id, new).await.unwrap();
    desk.reset(&token).await.unwrap();
}

#[tokio::test]
async fn a_link_of_somebody_who_may_not_sign_in_or_is_gone_sets_nothing() {
    let desk = desk().await;
    let (eve, bob) = (desk.person("eve").await, desk.person("bob").await);
    let (eves, bobs) = (desk.link_for("eve").await, desk.link_for("bob").await);
    desk.site.users.deactivate(eve.id).await.unwrap();
    desk.site.users.delete(bob.id).await.unwrap();
    assert!(desk.is_refused(&eves).await && desk.is_refused(&bobs).await);
}

#[tokio::test]
async fn a_link_is_good_for_its_time() {
    let desk = desk().await;
    desk.person("eve").await;
    let token = desk.link_for("eve").await;
    desk.site.clock.advance(RECOVERY_LINK);
    assert!(desk.is_refused(&token).await);
}

#[tokio::test]
async fn a65_a_link_of_one_person_sets_nobody_elses_password() {
    let desk = desk().await;
    desk.person("eve").await;
    desk.person("bob").await;
    let token = desk.link_for("bob").await;
    desk.reset(&token).await.unwrap();
    assert!(desk.knows("eve", PASSWORD).await && desk.knows("bob", NEW_PASSWORD).await);
}

#[tokio::test]
async fn a_password_that_breaks_a_rule_does_not_cost_the_link() {
    let desk = desk().await;
    desk.person("eve").await;
    let token = desk.link_for("eve").await;
    for weak in ["short", "12345678901", "eve@example.com", ""] {
        let refused = desk.recovery.reset(&token, &weak.into(), &from()).await;
        let Err(ResetError::WeakPassword(problems)) = refused else { panic!("{weak}: {refused:?}") };
        assert!(!problems.is_empty());
    }
    assert!(desk.knows("eve", PASSWORD).await);
    desk.reset(&token).await.unwrap();
}

#[tokio::test]
async fn a66_without_a_link_nothing_is_set() {
    let desk = desk().await;
    desk.person("eve").await;
    for token in ["", "eve", &"A".repeat(43)] {
        assert!(desk.is_refused(&token.into()).await);
    }
    assert!(desk.knows("eve", PASSWORD).await);
}
