//! Making an account by a link.

use serde_json::{Map, json};
use vestibule_users::{AskError, CreateError, RegisterError, Registration};

use super::{super::fifty, *};

const ADDRESS: &str = "New.Comer@example.com";

fn chosen(username: &str) -> Registration {
    Registration { username: username.to_owned(), password: NEW_PASSWORD.into(), attributes: Map::new() }
}

impl Desk {
    async fn registration(&self, address: &str) -> SecretString {
        self.recovery.ask_registration(address, &from(), None).await.unwrap();
        let mail = self.one_mail().await;
        assert_eq!(mail.to, address);
        assert!(mail.text.contains("\nhttps://id.example.com/register/finish?token="), "{}", mail.text);
        mail.token()
    }

    async fn exists(&self, name: &str) -> bool {
        self.site.users.find(name).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn an_account_is_made_by_the_link_and_its_address_is_verified() {
    let desk = desk().await;
    let token = desk.registration(ADDRESS).await;
    assert!(!desk.exists(ADDRESS).await, "asking makes nobody");
    assert_eq!(desk.recovery.look_registration(&token).await.unwrap().as_deref(), Some(ADDRESS));
    let user = desk.recovery.register(&token, chosen("newcomer")).await.unwrap().user;
    assert_eq!((user.username.as_str(), user.email.as_deref()), ("newcomer", Some(ADDRESS)));
    assert!(user.email_verified && user.active);
    assert!(desk.knows("newcomer", NEW_PASSWORD).await);
    let again = desk.recovery.register(&token, chosen("another")).await;
    assert!(matches!(again, Err(RegisterError::LinkUsed)), "{again:?}");
}

#[tokio::test]
async fn a68_an_account_has_no_rights_and_none_of_the_attributes_that_are_not_for_users() {
    let desk = desk().await;
    let token = desk.registration(ADDRESS).await;
    let mut with_more = chosen("newcomer");
    with_more.attributes = Map::from_iter([("level".to_owned(), json!("gold"))]);
    let refused = desk.recovery.register(&token, with_more).await;
    assert!(matches!(refused, Err(RegisterError::Refused(CreateError::Attributes(_)))), "{refused:?}");
    let user = desk.recovery.register(&token, chosen("newcomer")).await.unwrap().user;
    assert!(!user.staff && !user.superuser);
}

#[tokio::test]
async fn a60_an_address_that_has_an_account_gets_word_of_that_and_the_asking_looks_the_same() {
    let desk = desk().await;
    desk.person("eve").await;
    let gone = desk.person("gone").await;
    desk.site.users.deactivate(gone.id).await.unwrap();
    for typed in ["EVE@example.com", "gone@example.com"] {
        desk.recovery.ask_registration(typed, &from(), None).await.unwrap();
        assert_eq!(desk.waiting().await, 1);
        let mail = desk.one_mail().await;
        assert_eq!(mail.to, typed.to_lowercase(), "as it is known, and not as a stranger wrote it");
        assert!(!mail.text.contains("token=") && mail.text.contains("https://id.example.com/recover"), "{}", mail.text);
    }
}

#[tokio::test]
async fn a61_a_look_alike_of_a_name_is_refused_and_the_link_stays_good() {
    let desk = desk().await;
    desk.person("eve").await;
    let token = desk.registration(ADDRESS).await;
    for taken in ["eve", "EVE", " ｅｖｅ ", "ev\u{200b}e", "eve@example.com"] {
        let refused = desk.recovery.register(&token, chosen(taken)).await;
        assert!(matches!(refused, Err(RegisterError::Refused(_))), "{taken}: {refused:?}");
    }
    let mut weak = chosen("newcomer");
    weak.password = "short".into();
    let refused = desk.recovery.register(&token, weak).await;
    assert!(matches!(refused, Err(RegisterError::Refused(CreateError::WeakPassword(_)))), "{refused:?}");
    desk.recovery.register(&token, chosen("newcomer")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_use_a_link_at_once_one_has_an_account() {
    let desk = desk().await;
    let token = desk.registration(ADDRESS).await;
    let tries = fifty(|number| {
        let (recovery, token) = (desk.recovery.clone(), token.clone());
        async move { recovery.register(&token, chosen(&format!("newcomer{number}"))).await.is_ok() }
    });
    assert_eq!(tries.await.into_iter().filter(|made| *made).count(), 1);
    let people = desk.site.users.list(vestibule_users::Page::first(10)).await.unwrap();
    assert_eq!(people.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_who_want_a_name_at_once_one_has_it_and_the_others_keep_their_links() {
    let desk = desk_with(|settings| settings.address_pace.free = 100).await;
    let mut tokens = Vec::new();
    for number in 0..50 {
        tokens.push(desk.registration(&format!("comer{number}@example.com")).await);
    }
    let tries = fifty(|number| {
        let (recovery, token) = (desk.recovery.clone(), tokens[number].clone());
        async move { recovery.register(&token, chosen("newcomer")).await }
    });
    let tries = tries.await;
    assert_eq!(tries.iter().filter(|one| one.is_ok()).count(), 1);
    for (token, one) in tokens.iter().zip(&tries) {
        assert_eq!(desk.recovery.look_registration(token).await.unwrap().is_some(), one.is_err());
    }
}

#[tokio::test]
async fn an_address_that_was_given_meanwhile_makes_the_link_void() {
    let desk = desk().await;
    let token = desk.registration("eve@example.com").await;
    desk.person("eve").await;
    let late = desk.recovery.register(&token, chosen("newcomer")).await;
    assert!(matches!(late, Err(RegisterError::LinkUsed)), "{late:?}");
}

#[tokio::test]
async fn where_nobody_may_register_links_do_nothing() {
    let open = desk().await;
    let token = open.registration(ADDRESS).await;
    let closed = desk_with(|settings| settings.registration = false).await;
    closed.recovery.ask_registration(ADDRESS, &from(), None).await.unwrap();
    assert!(closed.post().await.is_empty());
    assert!(matches!(closed.recovery.register(&token, chosen("newcomer")).await, Err(RegisterError::LinkUsed)));
}

#[tokio::test]
async fn an_address_is_written_to_a_few_times_only_and_what_is_none_is_refused() {
    let desk = desk().await;
    for _ in 0..20 {
        desk.recovery.ask_registration(ADDRESS, &from(), None).await.unwrap();
    }
    assert_eq!(desk.post().await.len(), 5);
    let refused = desk.recovery.ask_registration("nonsense", &from(), None).await;
    assert!(matches!(refused, Err(AskError::NoAddress(_))), "{refused:?}");
}
