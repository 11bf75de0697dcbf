//! Ways to authenticate, and their order.

use vestibule_core::{HashKey, Random};
use vestibule_users::{
    ApiTokenWay, ApiTokens, AuthenticateError, Evidence, NewUser, PasswordWay, RemoteUserWay, Way, WayName, Ways,
};

use super::{PASSWORD, Site};
use crate::open;

fn tokens(site: &Site) -> ApiTokens {
    ApiTokens::new(site.database.clone(), &HashKey::new(&[7; 32]), site.clock.clone(), Random::system())
}

fn remote(name: &str) -> Evidence {
    Evidence { remote_user: Some(name.into()), ..Evidence::default() }
}

async fn password(site: &Site, name: &str, password: &str) -> Evidence {
    let named = site.users.named(name).await.unwrap();
    Evidence { password: Some((named, password.into())), ..Evidence::default() }
}

fn all(site: &Site) -> Ways {
    Ways::new(vec![
        Box::new(ApiTokenWay::new(tokens(site))) as Box<dyn Way>,
        Box::new(RemoteUserWay::new(site.users.clone())),
        Box::new(PasswordWay::new(site.users.clone())),
    ])
}

fn is_refused<T>(outcome: &Result<T, AuthenticateError>) -> bool {
    matches!(outcome, Err(AuthenticateError::Refused))
}

#[tokio::test]
async fn the_way_that_proves_somebody_is_named() {
    let site = open().await;
    let (eve, ways) = (site.users.create(site.person("eve")).await.unwrap(), all(&site));
    let proven = ways.authenticate(&password(&site, "eve", PASSWORD).await).await.unwrap();
    assert_eq!((proven.user.id, proven.way, proven.amr), (eve.id, WayName::Password, vec!["pwd"]));
    let (made, text) = tokens(&site).create(eve.id, "build", None, None).await.unwrap();
    let proven = ways.authenticate(&Evidence { api_token: Some(text), ..Evidence::default() }).await.unwrap();
    assert_eq!((proven.way, proven.token.map(|token| token.id)), (WayName::ApiToken, Some(made.id)));
    let proven = ways.authenticate(&remote("eve")).await.unwrap();
    assert_eq!((proven.user.id, proven.way, proven.token), (eve.id, WayName::RemoteUser, None));
}

#[tokio::test]
async fn the_first_way_that_proves_somebody_decides() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    site.users.create(site.person("bob")).await.unwrap();
    let both = Evidence { remote_user: Some("eve".into()), ..password(&site, "bob", PASSWORD).await };
    assert_eq!(all(&site).authenticate(&both).await.unwrap().user.id, eve.id);
    let second = Evidence { remote_user: Some("nobody".into()), ..password(&site, "bob", PASSWORD).await };
    assert_eq!(all(&site).authenticate(&second).await.unwrap().way, WayName::Password);
    let names: Vec<_> = all(&site).names().collect();
    assert_eq!(names, [WayName::ApiToken, WayName::RemoteUser, WayName::Password]);
}

#[tokio::test]
async fn a_way_that_is_not_configured_lets_nobody_in() {
    let site = open().await;
    site.users.create(site.person("eve")).await.unwrap();
    let ways = Ways::new(vec![Box::new(PasswordWay::new(site.users.clone()))]);
    assert!(is_refused(&ways.authenticate(&remote("eve")).await));
    assert!(is_refused(&ways.authenticate(&Evidence::default()).await));
    assert!(is_refused(&Ways::new(vec![]).authenticate(&password(&site, "eve", PASSWORD).await).await));
}

#[tokio::test]
async fn an_inactive_user_passes_by_no_way() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let (_, text) = tokens(&site).create(eve.id, "build", None, None).await.unwrap();
    site.users.deactivate(eve.id).await.unwrap();
    let everything =
        Evidence { api_token: Some(text), remote_user: Some("eve".into()), ..password(&site, "eve", PASSWORD).await };
    assert!(is_refused(&all(&site).authenticate(&everything).await));
    assert_eq!(site.users.get(eve.id).await.unwrap().unwrap().last_sign_in, None);
}

#[tokio::test]
async fn the_word_of_a_proxy_names_a_user_that_there_is() {
    let site = open().await;
    let eve = site.users.create(site.person("eve")).await.unwrap();
    let ways = all(&site);
    let proven = ways.authenticate(&remote(" Eve")).await.unwrap();
    assert!(proven.user.last_sign_in.is_some());
    assert_eq!(site.users.get(eve.id).await.unwrap(), Some(proven.user));
    for name in ["", " ", "nobody", "eve@example.com", "eve\0", "e\nve", &"x".repeat(1 << 16)] {
        assert!(is_refused(&ways.authenticate(&remote(name)).await), "{name:.10}");
    }
}

#[tokio::test]
async fn a_site_may_keep_a_proxys_word_from_making_superusers() {
    let site = open().await;
    site.users.create(site.person("eve")).await.unwrap();
    site.users.create(NewUser { superuser: true, ..site.person("root") }).await.unwrap();
    assert!(all(&site).authenticate(&remote("root")).await.is_ok());
    let ways = Ways::new(vec![Box::new(RemoteUserWay::new(site.users.clone()).without_superusers())]);
    assert!(is_refused(&ways.authenticate(&remote("root")).await));
    assert!(ways.authenticate(&remote("eve")).await.is_ok());
}

#[tokio::test]
async fn ways_are_named_as_configuration_spells_them() {
    for way in WayName::ALL {
        assert_eq!(way.as_str().parse(), Ok(way));
    }
    assert!("passwort".parse::<WayName>().is_err());
}

#[tokio::test]
async fn what_was_brought_is_not_shown() {
    let site = open().await;
    site.users.create(site.person("eve")).await.unwrap();
    let brought = password(&site, "eve", PASSWORD).await;
    let shown = format!("{brought:?} {:?}", brought.password);
    assert!(!shown.contains("eve") && !shown.contains("argon2") && !shown.contains(PASSWORD), "{shown}");
}
