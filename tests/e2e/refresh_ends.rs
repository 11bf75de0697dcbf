//! What ends a refresh token: everything that ends what it was given for. And `offline_access`, which outlives a sign-out.

use std::time::Duration;

use vestibule::cli::{Context, Output};
use vestibule_core::Random;
use vestibule_oidc::{ImportedGrant, ImportedToken, client::NewClient};
use vestibule_tests::{Browser, ClientSpec, JsonAnswer, Page, Person, TestApp, ThirdParty, Tokens};

use crate::{
    refresh::{assert_refused, confidential, is_alive, public, refresh, refreshed},
    scene_of,
};

/// The SHA-256 of `checksum only`, as `hashlib` computes it.
const OF_CHECKSUM_ONLY: [u8; 32] = [
    245, 139, 39, 27, 246, 132, 215, 100, 170, 26, 192, 145, 188, 8, 187, 204, 206, 211, 203, 108, 116, 216, 31, 87,
    128, 139, 110, 54, 214, 235, 126, 163,
];

const OFFLINE: &str = "openid offline_access";

/// A provider, alice, an application, and what it got in her session and for beyond it.
struct Scene {
    app: TestApp,
    alice: Person,
    client: ThirdParty,
    browser: Browser,
    online: Tokens,
    offline: Tokens,
}

async fn begun() -> Scene {
    let (app, alice, client) = scene_of(confidential()).await;
    let mut browser = app.browser_of(&alice);
    let online = given(&mut browser, &client, "openid").await;
    let offline = given(&mut browser, &client, OFFLINE).await;
    Scene { app, alice, client, browser, online, offline }
}

async fn given(browser: &mut Browser, client: &ThirdParty, scope: &str) -> Tokens {
    let answer = browser.authorize(client, |request| request.set("scope", scope)).await;
    client.redeem(&answer).await
}

impl Scene {
    async fn assert_both_ended(&self) {
        for tokens in [&self.online, &self.offline] {
            assert_refused(&refresh(&self.client, &tokens.refresh_token).send().await);
            assert!(!is_alive(&self.client, tokens).await);
        }
        assert_eq!(self.app.provider().grants().count().await.unwrap(), 0, "and no row is left");
    }

    async fn count(&self) -> u64 {
        self.app.provider().grants().count().await.unwrap()
    }

    /// The provider as a command in another process works with it.
    fn command(&self) -> Context {
        let mut context = Context::new(self.app.config().clone(), Output::to(std::io::sink()));
        context.clock = self.app.clock().clone();
        context
    }
}

/// Opens a page of the account, and proves once more who sits there where it wants that.
async fn enter(browser: &mut Browser, person: &Person, path: &str) -> Page {
    let page = browser.open(path).await;
    if page.find_form("login").is_none() {
        return page;
    }
    let page = browser.try_to_sign_in(&page, &person.username, &person.password).await;
    browser.follow(page).await
}

async fn sign_out(browser: &mut Browser) {
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
}

#[tokio::test]
async fn a30_a_sign_out_ends_what_was_given_in_the_session_and_leaves_offline_access() {
    let mut scene = begun().await;
    let elsewhere = given(&mut scene.app.browser_of(&scene.alice), &scene.client, "openid").await;
    sign_out(&mut scene.browser).await;
    assert_refused(&refresh(&scene.client, &scene.online.refresh_token).send().await);
    assert_eq!(scene.count().await, 2);
    refreshed(&scene.client, &elsewhere.refresh_token).await;
    let offline = refreshed(&scene.client, &scene.offline.refresh_token).await;
    assert!(is_alive(&scene.client, &offline).await);
    assert_eq!(offline.id_claims()["auth_time"], scene.offline.id_claims()["auth_time"]);
    assert_eq!((offline.id_claims().get("sid"), offline.access_claims().get("sid")), (None, None));
}

#[tokio::test]
async fn a30_a_password_changed_by_its_person_ends_both() {
    let mut scene = begun().await;
    scene.app.clock().advance(Duration::from_millis(5));
    let page = enter(&mut scene.browser, &scene.alice, "/account/password").await;
    let form = page.form("change-password").with("new_password", "another good one 7");
    let page = scene.browser.submit(&form).await;
    assert!(page.is_redirect(), "{page}");
    scene.assert_both_ended().await;
}

#[tokio::test]
async fn a30_everything_that_signs_a_person_out_everywhere_ends_both() {
    let scene = begun().await;
    scene.app.provider().sign_out_everywhere(scene.alice.id).await.unwrap();
    scene.assert_both_ended().await;
}

#[tokio::test]
async fn a30_a_command_that_ends_what_a_person_has_ends_both() {
    let scene = begun().await;
    let context = scene.command();
    let database = context.database().await.unwrap();
    context.revoke_user(&database, scene.alice.id).await.unwrap();
    assert_eq!(scene.count().await, 0);
    for tokens in [&scene.online, &scene.offline] {
        assert_refused(&refresh(&scene.client, &tokens.refresh_token).send().await);
    }
}

#[tokio::test]
async fn a30_somebody_deactivated_is_not_refreshed_for_whatever_the_log_knows() {
    let scene = begun().await;
    scene.app.provider().users().deactivate(scene.alice.id).await.unwrap();
    for tokens in [&scene.online, &scene.offline] {
        assert_refused(&refresh(&scene.client, &tokens.refresh_token).send().await);
    }
    scene.app.provider().users().activate(scene.alice.id).await.unwrap();
    refreshed(&scene.client, &scene.offline.refresh_token).await;
}

#[tokio::test]
async fn a30_somebody_deleted_takes_both_with_them() {
    let scene = begun().await;
    scene.app.provider().sign_out_everywhere(scene.alice.id).await.unwrap();
    scene.app.provider().users().delete(scene.alice.id).await.unwrap();
    scene.assert_both_ended().await;
}

#[tokio::test]
async fn a30_consent_withdrawn_on_the_account_page_ends_both() {
    let mut scene = begun().await;
    let other = scene.app.client(confidential().with(|new| new.name = "Other".to_owned())).await;
    let others = given(&mut scene.browser, &other, OFFLINE).await;
    let page = enter(&mut scene.browser, &scene.alice, "/account/applications").await;
    assert!(page.attributes("data-scope").contains(&"offline_access".to_owned()), "{page}");
    let form = page.form_with("application", &scene.client.client_id).unwrap();
    let page = scene.browser.submit(&form.with("action", "withdraw")).await;
    assert!(page.is_redirect(), "{page}");
    assert_refused(&refresh(&scene.client, &scene.online.refresh_token).send().await);
    assert_refused(&refresh(&scene.client, &scene.offline.refresh_token).send().await);
    assert!(!is_alive(&scene.client, &scene.offline).await);
    refreshed(&other, &others.refresh_token).await;
    assert_eq!(scene.count().await, 1);
}

#[tokio::test]
async fn offline_access_of_an_application_that_nobody_is_asked_for_is_shown_and_withdrawn_too() {
    let (app, alice, client) = scene_of(confidential().with(|new| new.first_party = true)).await;
    let mut browser = app.browser_of(&alice);
    let tokens = given(&mut browser, &client, OFFLINE).await;
    let page = enter(&mut browser, &alice, "/account/applications").await;
    assert!(page.attributes("data-scope").contains(&"offline_access".to_owned()), "{page}");
    let form = page.form_with("application", &client.client_id).unwrap();
    browser.submit(&form.with("action", "withdraw")).await;
    assert_refused(&refresh(&client, &tokens.refresh_token).send().await);
}

#[tokio::test]
async fn a21_a30_a_replayed_code_ends_what_it_gave() {
    let (app, alice, client) = scene_of(confidential()).await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request.set("scope", OFFLINE)).await;
    let tokens = client.redeem(&answer).await;
    let next = refreshed(&client, &tokens.refresh_token).await;
    assert_refused(&client.exchange(&answer).send().await);
    assert_refused(&refresh(&client, &next.refresh_token).send().await);
    assert!(!is_alive(&client, &next).await);
    assert_eq!(app.provider().grants().count().await.unwrap(), 0);
}

#[tokio::test]
async fn a30_an_application_that_is_deleted_takes_its_own_with_it() {
    let scene = begun().await;
    scene.app.provider().clients().delete(&scene.client.id()).await.unwrap();
    scene.app.provider().revoke_client(&scene.client.id()).await.unwrap();
    assert_eq!(scene.count().await, 0);
    assert_eq!(refresh(&scene.client, &scene.offline.refresh_token).send().await.status, 401);
}

#[tokio::test]
async fn a30_a_scope_that_the_application_lost_is_not_refreshed() {
    let (app, alice, client) = scene_of(confidential()).await;
    let tokens = given(&mut app.browser_of(&alice), &client, "openid email").await;
    let found = app.provider().clients().find(&client.id()).await.unwrap().unwrap();
    let mut new = NewClient::named("Harbour Notes", found.metadata.redirect_uris.clone());
    new.metadata = found.metadata.clone();
    new.metadata.scope = "openid".parse().unwrap();
    app.provider().clients().update(&client.id(), new, None).await.unwrap();
    assert_refused(&refresh(&client, &tokens.refresh_token).send().await);
    let narrow = refresh(&client, &tokens.refresh_token).add("scope", "openid").send().await.tokens();
    assert_eq!(narrow.body["scope"], "openid");
}

#[tokio::test]
async fn a_session_that_nobody_used_for_long_takes_its_own_with_it_and_a_refresh_is_a_use() {
    let scene = begun().await;
    let mut online = scene.online.clone();
    for _ in 0..3 {
        scene.app.clock().advance(Duration::from_secs(7 * 3600));
        online = refreshed(&scene.client, &online.refresh_token).await;
    }
    scene.app.clock().advance(Duration::from_secs(9 * 3600));
    assert_refused(&refresh(&scene.client, &online.refresh_token).send().await);
    refreshed(&scene.client, &scene.offline.refresh_token).await;
}

#[tokio::test]
async fn a_restart_forgets_nothing() {
    let Scene { app, client, online, offline, .. } = begun().await;
    let spent = refreshed(&client, &online.refresh_token).await;
    let app = app.restart().await;
    assert_eq!(refreshed(&client, &online.refresh_token).await.refresh_token, spent.refresh_token);
    refreshed(&client, &offline.refresh_token).await;
    drop(app);
}

#[tokio::test]
async fn a_person_is_asked_for_offline_access_in_words_and_once() {
    let (app, alice, client) = scene_of(confidential()).await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let silent = browser.authorize(&client, |request| request.set("scope", OFFLINE).set("prompt", "none")).await;
    assert_eq!(silent.error(), "consent_required");
    let page = browser.begin(&client, |request| request.set("scope", OFFLINE)).await;
    assert!(page.text().contains("when you are signed out"), "{page}");
    given(&mut browser, &client, OFFLINE).await;
    let silent = browser.authorize(&client, |request| request.set("scope", OFFLINE).set("prompt", "none")).await;
    assert_ne!(client.redeem(&silent).await.refresh_token, "");
}

#[tokio::test]
async fn offline_access_is_ignored_where_an_application_cannot_come_back() {
    let (app, alice, client) = scene_of(ClientSpec::default()).await;
    let mut browser = app.browser_of(&alice);
    let tokens = given(&mut browser, &client, OFFLINE).await;
    assert_eq!((tokens.refresh_token.as_str(), &tokens.body["scope"]), ("", &"openid".into()));
    let unregistered = app.client(confidential().for_scope("openid")).await;
    let tokens = given(&mut browser, &unregistered, OFFLINE).await;
    assert_eq!(tokens.body["scope"], "openid");
    sign_out(&mut browser).await;
    assert_refused(&refresh(&unregistered, &tokens.refresh_token).send().await);
}

/// What `vestibule import django` brings: the token itself, or only its SHA-256 checksum.
#[tokio::test]
async fn a_refresh_token_of_another_system_goes_on_here_as_if_nothing_had_happened() {
    for spec in [confidential(), public()] {
        let (app, alice, client) = scene_of(spec).await;
        let context = Context::new(app.config().clone(), Output::to(std::io::sink()));
        let database = context.database().await.unwrap();
        let tokens = [ImportedToken::Plain("plain text".to_owned()), ImportedToken::Sha256(OF_CHECKSUM_ONLY)];
        let transaction = database.begin().await.unwrap();
        for token in tokens {
            let imported = ImportedGrant {
                client: client.id(),
                user: alice.id,
                scope: "openid email".parse().unwrap(),
                authenticated_at: app.clock().now() - Duration::from_secs(86_400),
                expires_at: None,
                token,
            };
            let grants = app.provider().grants();
            assert!(grants.insert_in(&transaction, imported.clone(), &Random::system()).await.unwrap().is_some());
            let again = grants.insert_in(&transaction, imported, &Random::system()).await.unwrap();
            assert_eq!(again, None, "not twice");
        }
        transaction.commit().await.unwrap();
        for old in ["plain text", "checksum only"] {
            let first = refreshed(&client, old).await;
            assert_eq!(first.id_claims()["sub"], alice.id.to_string());
            assert!(is_alive(&client, &first).await);
            assert_eq!(refreshed(&client, old).await.refresh_token, first.refresh_token);
            let second = refreshed(&client, &first.refresh_token).await;
            app.clock().advance(Duration::from_secs(61));
            assert_refused(&refresh(&client, old).send().await);
            assert_refused(&refresh(&client, &second.refresh_token).send().await);
        }
        assert_refused(&refresh(&client, "nobody's").send().await);
    }
}

#[tokio::test]
async fn the_administration_api_ends_both_with_a_person_who_is_deactivated() {
    let scene = begun().await;
    let root = scene.app.superuser().await;
    let answer: JsonAnswer =
        root.patch(&format!("/api/v1/users/{}", scene.alice.id), &serde_json::json!({ "active": false })).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    scene.assert_both_ended().await;
}
