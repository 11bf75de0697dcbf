//! ID tokens: what they say, what they are signed with, and how they follow the session.

use std::time::Duration;

use openidconnect::{
    ClientId, IssuerUrl, Nonce,
    core::{CoreIdToken, CoreIdTokenVerifier},
};
use vestibule_tests::{Browser, ClientSpec, TestApp, ThirdParty, Tokens, header};
use vestibule_tokens::SigningAlgorithm;

use crate::jose;

/// A provider, an application, and a browser at which alice sits.
async fn begun() -> (TestApp, ThirdParty, Browser) {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let browser = app.browser_of(&alice);
    (app, client, browser)
}

async fn tokens(browser: &mut Browser, client: &ThirdParty) -> Tokens {
    let answer = browser.authorize(client, |request| request).await;
    client.redeem(&answer).await
}

async fn sign_out(browser: &mut Browser) {
    let page = browser.get("/logout").await;
    assert!(browser.click(&page, "logout", "sign-out").await.has("signed-out"));
}

#[tokio::test]
async fn an_id_token_is_signed_as_the_application_registered_and_with_rs256_by_default() {
    let (app, default, mut browser) = begun().await;
    assert_eq!(header(&tokens(&mut browser, &default).await.id_token)["alg"], "RS256");
    for algorithm in SigningAlgorithm::DEFAULT {
        let spec = ClientSpec::default().with(|new| new.metadata.id_token_signed_response_alg = algorithm.into());
        let tokens = tokens(&mut browser, &app.client(spec).await).await;
        let keys = jose::keys(&app).await;
        assert!(jose::is_signed(&tokens.id_token, &keys), "{algorithm}");
        let header = header(&tokens.id_token);
        assert_eq!((&header["alg"], &header["typ"]), (&algorithm.to_string().into(), &"JWT".into()));
        assert_eq!(tokens.id_claims()["at_hash"], jose::at_hash(&tokens.access_token, &tokens.id_token, &keys));
    }
}

#[tokio::test]
async fn an_id_token_that_was_changed_is_signed_no_more() {
    let (app, client, mut browser) = begun().await;
    let (tokens, keys) = (tokens(&mut browser, &client).await, jose::keys(&app).await);
    assert!(jose::is_signed(&tokens.id_token, &keys));
    assert!(!jose::is_signed(&jose::with_claim(&tokens.id_token, "sub", "another".into()), &keys));
}

#[tokio::test]
async fn an_independent_verifier_takes_it_and_finds_the_nonce() {
    let (app, client, mut browser) = begun().await;
    let answer = browser.authorize(&client, |request| request).await;
    let token: CoreIdToken = client.redeem(&answer).await.id_token.parse().unwrap();
    let issuer = IssuerUrl::new(app.issuer().to_owned()).unwrap();
    let verifier =
        CoreIdTokenVerifier::new_public_client(ClientId::new(client.client_id), issuer, jose::keys(&app).await);
    let nonce = Nonce::new(answer.request.get("nonce").unwrap().to_owned());
    token.claims(&verifier, &nonce).unwrap();
    assert!(token.claims(&verifier, &Nonce::new("another".to_owned())).is_err());
}

#[tokio::test]
async fn its_claims_are_those_of_the_sign_in() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let before = app.clock().now().seconds();
    let answer = app.browser_of(&alice).authorize(&client, |request| request.set("scope", "openid email")).await;
    let claims = client.redeem(&answer).await.id_claims();
    let now = app.clock().now().seconds();
    assert_eq!((&claims["iss"], &claims["aud"]), (&app.issuer().into(), &client.client_id.as_str().into()));
    assert_eq!(claims["sub"], alice.id.to_string());
    assert_eq!(claims["nonce"], answer.request.get("nonce").unwrap());
    assert_eq!((&claims["acr"], &claims["amr"]), (&"1".into(), &serde_json::json!(["pwd"])));
    let (iat, exp) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    let auth_time = claims["auth_time"].as_i64().unwrap();
    assert!(before <= auth_time && auth_time <= iat && iat <= now, "{before} {auth_time} {iat} {now}");
    assert_eq!(exp - iat, 3600);
    assert!(claims["sid"].as_str().is_some_and(|sid| sid.len() >= 22));
    let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let all = ["acr", "amr", "at_hash", "aud", "auth_time", "exp", "iat", "iss", "nonce", "sid", "sub"];
    assert_eq!(names, all, "what a scope brings is told at userinfo");
}

#[tokio::test]
async fn without_a_nonce_there_is_none() {
    let (_app, client, mut browser) = begun().await;
    let answer = browser.authorize(&client, |request| request.without("nonce")).await;
    assert!(client.redeem(&answer).await.id_claims().get("nonce").is_none());
}

#[tokio::test]
async fn its_lifetime_is_as_configured() {
    let app = TestApp::with(|config| config.tokens.id_token_lifetime = Duration::from_secs(77)).await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let claims = tokens(&mut app.browser_of(&alice), &client).await.id_claims();
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 77);
}

#[tokio::test]
async fn sid_stays_in_a_session_for_all_applications_and_changes_after_a_sign_out() {
    let (app, client, mut browser) = begun().await;
    let other = app.client(ClientSpec::named("Other")).await;
    let first = tokens(&mut browser, &client).await.id_claims();
    assert_eq!(tokens(&mut browser, &client).await.id_claims()["sid"], first["sid"]);
    assert_eq!(tokens(&mut browser, &other).await.id_claims()["sid"], first["sid"]);
    sign_out(&mut browser).await;
    assert_ne!(tokens(&mut browser, &client).await.id_claims()["sid"], first["sid"]);
}

#[tokio::test]
async fn sid_is_another_in_another_browser_and_for_another_person() {
    let (app, client, mut browser) = begun().await;
    let first = tokens(&mut browser, &client).await.id_claims();
    let bob = app.user("bob").await;
    let elsewhere = tokens(&mut app.browser_of(&bob), &client).await.id_claims();
    assert_ne!(elsewhere["sid"], first["sid"]);
    browser.seat(&bob);
    let page = browser.begin(&client, |request| request.set("prompt", "select_account")).await;
    let page = browser.click(&page, "select-account", "another").await;
    let page = browser.try_to_sign_in(&page, &bob.username, &bob.password).await;
    let page = browser.follow(page).await;
    browser.finish(page, &client.request()).await;
    let after = tokens(&mut browser, &client).await.id_claims();
    assert_eq!(after["sub"], bob.id.to_string());
    assert_ne!(after["sid"], first["sid"]);
}

#[tokio::test]
async fn auth_time_is_later_after_prompt_login_in_the_same_session() {
    let (app, client, mut browser) = begun().await;
    let first = tokens(&mut browser, &client).await.id_claims();
    app.clock().advance(Duration::from_secs(100));
    let answer = browser.authorize(&client, |request| request.set("prompt", "login")).await;
    let second = client.redeem(&answer).await.id_claims();
    assert!(second["auth_time"].as_i64().unwrap() >= first["auth_time"].as_i64().unwrap() + 100);
    assert_eq!((&second["sub"], &second["sid"]), (&first["sub"], &first["sid"]));
}

#[tokio::test]
async fn auth_time_stays_when_nobody_is_asked() {
    let (app, client, mut browser) = begun().await;
    let first = tokens(&mut browser, &client).await.id_claims();
    app.clock().advance(Duration::from_secs(100));
    let answer = browser.authorize(&client, |request| request.set("prompt", "none").set("max_age", "10000")).await;
    let second = client.redeem(&answer).await.id_claims();
    for claim in ["auth_time", "sub", "sid", "acr", "amr"] {
        assert_eq!(second[claim], first[claim], "{claim}");
    }
    assert!(second["iat"].as_i64().unwrap() >= first["iat"].as_i64().unwrap() + 100);
}

#[tokio::test]
async fn every_published_key_has_a_kid_of_its_own_and_no_private_part() {
    let (app, _, _) = begun().await;
    let document: serde_json::Value = app.wire().get("/oauth2/jwks").send().await.unwrap().json().await.unwrap();
    let keys = document["keys"].as_array().unwrap();
    let mut kids: Vec<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), 5, "one for each algorithm to sign by, and two to encrypt to");
    for key in keys {
        let encrypts = key["alg"].as_str().is_some_and(|alg| ["RSA-OAEP-256", "ECDH-ES"].contains(&alg));
        assert_eq!(key["use"], if encrypts { "enc" } else { "sig" });
        assert!(key["alg"].is_string() && key["kty"].is_string());
        for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key.get(private).is_none(), "{private}");
        }
    }
}
