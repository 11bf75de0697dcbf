//! Applications whose `client_id` is the address of a document: which documents count, and which never do
//! (draft-ietf-oauth-client-id-metadata-document).

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule_jose::Algorithm;
use vestibule_tests::{ClientKey, DocumentSite, JsonAnswer, Page, TestApp, ThirdParty};

use crate::{refresh::is_alive, rows};

pub(crate) const CALLBACK: &str = "https://app.example/cb";

/// A provider that lets in what `site` publishes.
pub(crate) async fn provider(site: &DocumentSite) -> TestApp {
    let allowed = site.origin().parse().unwrap();
    TestApp::with(|config| {
        config.fetch.allow_private_networks = true;
        config.client_documents.allow = [allowed].into_iter().collect();
    })
    .await
}

/// A provider, and a site that publishes a document of a public application with `more` in it.
pub(crate) async fn scene(more: Value) -> (TestApp, DocumentSite, ThirdParty) {
    let site = DocumentSite::start().await;
    let app = provider(&site).await;
    site.publish(&site.document(more));
    let client = client(&app, &site.url());
    (app, site, client)
}

pub(crate) fn client(app: &TestApp, id: &str) -> ThirdParty {
    app.known_client(id, None, CALLBACK)
}

/// The first page, or answer, of a request of `client`, at a browser of nobody's.
pub(crate) async fn asked(app: &TestApp, client: &ThirdParty) -> Page {
    app.browser().begin(client, |request| request).await
}

pub(crate) async fn assert_refused(app: &TestApp, client: &ThirdParty, words: &str) {
    let page = asked(app, client).await;
    page.assert_error("invalid_client");
    assert!(page.text().contains(words), "{words}: {page}");
    assert!(rows(app, "SELECT id FROM clients").await.is_empty(), "{words}");
}

async fn discovered(app: &TestApp) -> Value {
    JsonAnswer::of(app.wire().get("/.well-known/oauth-authorization-server")).await.body
}

#[tokio::test]
async fn where_no_address_is_let_in_no_document_is_fetched_and_discovery_says_nothing_of_it() {
    let (on, site, _) = scene(json!({})).await;
    assert_eq!(discovered(&on).await["client_id_metadata_document_supported"], true);
    let off = TestApp::with(|config| config.fetch.allow_private_networks = true).await;
    assert_eq!(discovered(&off).await.get("client_id_metadata_document_supported"), None);
    assert_refused(&off, &client(&off, &site.url()), "no application is registered").await;
    assert_eq!(site.asked(), 0);
}

#[tokio::test]
async fn an_application_that_is_known_by_its_document_signs_people_in() {
    let (app, site, client) = scene(json!({})).await;
    let alice = app.user("alice").await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request.set("scope", "openid email")).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(tokens.id_claims()["aud"], site.url());
    assert_eq!(tokens.access_claims()["client_id"], site.url());
    assert_eq!(client.userinfo(&tokens.access_token).await.body["sub"], alice.id.to_string());
    let next = crate::refresh::refreshed(&client, &tokens.refresh_token).await;
    assert!(is_alive(&client, &next).await);
    assert_eq!(client.revocation(&next.refresh_token).send().await.status, 200);
    assert!(!is_alive(&client, &next).await);
    assert_eq!(site.asked(), 1);
}

#[tokio::test]
async fn a_public_one_must_use_pkce() {
    let (app, _site, client) = scene(json!({})).await;
    let page = app.browser().begin(&client, |request| request.without_pkce()).await;
    assert!(page.attribute("next", "href").unwrap().contains("error=invalid_request"), "{page}");
}

#[tokio::test]
async fn one_with_a_key_proves_itself_by_it_and_by_nothing_else() {
    let key = ClientKey::new(Algorithm::Es256);
    let more = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() });
    let (app, _site, client) = scene(more).await;
    let alice = app.user("alice").await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let refused = client.exchange(&answer).send().await;
    assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"), "{}", refused.body);
    let other = ClientKey::new(Algorithm::Es256).signs(&app.statement(&client));
    let by = |assertion: &str| client.exchange(&answer).by_assertion(assertion);
    assert_eq!(by(&other).send().await.status, 401);
    let tokens = by(&key.signs(&app.statement(&client))).send().await.tokens();
    assert!(is_alive(&client, &tokens).await);
}

#[tokio::test]
async fn a_pushed_request_may_be_the_first_that_is_heard_of_one() {
    let (app, site, client) = scene(json!({})).await;
    let pushed = client.push(&client.request()).send().await;
    assert_eq!(pushed.status, 201, "{}", pushed.body);
    let page = app.browser().open(&client.opening(pushed.body["request_uri"].as_str().unwrap())).await;
    assert!(page.has("login"), "{page}");
    assert_eq!(site.asked(), 1);
}

#[tokio::test]
async fn a_document_that_breaks_a_rule_is_refused_in_words() {
    for (more, words) in [
        (json!({ "client_id": "https://app.example/client.json" }), "client_id"),
        (json!({ "client_id": null }), "client_id"),
        (json!({ "client_secret": "hush" }), "client_secret"),
        (json!({ "client_secret_expires_at": 0 }), "client_secret_expires_at"),
        (json!({ "token_endpoint_auth_method": "client_secret_basic" }), "token_endpoint_auth_method"),
        (json!({ "token_endpoint_auth_method": "client_secret_post" }), "token_endpoint_auth_method"),
        (json!({ "token_endpoint_auth_method": "client_secret_jwt" }), "token_endpoint_auth_method"),
        (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "jwks"),
        (json!({ "token_endpoint_auth_method": "magic" }), "token_endpoint_auth_method"),
        (json!({ "id_token_signed_response_alg": "HS256" }), "id_token_signed_response_alg"),
        (json!({ "redirect_uris": [] }), "redirect_uris"),
        (json!({ "redirect_uris": ["http://app.example/cb"] }), "https"),
        (json!({ "redirect_uris": ["https://app.example/cb#fragment"] }), "fragment"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "scheme"),
        (json!({ "grant_types": ["client_credentials"] }), "client_credentials"),
        (json!({ "client_name": "x".repeat(201) }), "name"),
    ] {
        let (app, _site, client) = scene(more).await;
        assert_refused(&app, &client, words).await;
    }
}

#[tokio::test]
async fn a52_what_only_an_administrator_says_is_refused_in_a_document_and_foreign_scopes_are_left_out() {
    for (more, words) in [
        (json!({ "first_party": true }), "first_party"),
        (json!({ "apps": ["billing"] }), "apps"),
        (json!({ "token_exchange_audiences": ["https://api.example"] }), "token_exchange_audiences"),
    ] {
        let (app, _site, client) = scene(more).await;
        assert_refused(&app, &client, words).await;
    }
    let (app, _site, client) = scene(json!({ "scope": "openid vestibule.view_user" })).await;
    assert!(asked(&app, &client).await.has("login"));
    let kept = app.provider().clients().read(&client.id()).await.unwrap().unwrap();
    assert_eq!(kept.metadata.scope.to_string(), "openid");
}

#[tokio::test]
async fn a51_what_comes_in_place_of_a_document_is_not_read() {
    let site = DocumentSite::start().await;
    let (document, json_type) = (site.document(json!({})).to_string(), "Content-Type: application/json\r\n");
    let long = site.document(json!({ "contacts": ["x".repeat(5 * 1024)] })).to_string();
    let elsewhere = format!("{json_type}Location: {}/other.json\r\n", site.origin());
    for (status, headers, body) in [
        ("404 Not Found", json_type, document.as_str()),
        ("201 Created", json_type, &document),
        ("206 Partial Content", json_type, &document),
        ("302 Found", &elsewhere, &document),
        ("500 Internal Server Error", json_type, &document),
        ("200 OK", "Content-Type: text/html\r\n", &document),
        ("200 OK", "", &document),
        ("200 OK", json_type, &long),
        ("200 OK", json_type, &document[1..]),
        ("200 OK", json_type, ""),
    ] {
        let app = provider(&site).await;
        let before = site.asked();
        site.answers(status, headers, body);
        assert_refused(&app, &client(&app, &site.url()), "the document at this client_id").await;
        assert_eq!(site.asked(), before + 1, "{status}: no redirect is followed");
    }
}

#[tokio::test]
async fn a51_an_address_that_leads_inside_is_not_fetched() {
    let site = DocumentSite::start().await;
    site.publish(&site.document(json!({})));
    let port = site.origin().rsplit(':').next().unwrap().to_owned();
    // Neither private networks nor plain HTTP to this machine, which is the default.
    let app = TestApp::with(|config| {
        let allowed = ["*", &site.origin()].map(|address| address.parse().unwrap());
        config.client_documents.allow = allowed.into_iter().collect();
    })
    .await;
    for host in ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:7f00:1]", "[fd00:ec2::254]"]
    {
        let id = format!("https://{host}:{port}/client.json");
        assert_refused(&app, &client(&app, &id), "could not be fetched").await;
    }
    assert_refused(&app, &client(&app, &site.url()), "could not be fetched").await;
    assert_eq!(site.asked(), 0);
}

#[tokio::test]
async fn a51_an_address_that_cannot_be_a_documents_is_not_fetched() {
    let (app, site, _) = scene(json!({})).await;
    let origin = site.origin();
    for (id, words) in [
        (origin.clone(), "no path"),
        (format!("{origin}/client.json?a=b"), "query"),
        (format!("{origin}/client.json#a"), "fragment"),
        (format!("{origin}/a/../client.json"), "dot segment"),
        (format!("{origin}/%2e%2e/client.json"), "dot segment"),
        (origin.replace("http://", "http://user:secret@") + "/client.json", "user"),
        (origin.replace("127.0.0.1", "2130706433") + "/client.json", "normal form"),
        (format!("{origin}/{}", "a".repeat(200)), "longer"),
        ("https://elsewhere.example/client.json".to_owned(), "not known here"),
        ("http://elsewhere.example/client.json".to_owned(), "https URL"),
    ] {
        assert_refused(&app, &client(&app, &id), words).await;
    }
    assert_eq!(site.asked(), 0);
}

#[tokio::test]
async fn of_fifty_first_callers_one_fetches_and_all_find_one_application() {
    let (app, site, client) = scene(json!({})).await;
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let (mut browser, url) = (app.browser(), client.request().url());
        calls.spawn(async move { browser.open(&url).await.has("login") });
    }
    assert!(calls.join_all().await.into_iter().all(|found| found));
    assert_eq!((site.asked(), rows(&app, "SELECT id FROM clients").await.len()), (1, 1));
}

#[tokio::test]
async fn a_document_that_cannot_be_used_is_not_kept_and_not_asked_for_again_at_once() {
    let (app, site, client) = scene(json!({ "client_secret": "hush" })).await;
    assert_refused(&app, &client, "client_secret").await;
    site.publish(&site.document(json!({})));
    for _ in 0..5 {
        assert_refused(&app, &client, "try again in some seconds").await;
    }
    assert_eq!(site.asked(), 1);
    app.clock().advance(Duration::from_secs(10));
    assert!(asked(&app, &client).await.has("login"), "the refusal was not kept");
}

#[tokio::test]
async fn nobody_makes_a_flood_of_us_by_naming_addresses() {
    let (app, site, _) = scene(json!({})).await;
    for number in 0..30 {
        let id = format!("{}/{number}.json", site.origin());
        asked(&app, &client(&app, &id)).await.assert_error("invalid_client");
    }
    assert_eq!(site.asked(), 20, "a host is asked so often at a time, whatever the path");
    for _ in 0..5 {
        let id = format!("{}/again.json", site.origin());
        let known = client(&app, &id).asks("refresh_token").add("refresh_token", "none").send().await;
        assert_eq!(known.status, 401, "nor by way of the token endpoint");
    }
    assert_eq!(site.asked(), 20);
}

#[tokio::test]
async fn there_are_no_more_of_them_than_an_operator_wants() {
    let (site, other) = (DocumentSite::start().await, DocumentSite::start().await);
    let allowed = [&site, &other].map(|site| site.origin().parse().unwrap());
    let app = TestApp::with(|config| {
        config.fetch.allow_private_networks = true;
        config.client_documents.allow = allowed.into_iter().collect();
        config.client_documents.most = 1;
    })
    .await;
    for site in [&site, &other] {
        site.publish(&site.document(json!({})));
    }
    assert!(asked(&app, &client(&app, &site.url())).await.has("login"));
    asked(&app, &client(&app, &other.url())).await.assert_error("invalid_client");
    assert!(asked(&app, &client(&app, &site.url())).await.has("login"), "those that are there go on");
}
