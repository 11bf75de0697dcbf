//! What ends before its time: by a sign-out, by a command in another process, and what outlives a restart.

use std::time::Duration;

use vestibule_tests::{Browser, ClientSpec, Person, TestApp, ThirdParty, Tokens, header};
use vestibule_tokens::{KeyRing, Revocation, Rotation, SigningAlgorithm, Subject};

use crate::{command, jose, within_a_second};

/// A provider, an application, and alice at her browser.
async fn begun() -> (TestApp, ThirdParty, Person, Browser) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let browser = app.browser_of(&alice);
    (app, client, alice, browser)
}

async fn tokens(browser: &mut Browser, client: &ThirdParty) -> Tokens {
    let answer = browser.authorize(client, |request| request).await;
    client.redeem(&answer).await
}

async fn is_alive(client: &ThirdParty, tokens: &Tokens) -> bool {
    client.userinfo(&tokens.access_token).await.status == 200
}

/// Whether somebody is signed in at this browser who consented before.
async fn is_signed_in(browser: &mut Browser, client: &ThirdParty) -> bool {
    let answer = browser.authorize(client, |request| request.set("prompt", "none")).await;
    answer.code.is_some()
}

#[tokio::test]
async fn a_sign_out_ends_the_access_tokens_of_its_session_and_no_others() {
    let (app, client, alice, mut browser) = begun().await;
    let other = app.client(ClientSpec::named("Other")).await;
    let here = [tokens(&mut browser, &client).await, tokens(&mut browser, &other).await];
    let elsewhere = tokens(&mut app.browser_of(&alice), &client).await;
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
    assert!(!is_alive(&client, &here[0]).await && !is_alive(&other, &here[1]).await);
    assert!(is_alive(&client, &elsewhere).await, "another browser stays signed in");
    assert!(!is_signed_in(&mut browser, &client).await);
    assert!(is_alive(&client, &tokens(&mut browser, &client).await).await, "and the next sign-in is not hit");
}

#[tokio::test]
async fn a_sign_out_that_an_application_asks_for_ends_them_too() {
    let (_app, client, _, mut browser) = begun().await;
    let tokens = tokens(&mut browser, &client).await;
    let page = browser.open(&format!("/oauth2/end_session?id_token_hint={}", tokens.id_token)).await;
    assert!(page.has("signed-out"), "{page}");
    assert!(!is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn the_session_cookie_is_dead_after_a_sign_out_even_where_a_browser_kept_it() {
    let (_app, client, _, mut browser) = begun().await;
    tokens(&mut browser, &client).await;
    let mut thief = browser.clone();
    assert!(is_signed_in(&mut thief, &client).await);
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
    assert!(!is_signed_in(&mut thief, &client).await);
}

#[tokio::test]
async fn deactivating_somebody_from_another_process_is_noticed_within_a_second() {
    let (app, client, alice, mut browser) = begun().await;
    let tokens = tokens(&mut browser, &client).await;
    let context = command(&app);
    let database = context.database().await.unwrap();
    let changes = context.changes(&database).await.unwrap();
    context.users(&database, &changes).unwrap().deactivate(alice.id).await.unwrap();
    context.revoke_user(&database, alice.id).await.unwrap();
    within_a_second("the token is dead", async || !is_alive(&client, &tokens).await).await;
    within_a_second("the session is dead", async || !is_signed_in(&mut browser, &client).await).await;
}

#[tokio::test]
async fn what_another_process_revoked_stays_dead_when_the_person_may_sign_in_again() {
    let (app, client, alice, mut browser) = begun().await;
    let before = tokens(&mut browser, &client).await;
    let context = command(&app);
    let database = context.database().await.unwrap();
    // The person is active all the time: only the log of revocations can tell.
    context.revoke_user(&database, alice.id).await.unwrap();
    within_a_second("the token is dead", async || !is_alive(&client, &before).await).await;
    assert!(!is_signed_in(&mut browser, &client).await);
    app.clock().advance(Duration::from_millis(1));
    let after = tokens(&mut browser, &client).await;
    assert!(is_alive(&client, &after).await, "the next sign-in is not hit");
    assert!(!is_alive(&client, &before).await);
}

#[tokio::test]
async fn a_browser_whose_session_was_revoked_can_sign_in_again_in_another_session() {
    let (app, client, alice, mut browser) = begun().await;
    let before = tokens(&mut browser, &client).await;
    let sid = app.provider().sessions().list(alice.id).await.unwrap()[0].sid;
    // As where the store failed right after the log had been written: the session is still there, and void.
    let expires_at = app.clock().now() + Duration::from_secs(86_400);
    let entry = Revocation { subject: Subject::Session(sid), issued_before: None, expires_at };
    app.provider().tokens().revocations().revoke(entry).await.unwrap();
    assert!(!is_alive(&client, &before).await && !is_signed_in(&mut browser, &client).await);
    let after = tokens(&mut browser, &client).await;
    assert_ne!(after.id_claims()["sid"], before.id_claims()["sid"]);
    assert!(is_alive(&client, &after).await && is_signed_in(&mut browser, &client).await);
}

#[tokio::test]
async fn deleting_an_application_from_another_process_is_noticed_within_a_second() {
    let (app, client, _, mut browser) = begun().await;
    let tokens = tokens(&mut browser, &client).await;
    let context = command(&app);
    let database = context.database().await.unwrap();
    context.clients(&database).await.unwrap().delete(&client.id()).await.unwrap();
    context.revoke_client(&database, client.id()).await.unwrap();
    within_a_second("the token is dead", async || !is_alive(&client, &tokens).await).await;
    let is_unknown = async || browser.begin(&client, |request| request).await.status == 400;
    within_a_second("nobody is sent there", is_unknown).await;
    browser.begin(&client, |request| request).await.assert_error("invalid_client");
}

#[tokio::test]
async fn somebody_created_by_another_process_can_sign_in_at_once() {
    let (app, _, _, _) = begun().await;
    let context = command(&app);
    let database = context.database().await.unwrap();
    let new = vestibule_users::NewUser {
        password: Some("correct horse of zoe".to_owned().into()),
        ..vestibule_users::NewUser::named("zoe")
    };
    let changes = context.changes(&database).await.unwrap();
    context.users(&database, &changes).unwrap().create(new).await.unwrap();
    let mut browser = app.browser();
    let page = browser.get("/login").await;
    assert!(browser.try_to_sign_in(&page, "zoe", "correct horse of zoe").await.is_redirect());
}

#[tokio::test]
async fn a_restart_keeps_sessions_consents_tokens_and_keys() {
    let (app, client, _, mut browser) = begun().await;
    let (tokens, kids) = (tokens(&mut browser, &client).await, jose::kids(&app).await);
    let app = app.restart().await;
    assert!(is_alive(&client, &tokens).await);
    assert!(is_signed_in(&mut browser, &client).await, "and nobody is asked for consent");
    assert_eq!(jose::kids(&app).await, kids);
    assert!(jose::is_signed(&tokens.id_token, &jose::keys(&app).await));
}

#[tokio::test]
async fn a_restart_keeps_codes_and_remembers_the_spent_ones() {
    let (app, client, _, mut browser) = begun().await;
    let spent = browser.authorize(&client, |request| request).await;
    let tokens = client.redeem(&spent).await;
    let fresh = browser.authorize(&client, |request| request).await;
    let _app = app.restart().await;
    client.redeem(&fresh).await;
    assert!(is_alive(&client, &tokens).await);
    assert_eq!(client.exchange(&spent).send().await.error(), "invalid_grant");
    assert!(!is_alive(&client, &tokens).await, "a replay after the restart revokes");
}

#[tokio::test]
async fn a_restart_forgets_no_revocation() {
    let (app, client, alice, mut browser) = begun().await;
    let replayed = browser.authorize(&client, |request| request).await;
    let by_replay = client.redeem(&replayed).await;
    client.exchange(&replayed).send().await;
    let by_sign_out = tokens(&mut browser, &client).await;
    let mut thief = browser.clone();
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
    let by_user = tokens(&mut app.browser_of(&alice), &client).await;
    app.provider().revoke_user(alice.id).await.unwrap();
    let _app = app.restart().await;
    for tokens in [by_replay, by_sign_out, by_user] {
        assert!(!is_alive(&client, &tokens).await);
    }
    assert!(!is_signed_in(&mut thief, &client).await);
}

/// Makes new keys as `vestibule keys rotate` does, from another process.
async fn rotate(app: &TestApp, ahead: Duration) -> Vec<String> {
    let context = command(app);
    let database = context.database().await.unwrap();
    let vault = context.vault(&database).await.unwrap();
    let (clock, random) = (context.clock.clone(), context.random.clone());
    let ring =
        KeyRing::open(database, vault, context.key_file(), &SigningAlgorithm::DEFAULT, clock, random).await.unwrap();
    let rotation = Rotation { publish_ahead: ahead, ..vestibule::rotation::of(&context.config) };
    ring.rotate(&SigningAlgorithm::DEFAULT, rotation).await.unwrap()
}

#[tokio::test]
async fn a_key_made_by_another_process_is_published_before_it_signs_and_the_old_one_goes_on_verifying() {
    let (app, client, _, mut browser) = begun().await;
    let old = tokens(&mut browser, &client).await;
    let new_kids = rotate(&app, Duration::from_secs(600)).await;
    let is_published = async || jose::kids(&app).await.iter().filter(|kid| new_kids.contains(kid)).count() == 3;
    within_a_second("the new keys are published", is_published).await;
    assert_eq!(jose::kids(&app).await.len(), 6);
    let meanwhile = tokens(&mut browser, &client).await;
    for (one, other) in [(&meanwhile.id_token, &old.id_token), (&meanwhile.access_token, &old.access_token)] {
        assert_eq!(header(one)["kid"], header(other)["kid"], "published, and does not sign yet");
    }
    app.clock().advance(Duration::from_secs(599));
    assert!(is_alive(&client, &meanwhile).await);
    app.clock().advance(Duration::from_secs(2));
    let new = tokens(&mut browser, &client).await;
    for token in [&new.id_token, &new.access_token] {
        assert!(new_kids.contains(&header(token)["kid"].as_str().unwrap().to_owned()));
    }
    let keys = jose::keys(&app).await;
    for token in [&old.id_token, &old.access_token, &new.id_token, &new.access_token] {
        assert!(jose::is_signed(token, &keys));
    }
    assert!(is_alive(&client, &new).await);
}

#[tokio::test]
async fn a_token_of_the_old_key_is_good_until_it_expires_and_still_a_hint_when_the_key_is_retired() {
    let (app, client, _, mut browser) = begun().await;
    let old = tokens(&mut browser, &client).await;
    rotate(&app, Duration::ZERO).await;
    let kid = header(&old.access_token)["kid"].clone();
    let signs_anew = async || header(&tokens(&mut browser, &client).await.access_token)["kid"] != kid;
    within_a_second("the new key signs", signs_anew).await;
    assert!(is_alive(&client, &old).await);
    app.clock().advance(Duration::from_secs(26 * 3600));
    within_a_second("the old keys are gone", async || jose::kids(&app).await.len() == 3).await;
    let hinted = |request: vestibule_tests::AuthorizeRequest| request.set("id_token_hint", &old.id_token);
    let answer = browser.authorize(&client, hinted).await;
    client.redeem(&answer).await;
}
