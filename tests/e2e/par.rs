//! Pushed authorization requests (RFC 9126).

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use vestibule_jose::Algorithm;
use vestibule_oidc::client::AuthMethod;
use vestibule_tests::{
    Answer, AuthorizeRequest, Browser, ClientKey, ClientSpec, JsonAnswer, Page, TestApp, ThirdParty, TokenRequest,
};

use crate::{scene, scene_of};

/// How long a pushed request can be opened, as the provider comes.
const LIFETIME: u64 = 120;

fn request_uri(answer: &JsonAnswer) -> String {
    answer.body["request_uri"].as_str().unwrap_or_else(|| panic!("no request_uri: {}", answer.body)).to_owned()
}

/// Pushes a request, and answers what the browser is sent to.
async fn pushed(client: &ThirdParty, request: &AuthorizeRequest) -> String {
    let answer = client.push(request).send().await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    client.opening(&request_uri(&answer))
}

/// What a push is refused with.
async fn refused(push: &TokenRequest) -> (u16, String) {
    let answer = push.send().await;
    (answer.status.as_u16(), answer.error().to_owned())
}

#[tokio::test]
async fn a_pushed_request_leads_to_tokens() {
    let (app, alice, client) = scene().await;
    let request = client.request().set("scope", "openid email");
    let answer = client.push(&request).send().await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(answer.header("cache-control").unwrap().contains("no-store"));
    assert_eq!(answer.body["expires_in"], LIFETIME);
    let random = request_uri(&answer);
    let random = random.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert_eq!(random.len(), 43, "256 random bits: {random}");
    let mut browser = app.browser_of(&alice);
    let page = browser.open(&client.opening(&request_uri(&answer))).await;
    let answer = browser.finish(page, &request).await;
    assert_eq!(answer.state.as_deref(), request.get("state"));
    let tokens = client.redeem(&answer).await;
    assert_eq!(tokens.body["scope"], "email openid");
    assert_eq!(tokens.id_claims()["nonce"], request.get("nonce").unwrap());
}

#[tokio::test]
async fn discovery_tells_where_and_whether_it_must_be() {
    for required in [false, true] {
        let app = TestApp::with(|config| config.oidc.require_pushed_authorization_requests = required).await;
        let metadata = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
        assert_eq!(metadata["pushed_authorization_request_endpoint"], format!("{}/oauth2/par", app.issuer()));
        assert_eq!(metadata["require_pushed_authorization_requests"], required);
    }
}

#[tokio::test]
async fn a49_nothing_beside_client_id_and_request_uri_counts() {
    let (app, alice, client) = scene().await;
    let request = client.request();
    let url = pushed(&client, &request).await;
    let beside = "&state=evil&redirect_uri=https%3A%2F%2Fevil.example%2F&scope=openid+email&nonce=evil&prompt=none";
    let mut browser = app.browser_of(&alice);
    let page = browser.open(&format!("{url}{beside}")).await;
    let answer = browser.finish(page, &request).await;
    assert_eq!(answer.state.as_deref(), request.get("state"));
    let tokens = client.redeem(&answer).await;
    assert_eq!((&tokens.body["scope"], tokens.id_claims()["nonce"].as_str()), (&json!("openid"), request.get("nonce")));
}

#[tokio::test]
async fn a49_a_request_can_be_opened_again_until_it_is_answered_and_not_afterwards() {
    let (app, alice, client) = scene().await;
    let request = client.request();
    let url = pushed(&client, &request).await;
    let mut browser = app.browser_of(&alice);
    let first = browser.open(&url).await;
    assert!(first.find_form("login").is_some(), "{first}");
    let second = browser.open(&url).await;
    let answer = browser.finish(second, &request).await;
    client.redeem(&answer).await;
    browser.open(&url).await.assert_error("invalid_request_uri");
    app.browser().open(&url).await.assert_error("invalid_request_uri");
    let late = browser.finish(first, &request).await;
    assert_eq!(late.error(), "invalid_request_uri", "the page that was left open in another tab");
}

#[tokio::test]
async fn a49_a_denial_answers_it_too() {
    let (app, alice, client) = scene().await;
    let request = client.request();
    let url = pushed(&client, &request).await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.open(&url).await;
    let denied = browser.click(&page, "consent", "deny").await;
    assert_eq!(Answer::read(&denied, &request).error(), "access_denied");
    browser.open(&url).await.assert_error("invalid_request_uri");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a49_of_fifty_tabs_that_finish_a_pushed_request_one_gets_a_code() {
    let (app, alice, client) = scene_of(ClientSpec::first_party()).await;
    let request = client.request();
    let url = pushed(&client, &request).await;
    let browser = Browser::sign_in(&app, &alice).await;
    let mut tabs = JoinSet::new();
    for _ in 0..50 {
        let (mut tab, url) = (browser.clone(), url.clone());
        tabs.spawn(async move { tab.open(&url).await });
    }
    let pages = tabs.join_all().await;
    let with_code = |page: &&Page| page.is_redirect() && Answer::read(page, &request).code.is_some();
    assert_eq!(pages.iter().filter(with_code).count(), 1);
    for page in pages.iter().filter(|page| !with_code(page)) {
        if page.is_redirect() {
            assert_eq!(Answer::read(page, &request).error(), "invalid_request_uri");
        } else {
            page.assert_error("invalid_request_uri");
        }
    }
}

#[tokio::test]
async fn a49_it_expires_and_whoever_opened_it_in_time_has_time_to_sign_in() {
    let (app, alice, client) = scene().await;
    let request = client.request();
    let url = pushed(&client, &request).await;
    let mut browser = app.browser_of(&alice);
    app.clock().advance(Duration::from_secs(LIFETIME - 1));
    let page = browser.open(&url).await;
    app.clock().advance(Duration::from_secs(1));
    browser.open(&url).await.assert_error("invalid_request_uri");
    app.clock().advance(Duration::from_secs(25 * 60));
    let answer = browser.finish(page, &request).await;
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a49_another_applications_is_left_alone() {
    let (app, alice, client) = scene().await;
    let other = app.client(ClientSpec::named("Other")).await;
    let request = client.request();
    let answer = client.push(&request).send().await;
    let mut browser = app.browser_of(&alice);
    browser.open(&other.opening(&request_uri(&answer))).await.assert_error("invalid_request_uri");
    let page = browser.open(&client.opening(&request_uri(&answer))).await;
    client.redeem(&browser.finish(page, &request).await).await;
}

#[tokio::test]
async fn a49_a_guess_and_other_values_of_the_same_store_are_no_pushed_requests() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let code = answer.code();
    let urn = "urn:ietf:params:oauth:request_uri:";
    for guess in [urn.to_owned(), format!("{urn}{}", "A".repeat(43)), format!("{urn}{code}")] {
        browser.open(&client.opening(&guess)).await.assert_error("invalid_request_uri");
    }
    let twice = format!("{}&request_uri={urn}x", client.opening(urn));
    browser.open(&twice).await.assert_error("invalid_request");
}

#[tokio::test]
async fn a49_a_request_uri_cannot_be_pushed_and_only_post_pushes() {
    let (app, _, client) = scene().await;
    for uri in ["urn:ietf:params:oauth:request_uri:x", "https://rp.example/request", ""] {
        let push = client.push(&client.request()).set("request_uri", uri);
        assert_eq!(refused(&push).await, (400, "invalid_request".to_owned()), "{uri:?}");
    }
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = JsonAnswer::of(app.wire().request(method.clone(), "/oauth2/par")).await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("POST")), "{method}");
    }
}

#[tokio::test]
async fn a46_an_application_proves_itself_as_at_the_token_endpoint() {
    let (app, _, client) = scene().await;
    let push = client.push(&client.request());
    assert_eq!(push.clone().by_post().send().await.status, 201);
    let unproved = push.clone().without_basic();
    let wrong = push.clone().basic(&client.client_id, "wrong");
    let nobody = push.clone().without_basic().without("client_id");
    for push in [unproved, wrong, nobody] {
        assert_eq!(refused(&push).await, (401, "invalid_client".to_owned()), "{:?}", push.parameters);
    }
    let other = app.client(ClientSpec::named("Other")).await;
    let as_other = push.clone().set("client_id", &other.client_id);
    assert_eq!(refused(&as_other).await, (400, "invalid_request".to_owned()));
    let in_url = app.wire().post("/oauth2/par?client_secret=x").form(&push.parameters);
    assert_eq!(JsonAnswer::of(in_url).await.status, 400);
}

#[tokio::test]
async fn a43_an_assertion_is_for_the_issuer_and_no_other() {
    let key = ClientKey::new(Algorithm::Es256);
    let jwks = key.jwks();
    let spec = ClientSpec::default().with(|new| {
        new.auth_method = Some(AuthMethod::PrivateKeyJwt);
        new.metadata.jwks = Some(jwks);
    });
    let (app, _, client) = scene_of(spec).await;
    let push = |audience: serde_json::Value| {
        let mut statement = app.statement(&client);
        statement["aud"] = audience;
        client.push(&client.request()).by_assertion(&key.signs(&statement))
    };
    assert_eq!(push(json!(app.issuer())).send().await.status, 201);
    for other in [json!(format!("{}/oauth2/par", app.issuer())), json!([app.issuer(), "https://evil.example"])] {
        assert_eq!(refused(&push(other.clone())).await, (401, "invalid_client".to_owned()), "{other}");
    }
    let mut statement = app.statement(&client);
    statement["nbf"] = json!(app.clock().now().seconds() + 8);
    let early = client.push(&client.request()).by_assertion(&key.signs(&statement));
    assert_eq!(early.send().await.status, 201, "eight seconds are a clock that is off");
    assert_eq!(early.send().await.status, 401, "a44: once");
}

#[tokio::test]
async fn every_rule_of_the_authorization_endpoint_is_asked_at_once() {
    let (_app, _, client) = scene().await;
    for (name, value, error) in [
        ("redirect_uri", "https://evil.example/", "invalid_request"),
        ("response_type", "none", "unsupported_response_type"),
        ("scope", "unknown", "invalid_scope"),
        ("prompt", "none login", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("max_age", "x", "invalid_request"),
        ("resource", "https://nobody.example", "invalid_target"),
        ("id_token_hint", "x", "invalid_request"),
    ] {
        let push = client.push(&client.request().set(name, value));
        assert_eq!(refused(&push).await, (400, error.to_owned()), "{name}={value}");
    }
    for missing in ["response_type", "redirect_uri", "code_challenge"] {
        let push = client.push(&client.request().without(missing).without("code_challenge_method"));
        assert_eq!(refused(&push).await, (400, "invalid_request".to_owned()), "{missing}");
    }
    let twice = client.push(&client.request().add("state", "again"));
    assert_eq!(refused(&twice).await, (400, "invalid_request".to_owned()), "a08");
    let long = client.push(&client.request().set("state", &"x".repeat(40_000)));
    assert_eq!(refused(&long).await, (400, "invalid_request".to_owned()), "a39");
}

#[tokio::test]
async fn what_was_registered_meanwhile_counts_when_it_is_opened() {
    let (app, alice, client) = scene().await;
    let url = pushed(&client, &client.request()).await;
    app.provider().clients().delete(&client.id()).await.unwrap();
    app.browser_of(&alice).open(&url).await.assert_error("invalid_client");
}

#[tokio::test]
async fn an_application_that_must_push_is_refused_without() {
    let one = ClientSpec::default().with(|new| new.metadata.require_pushed_authorization_requests = true);
    let (app, alice, client) = scene_of(one).await;
    let other = app.client(ClientSpec::named("Other")).await;
    must_push(&app, &alice, &client).await;
    app.browser_of(&alice).authorize(&other, |request| request).await.code();

    let app = TestApp::with(|config| config.oidc.require_pushed_authorization_requests = true).await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    must_push(&app, &alice, &client).await;
}

async fn must_push(app: &TestApp, alice: &vestibule_tests::Person, client: &ThirdParty) {
    let error = crate::error_at_once(app, client, |request| request).await;
    assert_eq!(error, "invalid_request");
    let request = client.request();
    let url = pushed(client, &request).await;
    let mut browser = app.browser_of(alice);
    let page = browser.open(&url).await;
    client.redeem(&browser.finish(page, &request).await).await;
}

#[tokio::test]
async fn a_public_application_may_push() {
    let (app, alice, client) = scene_of(ClientSpec::public()).await;
    let request = client.request();
    let url = pushed(&client, &request).await;
    let mut browser = app.browser_of(&alice);
    let page = browser.open(&url).await;
    client.redeem(&browser.finish(page, &request).await).await;
    let preflight = app.wire().request(Method::OPTIONS, "/oauth2/par").header("Origin", "https://spa.example");
    let answer = JsonAnswer::of(preflight).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "an app in a browser can");
}

#[tokio::test]
async fn a_pushed_request_can_be_posted_and_is_taken_up() {
    let (app, alice, client) = scene().await;
    let request = client.request();
    let uri = request_uri(&client.push(&request).send().await);
    let fields = [("client_id".to_owned(), client.client_id.clone()), ("request_uri".to_owned(), uri)];
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.post_cross_site("/oauth2/authorize", &fields).await;
    let page = browser.follow(page).await;
    client.redeem(&browser.finish(page, &request).await).await;
}

#[tokio::test]
async fn a37_the_key_whose_proof_came_with_the_push_is_the_codes() {
    let (app, alice, client) = scene().await;
    let (key, other) = (app.dpop_key(), app.dpop_key());
    let mut browser = app.browser_of(&alice);
    let proof = || key.proof("POST", "/oauth2/par").sign();
    for named in [None, Some(key.jkt())] {
        let request = client.request();
        let pushed = match &named {
            Some(jkt) => client.push(&request.clone().set("dpop_jkt", jkt)),
            None => client.push(&request),
        };
        for right in [false, true] {
            let answer = JsonAnswer::of(pushed.build().header("DPoP", proof())).await;
            assert_eq!(answer.status, 201, "{}", answer.body);
            let page = browser.open(&client.opening(&request_uri(&answer))).await;
            let code = browser.finish(page, &request).await;
            let holder = if right { &key } else { &other };
            let proof = holder.for_token_endpoint().sign();
            let answer = JsonAnswer::of(client.exchange(&code).build().header("DPoP", proof)).await;
            let expected = if right { (200, "") } else { (400, "invalid_grant") };
            assert_eq!((answer.status.as_u16(), answer.error()), expected);
        }
    }
}

#[tokio::test]
async fn a37_a_dpop_jkt_of_another_key_than_the_proofs_is_refused_and_so_is_a_bad_proof() {
    let (app, _, client) = scene().await;
    let (key, other) = (app.dpop_key(), app.dpop_key());
    let mismatched = client.push(&client.request().set("dpop_jkt", &other.jkt())).build();
    let answer = JsonAnswer::of(mismatched.header("DPoP", key.proof("POST", "/oauth2/par").sign())).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"));
    let push = client.push(&client.request());
    let once = key.proof("POST", "/oauth2/par").sign();
    let send = |proof: String| JsonAnswer::of(push.build().header("DPoP", proof));
    assert_eq!(send(once.clone()).await.status, 201);
    for bad in [once, key.for_token_endpoint().sign(), key.proof("GET", "/oauth2/par").sign(), "x".to_owned()] {
        let answer = send(bad).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_dpop_proof"));
    }
}

#[tokio::test]
async fn no_secret_is_kept_with_a_pushed_request() {
    let (app, alice, client) = scene().await;
    let request = client.request();
    let answer = client.push(&request).by_post().send().await;
    let mut browser = app.browser_of(&alice);
    let page = browser.open(&client.opening(&request_uri(&answer))).await;
    assert!(page.find_form("login").is_some(), "credentials are no parameters of the request: {page}");
}
