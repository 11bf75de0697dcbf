//! Telling applications that a session has ended: exactly those that were given tokens in it, whatever ends it, and without
//! anybody waiting for them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use url::form_urlencoded;
use vestibule_core::UserId;
use vestibule_tests::{Browser, ClientSpec, LogoutSite, Person, TestApp, ThirdParty, Tokens, claims, header};
use vestibule_tokens::SigningAlgorithm;

use crate::{command, jose};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A provider that reaches this machine, alice, and an application that hears of logouts at a site of its own.
pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) alice: Person,
    pub(crate) client: ThirdParty,
    pub(crate) site: LogoutSite,
    pub(crate) browser: Browser,
}

pub(crate) async fn begun() -> Scene {
    let app = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
    let (site, alice) = (LogoutSite::start().await, app.user("alice").await);
    let client = hearing(&app, &site, "Harbour Notes").await;
    let browser = app.browser_of(&alice);
    Scene { app, alice, client, site, browser }
}

/// An application that hears of logouts at a site.
async fn hearing(app: &TestApp, site: &LogoutSite, name: &str) -> ThirdParty {
    let spec = ClientSpec::named(name).for_grants(&["authorization_code", "refresh_token"]);
    app.client(spec.with(|new| new.metadata.backchannel_logout_uri = Some(site.url()))).await
}

pub(crate) async fn given(browser: &mut Browser, client: &ThirdParty) -> Tokens {
    let answer = browser.authorize(client, |request| request).await;
    client.redeem(&answer).await
}

async fn end_session(browser: &mut Browser, tokens: &Tokens) {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("id_token_hint", &tokens.id_token).finish();
    browser.get(&format!("/oauth2/end_session?{query}")).await;
}

async fn sign_out(browser: &mut Browser) {
    let page = browser.get("/logout").await;
    browser.click(&page, "logout", "sign-out").await;
}

/// Some time in which a message would have come.
async fn a_while() {
    sleep(Duration::from_millis(400)).await;
}

#[tokio::test]
async fn a_logout_token_is_signed_and_says_what_it_must_and_no_more() {
    let Scene { app, alice, client, site, mut browser } = begun().await;
    let tokens = given(&mut browser, &client).await;
    end_session(&mut browser, &tokens).await;
    let token = site.hears(1).await.remove(0);
    let (head, told) = (header(&token), claims(&token));
    assert_eq!((&head["typ"], &head["alg"]), (&json!("logout+jwt"), &json!("RS256")));
    assert!(jose::is_signed(&token, &jose::keys(&app).await));
    assert_eq!((&told["iss"], &told["aud"]), (&json!(app.issuer()), &json!(client.client_id)));
    assert_eq!((&told["sub"], &told["sid"]), (&json!(alice.id.to_string()), &tokens.id_claims()["sid"]));
    assert_eq!(told["events"], json!({ EVENT: {} }));
    let lives = told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap();
    assert!((1..=120).contains(&lives), "{told}");
    assert!(told["jti"].is_string() && told.get("nonce").is_none(), "{told}");
    let names: Vec<&String> = told.as_object().unwrap().keys().collect();
    assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"]);
    let request = site.requests().remove(0).to_ascii_lowercase();
    assert!(request.starts_with("post /backchannel http/1.1"), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded"), "{request}");
}

#[tokio::test]
async fn it_is_signed_by_what_the_applications_id_tokens_are_signed_with() {
    let Scene { app, site, mut browser, .. } = begun().await;
    let spec = ClientSpec::default().with(|new| {
        new.metadata.backchannel_logout_uri = Some(site.url());
        new.metadata.id_token_signed_response_alg = SigningAlgorithm::Es256.into();
    });
    let client = app.client(spec).await;
    given(&mut browser, &client).await;
    sign_out(&mut browser).await;
    let token = site.hears(1).await.remove(0);
    assert_eq!(header(&token)["alg"], "ES256");
    assert!(jose::is_signed(&token, &jose::keys(&app).await));
}

#[tokio::test]
async fn exactly_those_are_told_that_were_given_tokens_in_that_session() {
    let Scene { app, alice, client, site, mut browser } = begun().await;
    let others = LogoutSite::start().await;
    let (asked, elsewhere) = (hearing(&app, &others, "Asked").await, hearing(&app, &others, "Elsewhere").await);
    let (unheard, twice) = (app.client(ClientSpec::default()).await, LogoutSite::start().await);
    let second = hearing(&app, &twice, "Second").await;
    let tokens = given(&mut browser, &client).await;
    for client in [&second, &second, &unheard] {
        given(&mut browser, client).await;
    }
    browser.authorize(&asked, |request| request).await;
    given(&mut app.browser_of(&alice), &elsewhere).await;
    end_session(&mut browser, &tokens).await;
    site.hears(1).await;
    twice.hears(1).await;
    a_while().await;
    assert_eq!((site.heard().len(), twice.heard().len()), (1, 1), "each once");
    assert_eq!(others.heard().len(), 0, "a code that was not redeemed, and another session");
}

#[tokio::test]
async fn who_is_given_no_id_token_is_not_told() {
    let Scene { app: _app, client, site, mut browser, .. } = begun().await;
    let answer = browser.authorize(&client, |request| request.set("scope", "email").without("nonce")).await;
    client.exchange(&answer).send().await;
    sign_out(&mut browser).await;
    a_while().await;
    assert_eq!(site.heard().len(), 0);
}

/// What ends the session of a person who sits at a browser, in each way there is.
async fn ended_by(way: &str, scene: &mut Scene) {
    let Scene { app, alice, browser, .. } = scene;
    let sid = app.provider().sessions().list(alice.id).await.unwrap()[0].sid;
    let root = app.superuser().await;
    let user = format!("/api/v1/users/{}", alice.id);
    match way {
        "sign-out" => sign_out(browser).await,
        "account: one session" => {
            let mut other = Browser::sign_in(app, alice).await;
            let form = other.get("/account/sessions").await.form("end-everywhere");
            other.submit(&form.with("session", &sid.to_string()).with("action", "end")).await;
        }
        "account: everywhere" => {
            let mut other = Browser::sign_in(app, alice).await;
            let form = other.get("/account/sessions").await.form("end-everywhere");
            other.submit(&form.with("action", "end-all")).await;
        }
        "account: password" => {
            let mut other = Browser::sign_in(app, alice).await;
            let form = other.get("/account/password").await.form("change-password");
            other.submit(&form.with("new_password", "violet tram under seven lakes")).await;
        }
        "administrator: one session" => {
            assert_eq!(root.delete(&format!("{user}/sessions/{sid}")).await.status, 204);
        }
        "administrator: deactivation" => {
            assert_eq!(root.patch(&user, &json!({ "active": false })).await.status, 200);
        }
        "administrator: deletion" => assert_eq!(root.delete(&user).await.status, 204),
        "command" => {
            let context = command(app);
            let database = context.database().await.unwrap();
            context.revoke_user(&database, alice.id).await.unwrap();
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a56_whatever_ends_a_session_the_application_is_told_and_its_refresh_token_is_dead() {
    for way in [
        "sign-out",
        "account: one session",
        "account: everywhere",
        "account: password",
        "administrator: one session",
        "administrator: deactivation",
        "administrator: deletion",
        "command",
    ] {
        let mut scene = begun().await;
        let tokens = given(&mut scene.browser, &scene.client).await;
        scene.app.clock().advance(Duration::from_millis(5));
        ended_by(way, &mut scene).await;
        let told = claims(&scene.site.hears(1).await[0]);
        assert_eq!(told["sid"], tokens.id_claims()["sid"], "{way}");
        let refresh = scene.client.asks("refresh_token").set("refresh_token", &tokens.refresh_token);
        assert_eq!(refresh.send().await.error(), "invalid_grant", "{way}");
        assert_eq!(scene.client.userinfo(&tokens.access_token).await.status, 401, "{way}");
        assert_eq!(scene.site.heard().len(), 1, "{way}");
    }
}

#[tokio::test]
async fn a56_a_slow_application_keeps_neither_the_person_nor_another_application_waiting() {
    let Scene { app, client, site, mut browser, .. } = begun().await;
    let slow = LogoutSite::start().await;
    slow.falls_silent();
    for number in 0..6 {
        let client = hearing(&app, &slow, &format!("Slow {number}")).await;
        given(&mut browser, &client).await;
    }
    let tokens = given(&mut browser, &client).await;
    let begun = Instant::now();
    end_session(&mut browser, &tokens).await;
    site.hears(1).await;
    slow.hears(6).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn an_application_that_was_down_is_told_later_by_a_new_token_and_one_that_refuses_is_left_alone() {
    let Scene { app, client, site, mut browser, .. } = begun().await;
    let refusing = LogoutSite::start().await;
    let other = hearing(&app, &refusing, "Refusing").await;
    site.answers(503);
    refusing.answers(400);
    given(&mut browser, &other).await;
    given(&mut browser, &client).await;
    sign_out(&mut browser).await;
    site.hears(1).await;
    refusing.hears(1).await;
    a_while().await;
    site.answers(204);
    app.clock().advance(Duration::from_secs(200));
    let heard = site.hears(2).await;
    let (first, second) = (claims(&heard[0]), claims(&heard[1]));
    assert_ne!(first["jti"], second["jti"]);
    assert!(second["iat"].as_i64() > first["exp"].as_i64(), "it is made anew");
    a_while().await;
    assert_eq!((site.heard().len(), refusing.heard().len()), (2, 1));
}

#[tokio::test]
async fn what_is_to_be_told_outlives_the_process() {
    let Scene { app, client, site, mut browser, .. } = begun().await;
    site.answers(500);
    given(&mut browser, &client).await;
    sign_out(&mut browser).await;
    site.hears(1).await;
    a_while().await;
    let app = app.restart().await;
    site.answers(200);
    app.clock().advance(Duration::from_secs(60));
    site.hears(2).await;
}

#[tokio::test]
async fn a51_nothing_is_sent_into_networks_of_ours() {
    let Scene { alice, site, .. } = begun().await;
    let app = TestApp::start().await;
    let (person, client) = (app.user(&alice.username).await, hearing(&app, &site, "Inside").await);
    let mut browser = app.browser_of(&person);
    given(&mut browser, &client).await;
    sign_out(&mut browser).await;
    a_while().await;
    assert_eq!(site.requests().len(), 0);
}

#[tokio::test]
async fn of_many_who_end_a_session_at_once_one_has_the_application_told() {
    let Scene { app, alice, client, site, mut browser } = begun().await;
    given(&mut browser, &client).await;
    let sid = app.provider().sessions().list(alice.id).await.unwrap()[0].sid;
    let mut ending = JoinSet::new();
    for number in 0..50 {
        let (provider, user): (_, UserId) = (app.provider().clone(), alice.id);
        ending.spawn(async move {
            match number % 2 {
                0 => provider.end_session_of(user, sid).await.map(drop),
                _ => provider.revoke_user(user).await,
            }
        });
    }
    while let Some(ended) = ending.join_next().await {
        ended.unwrap().unwrap();
    }
    site.hears(1).await;
    a_while().await;
    assert_eq!(site.heard().len(), 1);
}

#[tokio::test]
async fn of_redeeming_a_code_and_ending_its_session_at_once_none_leaves_tokens_of_which_nobody_is_told() {
    for _ in 0..10 {
        let Scene { app, alice, client, site, mut browser } = begun().await;
        let answer = browser.authorize(&client, |request| request).await;
        let sid = app.provider().sessions().list(alice.id).await.unwrap()[0].sid;
        let exchange = client.exchange(&answer);
        let (given, ended) = tokio::join!(exchange.send(), app.provider().end_session_of(alice.id, sid));
        ended.unwrap();
        match given.status.as_u16() {
            200 => assert_eq!(claims(&site.hears(1).await[0])["sid"], sid.to_string()),
            _ => {
                assert_eq!(given.error(), "invalid_grant");
                a_while().await;
                // An end that comes between the row and the last look tells of it, and nothing is given: that harms nobody.
                assert!(site.heard().len() <= 1);
            }
        }
    }
}

#[tokio::test]
async fn a31_a_logout_token_is_no_hint_and_no_access_token() {
    let Scene { app: _app, client, site, mut browser, .. } = begun().await;
    given(&mut browser, &client).await;
    sign_out(&mut browser).await;
    let token = site.hears(1).await.remove(0);
    assert_eq!(client.userinfo(&token).await.status, 401);
    given(&mut browser, &client).await;
    let page = browser.open(&format!("/oauth2/end_session?id_token_hint={token}")).await;
    assert!(page.find_form("logout").is_some(), "a hint that is none: {page}");
    let answer = browser.authorize(&client, |request| request.set("id_token_hint", &token)).await;
    assert_eq!(answer.error.as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn an_administrator_registers_it_and_reads_it_back() {
    let app = TestApp::start().await;
    let root = app.superuser().await;
    let document = json!({
        "client_name": "Harbour Notes",
        "redirect_uris": ["https://rp.example/cb"],
        "backchannel_logout_uri": "https://rp.example/backchannel",
        "backchannel_logout_session_required": true,
        "frontchannel_logout_uri": "https://rp.example/frontchannel",
    });
    let made = root.post("/api/v1/clients", &document).await;
    assert_eq!(made.status, 201, "{}", made.body);
    for (member, value) in document.as_object().unwrap() {
        assert_eq!(made.body[member], *value, "{member}");
    }
    let path = format!("/api/v1/clients/{}", made.body["client_id"].as_str().unwrap());
    let changed = root.patch(&path, &json!({ "backchannel_logout_uri": Value::Null })).await;
    assert_eq!((changed.status.as_u16(), changed.body.get("backchannel_logout_uri")), (200, None), "{}", changed.body);
    let refused = root.patch(&path, &json!({ "frontchannel_logout_uri": "https://other.example/out" })).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
}
