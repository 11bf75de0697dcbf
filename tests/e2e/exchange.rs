//! Token exchange (RFC 8693): a service trades a person's token for one at another API, and says that it acts.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_tests::{ClientSpec, JsonAnswer, TestApp, ThirdParty, TokenRequest, Tokens};

use crate::refresh::is_alive;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const NOTES: &str = "https://notes.example";
const MAIL: &str = "https://mail.example";
const FILES: &str = "https://files.example";

fn service() -> ClientSpec {
    ClientSpec::named("Notes service")
        .for_grants(&["authorization_code", "client_credentials", EXCHANGE])
        .for_scope("openid notes:read notes:write mail:send mail:read")
        .with(|new| new.metadata.token_exchange_audiences = vec![MAIL.to_owned()])
}

/// A provider with three APIs, a service, and a token of alice's for the first API.
async fn begun(spec: ClientSpec) -> (TestApp, ThirdParty, Tokens) {
    let app = TestApp::start().await;
    app.api(NOTES, &["notes:read", "notes:write"]).await;
    app.api(MAIL, &["mail:send", "mail:read", "mail:purge"]).await;
    app.api(FILES, &["files:read"]).await;
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request.set("scope", "openid notes:read notes:write")).await;
    let tokens = client.redeem(&answer).await;
    (app, client, tokens)
}

fn exchange(client: &ThirdParty, token: &str) -> TokenRequest {
    client.asks(EXCHANGE).add("subject_token", token).add("subject_token_type", ACCESS_TOKEN)
}

fn assert_refused(answer: &JsonAnswer, error: &str) {
    assert_eq!((answer.status.as_u16(), answer.error()), (400, error), "{}", answer.body);
    assert!(answer.body.get("access_token").is_none());
}

#[tokio::test]
async fn a_service_gets_a_token_at_another_api_that_says_who_acts() {
    let (app, client, tokens) = begun(service()).await;
    app.clock().advance(Duration::from_secs(60));
    let answer = exchange(&client, &tokens.access_token).add("resource", MAIL).add("scope", "mail:send").send().await;
    assert_eq!(answer.body["issued_token_type"], ACCESS_TOKEN, "{}", answer.body);
    let exchanged = answer.tokens();
    let (before, after) = (tokens.access_claims(), exchanged.access_claims());
    assert_eq!((&after["aud"], &after["scope"]), (&MAIL.into(), &"mail:send".into()));
    assert_eq!(after["act"], json!({ "sub": client.client_id }));
    assert!(after["exp"].as_i64() <= before["exp"].as_i64());
    for same in ["sub", "sid", "grant_id", "auth_time"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert_eq!((exchanged.refresh_token.as_str(), exchanged.id_token.as_str()), ("", ""));
    assert!(
        exchanged.body["expires_in"].as_u64().is_some_and(|left| (500..=540).contains(&left)),
        "{}",
        exchanged.body
    );
}

#[tokio::test]
async fn without_a_resource_the_token_is_for_the_same_api_with_no_more_scope() {
    let (_app, client, tokens) = begun(service()).await;
    let narrow = exchange(&client, &tokens.access_token).add("scope", "notes:read").send().await.tokens();
    assert_eq!((&narrow.access_claims()["aud"], &narrow.body["scope"]), (&NOTES.into(), &"notes:read".into()));
    for wider in ["mail:send", "notes:read email", "no\"te"] {
        assert_refused(&exchange(&client, &tokens.access_token).add("scope", wider).send().await, "invalid_scope");
    }
    assert_refused(&exchange(&client, &narrow.access_token).add("scope", "notes:write").send().await, "invalid_scope");
}

#[tokio::test]
async fn a33_a34_policy_says_for_which_api_and_with_which_scope() {
    let (_app, client, tokens) = begun(service()).await;
    let ask = |resource: &str| exchange(&client, &tokens.access_token).add("resource", resource);
    for (resource, error) in
        [(FILES, "invalid_target"), ("urn:example:unknown", "invalid_target"), ("x", "invalid_target")]
    {
        assert_refused(&ask(resource).send().await, error);
    }
    assert_refused(&ask(MAIL).add("resource", NOTES).send().await, "invalid_target");
    for scope in ["mail:purge", "notes:read", "openid", "mail:send mail:purge"] {
        assert_refused(&ask(MAIL).add("scope", scope).send().await, "invalid_scope");
    }
    let whole = ask(MAIL).send().await.tokens();
    assert_eq!(whole.body["scope"], "mail:read mail:send", "what the service is registered for there");
}

#[tokio::test]
async fn a34_a_token_that_is_missing_foreign_expired_revoked_or_of_another_kind_is_refused() {
    let (app, client, tokens) = begun(service()).await;
    let bare = client.asks(EXCHANGE);
    assert_refused(&bare.clone().send().await, "invalid_request");
    assert_refused(&bare.clone().add("subject_token", &tokens.access_token).send().await, "invalid_request");
    assert_refused(&bare.clone().add("subject_token_type", ACCESS_TOKEN).send().await, "invalid_request");
    let kind = |kind: &str| bare.clone().add("subject_token", &tokens.access_token).add("subject_token_type", kind);
    assert_refused(&kind("urn:ietf:params:oauth:token-type:id_token").send().await, "invalid_request");
    for token in [tokens.id_token.as_str(), "x", "vst_at_AAAA"] {
        assert_refused(&exchange(&client, token).send().await, "invalid_request");
    }
    let stranger = app.client(service()).await;
    assert_refused(&exchange(&stranger, &tokens.access_token).send().await, "invalid_request");
    let of_itself = client.asks("client_credentials").add("scope", "notes:read").send().await.tokens();
    assert_refused(&exchange(&client, &of_itself.access_token).send().await, "invalid_request");
    app.provider().sign_out_everywhere(tokens.id_claims()["sub"].as_str().unwrap().parse().unwrap()).await.unwrap();
    assert_refused(&exchange(&client, &tokens.access_token).send().await, "invalid_request");
    let (app, client, tokens) = begun(service()).await;
    app.clock().advance(Duration::from_secs(601));
    assert_refused(&exchange(&client, &tokens.access_token).send().await, "invalid_request");
}

#[tokio::test]
async fn a34_what_ends_the_first_token_ends_what_it_was_traded_for() {
    let (app, client, tokens) = begun(service()).await;
    let exchanged = exchange(&client, &tokens.access_token).send().await.tokens();
    assert!(is_alive(&client, &exchanged).await);
    app.provider().sign_out_everywhere(tokens.id_claims()["sub"].as_str().unwrap().parse().unwrap()).await.unwrap();
    assert!(!is_alive(&client, &exchanged).await);
}

#[tokio::test]
async fn the_service_behind_an_api_exchanges_what_it_was_sent_and_nobody_else_does() {
    let (app, web, _) = begun(ClientSpec::default().for_scope("openid notes:read tasks:read notes:write")).await;
    let (behind, beside) = (app.client(service()).await, app.client(service()).await);
    app.api_of(&behind, "https://tasks.example", &["tasks:read"]).await;
    let bob = app.user("bob").await;
    let answer = app.browser_of(&bob).authorize(&web, |request| request.set("scope", "openid tasks:read")).await;
    let sent = web.redeem(&answer).await;
    let exchanged = exchange(&behind, &sent.access_token).add("resource", MAIL).send().await.tokens();
    let claims = exchanged.access_claims();
    assert_eq!((&claims["sub"], &claims["aud"]), (&bob.id.to_string().into(), &MAIL.into()));
    assert_eq!(
        (&claims["client_id"], &claims["act"]["sub"]),
        (&behind.client_id.as_str().into(), &behind.client_id.as_str().into())
    );
    assert_refused(&exchange(&beside, &sent.access_token).add("resource", MAIL).send().await, "invalid_request");
}

#[tokio::test]
async fn actors_stand_in_a_chain_that_does_not_grow_for_ever() {
    let (_app, client, tokens) = begun(service()).await;
    let actor = client.asks("client_credentials").add("scope", "notes:read").send().await.tokens().access_token;
    let mut token = tokens.access_token.clone();
    for length in 1..=9 {
        let request = exchange(&client, &token).add("actor_token", &actor).add("actor_token_type", ACCESS_TOKEN);
        let answer = request.send().await;
        if length == 9 {
            assert_refused(&answer, "invalid_request");
            break;
        }
        let exchanged = answer.tokens();
        let mut chain = exchanged.access_claims()["act"].clone();
        for _ in 1..length {
            assert_eq!(chain["sub"], client.client_id);
            chain = chain["act"].clone();
        }
        assert_eq!(chain, json!({ "sub": client.client_id }));
        token = exchanged.access_token;
    }
    let halves = exchange(&client, &tokens.access_token).add("actor_token", &actor);
    assert_refused(&halves.send().await, "invalid_request");
}

#[tokio::test]
async fn an_actors_token_must_be_the_services_own() {
    let (app, client, tokens) = begun(service()).await;
    let other = app.client(service()).await;
    let foreign = other.asks("client_credentials").add("scope", "notes:read").send().await.tokens().access_token;
    let request = exchange(&client, &tokens.access_token).add("actor_token", &foreign);
    assert_refused(&request.add("actor_token_type", ACCESS_TOKEN).send().await, "invalid_request");
}

#[tokio::test]
async fn only_a_service_that_may_impersonate_says_nothing_of_itself() {
    let spec = service().with(|new| new.metadata.token_exchange_impersonation = Some(true));
    let (_app, client, tokens) = begun(spec).await;
    let exchanged = exchange(&client, &tokens.access_token).add("resource", MAIL).send().await.tokens();
    assert_eq!(exchanged.access_claims().get("act"), None);
    assert_eq!(exchanged.access_claims()["client_id"], Value::from(client.client_id.as_str()));
}

#[tokio::test]
async fn the_type_of_the_new_token_can_be_named() {
    let (_app, client, tokens) = begun(service()).await;
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    let answer = exchange(&client, &tokens.access_token).add("requested_token_type", jwt).send().await;
    assert_eq!(answer.body["issued_token_type"], jwt, "{}", answer.body);
    let refresh = exchange(&client, &tokens.access_token);
    let refresh = refresh.add("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token");
    assert_refused(&refresh.send().await, "invalid_request");
}

#[tokio::test]
async fn a_client_that_did_not_register_the_grant_and_a_public_one_cannot_use_it() {
    let (app, _, tokens) = begun(service()).await;
    let other = app.client(ClientSpec::default()).await;
    assert_refused(&exchange(&other, &tokens.access_token).send().await, "unauthorized_client");
    let public = app.client(ClientSpec::public()).await;
    assert_refused(&exchange(&public, &tokens.access_token).send().await, "unauthorized_client");
}
