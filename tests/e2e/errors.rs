//! What an application hears when its request is wrong: the code that the specification names, its state, and who says so.

use vestibule_tests::{Answer, ClientSpec, TestApp};

use crate::{error_at_once, scene};

#[tokio::test]
async fn an_unknown_or_missing_application_is_an_error_page() {
    let (app, _, client) = scene().await;
    let requests = [
        client.request().set("client_id", "nobody"),
        client.request().set("client_id", ""),
        client.request().without("client_id"),
        client.request().set("client_id", &client.client_id.to_uppercase()),
    ];
    for request in requests {
        app.browser().get(&request.url()).await.assert_error("invalid_client");
    }
}

#[tokio::test]
async fn a39_a_request_that_is_no_text_is_an_error_page() {
    let (app, _, client) = scene().await;
    for bad in ["&state=%ff", "&nonce=%00", "&x=%c3%28"] {
        let page = app.browser().get(&format!("{}{bad}", client.request().url())).await;
        page.assert_error("invalid_request");
    }
}

#[tokio::test]
async fn response_type_must_be_there() {
    let (app, _, client) = scene().await;
    assert_eq!(error_at_once(&app, &client, |request| request.without("response_type")).await, "invalid_request");
    assert_eq!(error_at_once(&app, &client, |request| request.set("response_type", "")).await, "invalid_request");
}

#[tokio::test]
async fn a32_no_response_type_is_answered_that_the_application_did_not_register() {
    let (app, _, client) = scene().await;
    let others = [
        "id_token",
        "id_token token",
        "token id_token",
        "code id_token",
        "id_token code",
        "code token",
        "code id_token token",
    ];
    for other in others {
        let error = error_at_once(&app, &client, |request| request.set("response_type", other)).await;
        assert_eq!(error, "unauthorized_client", "{other}");
    }
    for unknown in ["token", "none", "CODE", "code code", "codex"] {
        let error = error_at_once(&app, &client, |request| request.set("response_type", unknown)).await;
        assert_eq!(error, "unsupported_response_type", "{unknown}");
    }
}

#[tokio::test]
async fn request_objects_and_registration_are_refused_by_their_own_codes() {
    let (app, _, client) = scene().await;
    for (name, code) in [
        ("request", "invalid_request_object"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        for value in ["eyJhbGciOiJub25lIn0.e30.x", "https://rp.example/request.jwt", "urn:x", "{}"] {
            assert_eq!(error_at_once(&app, &client, |request| request.add(name, value)).await, code, "{value}");
        }
    }
}

#[tokio::test]
async fn a01_a_redirect_uri_inside_a_request_object_is_held_against_the_registration_too() {
    let (app, _, client) = scene().await;
    // {"alg":"none"} and {"redirect_uri":"https://evil.example/"}
    let object = "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZS8ifQ.";
    let request = client.request().add("request", object);
    app.browser().get(&request.url()).await.assert_error("invalid_redirect_uri");
    let alone = client.request().add("request", object).without("redirect_uri");
    app.browser().get(&alone.url()).await.assert_error("invalid_redirect_uri");
}

#[tokio::test]
async fn a33_a_scope_that_is_missing_unknown_foreign_or_malformed_is_refused() {
    let app = TestApp::start().await;
    app.api("https://api.example", &["notes.read"]).await;
    let client = app.client(ClientSpec::default()).await;
    for scope in
        ["", "unknown", "unknown also.unknown", "notes.read", "openid notes.read", "openid \"", "openid\\", "é"]
    {
        let error = error_at_once(&app, &client, |request| request.set("scope", scope)).await;
        assert_eq!(error, "invalid_scope", "{scope:?}");
    }
}

#[tokio::test]
async fn a33_an_application_may_not_ask_for_a_standard_scope_that_it_was_not_registered_for() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::default().for_scope("openid email")).await;
    let error = error_at_once(&app, &client, |request| request.set("scope", "openid profile")).await;
    assert_eq!(error, "invalid_scope");
}

#[tokio::test]
async fn a_scope_that_nobody_knows_is_ignored_beside_one_that_is_known() {
    let (app, alice, client) = scene().await;
    let answer =
        app.browser_of(&alice).authorize(&client, |request| request.set("scope", "nonsense openid email")).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(tokens.body["scope"], "email openid");
}

#[tokio::test]
async fn a25_pkce_cannot_be_left_out_weakened_or_malformed() {
    let (app, _, client) = scene().await;
    let challenge = |value: &str| client.request().set("code_challenge", value);
    let good = client.request().get("code_challenge").unwrap().to_owned();
    let requests = [
        client.request().without_pkce(),
        client.request().without("code_challenge"),
        client.request().without("code_challenge_method"),
        client.request().set("code_challenge_method", "plain"),
        client.request().set("code_challenge_method", "s256"),
        client.request().set("code_challenge_method", "S512"),
        challenge(""),
        challenge(&good[1..]),
        challenge(&format!("{good}A")),
        challenge(&"A".repeat(128)),
        challenge(&format!("{}+", &good[1..])),
        challenge(&format!("{}/", &good[1..])),
        challenge(&format!("{}=", &good[1..])),
        challenge(&format!("{}é", &good[1..])),
    ];
    for request in requests {
        let said = format!("{request:?}");
        assert_eq!(error_at_once(&app, &client, |_| request).await, "invalid_request", "{said}");
    }
}

#[tokio::test]
async fn a25_a_public_application_cannot_do_without_pkce() {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::public()).await;
    assert_eq!(error_at_once(&app, &client, |request| request.without_pkce()).await, "invalid_request");
}

#[tokio::test]
async fn an_application_registered_without_pkce_may_leave_it_out_but_not_weaken_it() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::without_pkce()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request.without_pkce()).await;
    client.redeem(&answer).await;
    for change in [("code_challenge_method", "plain"), ("code_challenge", "short"), ("code_challenge", "")] {
        let error = error_at_once(&app, &client, |request| request.set(change.0, change.1)).await;
        assert_eq!(error, "invalid_request", "{change:?}");
    }
}

#[tokio::test]
async fn a_code_comes_in_each_response_mode_and_in_no_other() {
    let (app, alice, client) = scene().await;
    for mode in ["query.jwt", "jwt", "web_message", "Query"] {
        let error = error_at_once(&app, &client, |request| request.add("response_mode", mode)).await;
        assert_eq!(error, "invalid_request", "{mode}");
    }
    for mode in ["query", "fragment", "form_post"] {
        app.browser_of(&alice).authorize(&client, |request| request.add("response_mode", mode)).await.code();
    }
}

#[tokio::test]
async fn state_comes_back_exactly_as_it_was_sent() {
    let (app, _, client) = scene().await;
    for state in ["a b+c%20d", "ü&x=1#?/\\\"'<>", " ", &"s".repeat(2000)] {
        let error =
            error_at_once(&app, &client, |request| request.set("state", state).set("response_type", "none")).await;
        assert_eq!(error, "unsupported_response_type");
    }
}

#[tokio::test]
async fn without_a_state_none_is_given_back() {
    let (app, alice, client) = scene().await;
    let error = error_at_once(&app, &client, |request| request.without("state").set("prompt", "none")).await;
    assert_eq!(error, "login_required");
    let answer = app.browser_of(&alice).authorize(&client, |request| request.without("state")).await;
    assert_eq!((answer.state.as_deref(), answer.iss.as_deref()), (None, Some(app.issuer())));
}

#[tokio::test]
async fn an_error_is_described_in_the_characters_that_rfc_6749_allows_and_without_a_code() {
    let (app, _, client) = scene().await;
    for (name, value) in [("scope", "openid \"ü\\"), ("prompt", "\"\\ü\r\n"), ("max_age", "\t"), ("request", "x")] {
        let request = client.request().set(name, value);
        let answer = Answer::read(&app.browser().get(&request.url()).await, &request);
        let description = answer.description.as_deref().unwrap_or_default();
        assert!(!description.is_empty() && answer.code.is_none(), "{name}");
        assert!(description.chars().all(|c| matches!(c, ' '..='~') && c != '"' && c != '\\'), "{description}");
    }
}

#[tokio::test]
async fn a12_nothing_is_answered_to_whoever_is_only_named_in_the_referer() {
    let (app, _, client) = scene().await;
    let request = client.request().set("redirect_uri", "https://evil.example/");
    let sent = app.wire().get(&request.url()).header("referer", "https://evil.example/");
    app.browser().send(sent, &request.url()).await.assert_error("invalid_redirect_uri");
}
