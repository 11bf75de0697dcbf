//! The levels of a sign-in that an operator names (`authentication.levels`): reached, asked for, and told truly.

use std::{net::IpAddr, time::Duration};

use rcgen::SanType;
use serde_json::{Value, json};
use vestibule::config::{Config, SecondFactorMode, WayToAuthenticate};
use vestibule_tests::{
    Answer, Authenticator, Authority, AuthorizeRequest, Browser, Certificate, ClientSpec, JsonAnswer, Page, Person,
    TestApp, ThirdParty,
};

use crate::error_at_once;

const FORWARDED: &str = "client-cert";
const MINUTE: Duration = Duration::from_secs(60);

/// Bronze by any way, silver with a second factor, gold with one and of the last ten minutes.
fn metals(config: &mut Config) {
    config.authentication.second_factor = SecondFactorMode::Never;
    levels(config, &["bronze any", "silver second_factor", "gold second_factor within 10m"]);
}

fn levels(config: &mut Config, lines: &[&str]) {
    config.authentication.levels = lines.iter().map(|line| line.parse().unwrap()).collect();
}

/// Somebody who has just switched their second factor on, in a session of two factors.
async fn enrolled(app: &TestApp) -> (Person, Browser, Authenticator) {
    let somebody = app.user("carol").await;
    let mut browser = Browser::sign_in(app, &somebody).await;
    let page = browser.open("/account/second-factor").await;
    let page = browser.submit(&page.form("switch-on").press("turn-on")).await;
    let phone = Authenticator::scan(&page);
    give(app, &mut browser, &page, &phone).await;
    app.clock().advance(MINUTE);
    (somebody, browser, phone)
}

async fn give(app: &TestApp, browser: &mut Browser, page: &Page, phone: &Authenticator) -> Page {
    let page = browser.submit(&page.form("second-factor").with("code", &phone.code(app.clock()))).await;
    browser.follow(page).await
}

fn wishing(values: &str) -> impl FnOnce(AuthorizeRequest) -> AuthorizeRequest {
    move |request| request.set("acr_values", values)
}

fn needing(values: &[&str]) -> impl FnOnce(AuthorizeRequest) -> AuthorizeRequest {
    let claims = json!({ "id_token": { "acr": { "essential": true, "values": values } } });
    move |request| request.set("claims", &claims.to_string())
}

/// What an application hears of the level, where no page is needed but what a person sees anyway.
async fn told(
    browser: &mut Browser,
    client: &ThirdParty,
    change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest,
) -> Value {
    let answer = browser.authorize(client, change).await;
    client.redeem(&answer).await.id_claims()["acr"].clone()
}

async fn scene(change: impl FnOnce(&mut Config)) -> (TestApp, ThirdParty) {
    let app = TestApp::with(change).await;
    let client = app.client(ClientSpec::first_party()).await;
    (app, client)
}

#[tokio::test]
async fn discovery_lists_the_levels_that_are_configured() {
    let (app, _) = scene(metals).await;
    let document = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    assert_eq!(document["acr_values_supported"], json!(["bronze", "silver", "gold"]));
}

#[tokio::test]
async fn the_highest_level_that_was_reached_is_told_in_every_token_and_answer() {
    let (app, client) = scene(metals).await;
    let alice = app.user("alice").await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!((&tokens.id_claims()["acr"], &tokens.access_claims()["acr"]), (&json!("bronze"), &json!("bronze")));
    let introspected = client.introspection(&tokens.access_token).send().await.body;
    assert_eq!(introspected["acr"], "bronze");
    let (_, mut browser, _) = enrolled(&app).await;
    assert_eq!(told(&mut browser, &client, |request| request).await, "gold");
    app.clock().advance(10 * MINUTE);
    assert_eq!(told(&mut browser, &client, |request| request).await, "silver", "it was too long ago for gold");
}

#[tokio::test]
async fn a_level_that_lacks_a_second_factor_asks_for_that_and_for_nothing_else() {
    let (app, client) = scene(metals).await;
    let (alice, _, phone) = enrolled(&app).await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = wishing("silver")(client.request());
    let page = browser.open(&request.url()).await;
    assert!(page.find_form("second-factor").is_some(), "{page}");
    let page = give(&app, &mut browser, &page, &phone).await;
    let answer = Answer::read(&page, &request);
    assert_eq!(client.redeem(&answer).await.id_claims()["acr"], "gold", "the best that was reached");
}

#[tokio::test]
async fn a_level_that_wants_a_fresh_sign_in_asks_for_both_factors_again() {
    let (app, client) = scene(metals).await;
    let (alice, mut browser, phone) = enrolled(&app).await;
    app.clock().advance(10 * MINUTE);
    assert_eq!(told(&mut browser, &client, wishing("silver")).await, "silver");
    for change in [|request| wishing("gold")(request), |request| needing(&["gold"])(request)] {
        let request: AuthorizeRequest = change(client.request());
        let page = browser.open(&request.url()).await;
        assert!(page.find_form("login").is_some(), "{page}");
        let page = browser.try_to_sign_in(&page, &alice.username, &alice.password).await;
        let page = browser.follow(page).await;
        let page = give(&app, &mut browser, &page, &phone).await;
        let answer = Answer::read(&page, &request);
        assert_eq!(client.redeem(&answer).await.id_claims()["acr"], "gold");
        app.clock().advance(11 * MINUTE);
    }
}

#[tokio::test]
async fn a_silent_request_for_a_level_that_is_not_reached_is_login_required() {
    let (app, client) = scene(metals).await;
    let (_, mut browser, _) = enrolled(&app).await;
    app.clock().advance(10 * MINUTE);
    for change in [|request| wishing("gold")(request), |request| needing(&["gold"])(request)] {
        let request: AuthorizeRequest = change(client.request()).set("prompt", "none");
        assert_eq!(Answer::read(&browser.get(&request.url()).await, &request).error(), "login_required");
    }
}

#[tokio::test]
async fn an_essential_level_is_told_by_its_own_name_though_a_higher_one_is_reached() {
    let (app, client) = scene(metals).await;
    let (_, mut browser, _) = enrolled(&app).await;
    assert_eq!(told(&mut browser, &client, needing(&["bronze", "silver"])).await, "silver");
    assert_eq!(told(&mut browser, &client, wishing("bronze")).await, "gold");
}

#[tokio::test]
async fn an_essential_level_that_there_is_not_is_unmet_and_one_that_is_wished_for_does_no_harm() {
    let (app, client) = scene(metals).await;
    let alice = app.user("alice").await;
    for unknown in ["1", "2", "platinum"] {
        assert_eq!(error_at_once(&app, &client, needing(&[unknown])).await, "unmet_authentication_requirements");
        assert_eq!(told(&mut app.browser_of(&alice), &client, wishing(unknown)).await, "bronze");
    }
}

#[tokio::test]
async fn a_refreshed_token_tells_the_level_that_still_holds() {
    let (app, _) = scene(metals).await;
    let spec = ClientSpec::first_party().for_grants(&["authorization_code", "refresh_token"]);
    let client = app.client(spec.for_scope("openid offline_access")).await;
    let (_, mut browser, _) = enrolled(&app).await;
    let answer = browser.authorize(&client, |request| request.set("scope", "openid offline_access")).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(tokens.id_claims()["acr"], "gold");
    app.clock().advance(11 * MINUTE);
    let refresh = tokens.refresh_token.clone();
    assert_eq!(client.introspection(&refresh).send().await.body["acr"], "silver");
    let again = client.asks("refresh_token").set("refresh_token", &refresh).send().await.tokens();
    assert_eq!((&again.id_claims()["acr"], &again.access_claims()["acr"]), (&json!("silver"), &json!("silver")));
}

#[tokio::test]
async fn sessions_and_grants_of_before_are_told_by_the_names_of_now() {
    let (app, client) = scene(|config| config.authentication.second_factor = SecondFactorMode::Never).await;
    let (_, mut browser, _) = enrolled(&app).await;
    assert_eq!(told(&mut browser, &client, |request| request).await, "2");
    let app = app.restart_with(metals).await;
    assert_eq!(told(&mut browser, &client, |request| request).await, "gold");
    app.shutdown().await;
}

/// Password below certificate, behind a proxy that forwards certificates.
fn certified(config: &mut Config) {
    config.http.trusted_proxies = IpAddr::from([127, 0, 0, 1]).into();
    config.http.mtls_forwarded_header = Some(FORWARDED.to_owned());
    config.authentication.ways = [WayToAuthenticate::Password, WayToAuthenticate::Certificate].into_iter().collect();
    levels(config, &["low any", "word password", "card certificate"]);
}

fn card_of(person: &Person) -> Certificate {
    let address = SanType::Rfc822Name(person.email.as_str().try_into().unwrap());
    Authority::new().client(&person.username, vec![address])
}

/// Follows a redirect of ours, with a certificate.
async fn follow_with(app: &TestApp, browser: &mut Browser, page: &Page, certificate: &Certificate) -> Page {
    let location = page.location();
    let request = app.wire().get(location.as_str()).header(FORWARDED, certificate.forwarded());
    browser.send(request, location.as_str()).await
}

#[tokio::test]
async fn whoever_signs_in_by_another_way_than_an_essential_level_needs_leaves_it_unmet() {
    let (app, client) = scene(certified).await;
    let alice = app.user("alice").await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, needing(&["card"])).await;
    assert_eq!(answer.error(), "unmet_authentication_requirements");
    assert_eq!(told(&mut browser, &client, |request| request).await, "word", "the sign-in holds all the same");
    app.clock().advance(MINUTE);
    assert_eq!(told(&mut browser, &client, wishing("card")).await, "word", "the best that was reached is told");
}

#[tokio::test]
async fn a_certificate_leads_whoever_is_signed_in_to_the_level_that_needs_one() {
    let (app, client) = scene(certified).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = needing(&["card"])(client.request());
    let page = browser.get(&request.url()).await;
    let refused = follow_with(&app, &mut browser, &page, &card_of(&bob)).await;
    assert!(refused.find_form("login").is_some(), "another person's certificate is nothing here: {refused}");
    let page = follow_with(&app, &mut browser, &page, &card_of(&alice)).await;
    let answer = Answer::read(&page, &request);
    assert_eq!(client.redeem(&answer).await.id_claims()["acr"], "card");
}

#[tokio::test]
async fn where_only_a_password_leads_to_the_level_no_certificate_signs_anybody_in() {
    let (app, client) = scene(certified).await;
    let alice = app.user("alice").await;
    let mut browser = app.browser_of(&alice);
    let request = needing(&["word"])(client.request());
    let page = browser.get(&request.url()).await;
    let page = follow_with(&app, &mut browser, &page, &card_of(&alice)).await;
    assert!(page.find_form("login").is_some(), "{page}");
    let answer = browser.finish(page, &request).await;
    assert_eq!(client.redeem(&answer).await.id_claims()["acr"], "word");
}
