//! Applications whose `client_id` is the address of a document: how long one counts, what becomes of it, and what people are told.

use std::time::Duration;

use serde_json::json;
use vestibule_jose::Algorithm;
use vestibule_tests::{ClientKey, DocumentSite, Page, Person, TestApp, ThirdParty, Tokens};

use crate::{
    client_documents::{CALLBACK, asked, client, scene},
    refresh::{is_alive, refresh, refreshed},
    rows,
};

const HOUR: Duration = Duration::from_secs(3600);

/// What alice is shown when the application asks for something.
async fn shown(app: &TestApp, alice: &Person, client: &ThirdParty) -> Page {
    app.browser_of(alice).begin(client, |request| request).await
}

async fn allowed(app: &TestApp, alice: &Person, client: &ThirdParty) -> Tokens {
    let answer = app.browser_of(alice).authorize(client, |request| request).await;
    client.redeem(&answer).await
}

/// A browser at which alice is signed in, so that only consent can stand between.
async fn signed_in(app: &TestApp, alice: &Person) -> vestibule_tests::Browser {
    vestibule_tests::Browser::sign_in(app, alice).await
}

#[tokio::test]
async fn a_document_is_fetched_again_when_its_time_is_over_and_not_before() {
    for (headers, lifetime) in [
        ("Cache-Control: max-age=1800\r\n", 1800),
        ("Cache-Control: max-age=1800\r\nAge: 600\r\n", 1200),
        ("", 3600),
        // Within an operator's bounds.
        ("Cache-Control: no-store\r\n", 300),
        ("Cache-Control: max-age=0\r\n", 300),
        ("Expires: 0\r\n", 300),
        ("Cache-Control: max-age=31536000\r\n", 24 * 3600),
    ] {
        let (app, site, client) = scene(json!({})).await;
        site.publish_with(headers, &site.document(json!({})));
        for _ in 0..3 {
            assert!(asked(&app, &client).await.has("login"), "{headers}");
        }
        app.clock().advance(Duration::from_secs(lifetime - 1));
        asked(&app, &client).await;
        assert_eq!(site.asked(), 1, "{headers}");
        app.clock().advance(Duration::from_secs(1));
        asked(&app, &client).await;
        assert_eq!(site.asked(), 2, "{headers}");
    }
}

#[tokio::test]
async fn what_a_document_says_later_counts_later() {
    let (app, site, client) = scene(json!({})).await;
    asked(&app, &client).await;
    site.publish(&site.document(json!({ "redirect_uris": ["https://app.example/other"] })));
    assert!(asked(&app, &client).await.has("login"));
    app.clock().advance(HOUR);
    asked(&app, &client).await.assert_error("invalid_redirect_uri");
}

#[tokio::test]
async fn one_whose_document_cannot_be_had_goes_on_and_begins_nothing_after_a_day() {
    let (app, site, client) = scene(json!({})).await;
    let alice = app.user("alice").await;
    let answer = app.browser_of(&alice).authorize(&client, |r| r.set("scope", "openid offline_access")).await;
    let tokens = client.redeem(&answer).await;
    site.go_down();
    app.clock().advance(2 * HOUR);
    assert!(asked(&app, &client).await.has("login"), "for a day, what was known does");
    app.clock().advance(23 * HOUR);
    asked(&app, &client).await.assert_error("invalid_client");
    let next = refreshed(&client, &tokens.refresh_token).await;
    assert!(is_alive(&client, &next).await);
    let api = app.client(vestibule_tests::ClientSpec::named("Notes API")).await;
    app.api_of(&api, "https://notes.example", &["notes.read"]).await;
    assert_eq!(client.revocation(&next.refresh_token).send().await.status, 200);
    assert!(!is_alive(&client, &next).await);
    app.clock().advance(Duration::from_secs(10));
    site.publish(&site.document(json!({})));
    assert!(asked(&app, &client).await.has("login"));
}

#[tokio::test]
async fn one_that_is_not_let_in_any_more_gets_nothing_more() {
    let (app, site, client) = scene(json!({})).await;
    let alice = app.user("alice").await;
    let tokens = allowed(&app, &alice, &client).await;
    for elsewhere in [vec![], vec!["elsewhere.example".parse().unwrap()]] {
        let stricter = app.replica(|config| config.client_documents.allow = elsewhere.into_iter().collect()).await;
        let known = client_of(&stricter, &site);
        asked(&stricter, &known).await.assert_error("invalid_client");
        let refused = refresh(&known, &tokens.refresh_token).send().await;
        assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"), "{}", refused.body);
    }
}

fn client_of(app: &TestApp, site: &DocumentSite) -> ThirdParty {
    client(app, &site.url())
}

#[tokio::test]
async fn people_are_asked_the_first_time_and_see_whose_site_says_what_it_is() {
    let (app, site, client) =
        scene(json!({ "client_name": "Your Bank", "logo_uri": "https://bank.example/l.png" })).await;
    let alice = app.user("alice").await;
    let mut browser = signed_in(&app, &alice).await;
    let silent = browser.begin(&client, |request| request.set("prompt", "none")).await;
    assert!(silent.location().as_str().contains("error=consent_required"), "{silent}");
    let page = browser.begin(&client, |request| request).await;
    let host = site.origin().replace("http://", "");
    assert!(page.has("consent") && page.has("client-host") && !page.has("local-redirect"), "{page}");
    assert!(page.text().contains(&host) && page.text().contains("app.example"), "{page}");
    assert!(page.attributes("src").iter().all(|source| !source.contains("bank.example")), "no logo from there: {page}");
    browser.click(&page, "consent", "allow").await;
    assert!(browser.begin(&client, |request| request).await.is_redirect(), "and what was allowed is remembered");
    let registered = app.client(vestibule_tests::ClientSpec::default()).await;
    assert!(!browser.begin(&registered, |request| request).await.has("client-host"));
}

#[tokio::test]
async fn a_person_is_warned_where_the_answer_goes_to_a_program_on_their_device() {
    for uri in ["http://localhost:3000/cb", "http://127.0.0.1/cb", "http://[::1]:9/cb", "com.example.app:/cb"] {
        let (app, site, _) = scene(json!({ "redirect_uris": [uri] })).await;
        let alice = app.user("alice").await;
        let client = app.known_client(&site.url(), None, uri);
        let page = signed_in(&app, &alice).await.begin(&client, |request| request).await;
        assert!(page.has("consent") && page.has("local-redirect"), "{uri}: {page}");
    }
}

#[tokio::test]
async fn a09_an_error_of_one_leads_nowhere_without_a_click() {
    let (app, _site, client) = scene(json!({})).await;
    let page = app.browser().get(&client.request().set("response_type", "token").url()).await;
    assert!(!page.is_redirect() && page.has("app-error"), "{page}");
    assert!(page.attribute("next", "href").unwrap().starts_with(CALLBACK), "{page}");
}

#[tokio::test]
async fn people_are_asked_anew_where_a_document_changes_what_they_went_by() {
    for (more, again) in [
        (json!({ "contacts": ["dev@app.example"] }), false),
        (json!({ "client_name": "Other Notes" }), true),
        (json!({ "redirect_uris": [CALLBACK, "https://app.example/more"] }), true),
    ] {
        let (app, site, client) = scene(json!({})).await;
        let alice = app.user("alice").await;
        let tokens = allowed(&app, &alice, &client).await;
        site.publish(&site.document(more.clone()));
        app.clock().advance(HOUR);
        let page = signed_in(&app, &alice).await.begin(&client, |request| request).await;
        assert_eq!(page.is_redirect(), !again, "{more}: {page}");
        refreshed(&client, &tokens.refresh_token).await;
    }
}

#[tokio::test]
async fn what_a_public_one_was_given_ends_when_it_begins_to_have_a_key() {
    let (app, site, client) = scene(json!({})).await;
    let alice = app.user("alice").await;
    let tokens = allowed(&app, &alice, &client).await;
    let key = ClientKey::new(Algorithm::Es256);
    site.publish(&site.document(json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key.jwks() })));
    app.clock().advance(HOUR);
    assert_eq!(refresh(&client, &tokens.refresh_token).send().await.status, 401);
    let by_key = refresh(&client, &tokens.refresh_token).by_assertion(&key.signs(&app.statement(&client)));
    assert_eq!(by_key.send().await.error(), "invalid_grant");
    assert!(!is_alive(&client, &tokens).await);
    assert!(shown(&app, &alice, &client).await.has("login"));
}

#[tokio::test]
async fn what_protects_its_requests_is_not_loosened_by_a_document() {
    let (app, site, client) = scene(json!({ "require_pushed_authorization_requests": true })).await;
    asked(&app, &client).await;
    site.publish(&site.document(json!({})));
    app.clock().advance(HOUR);
    asked(&app, &client).await;
    let kept = app.provider().clients().read(&client.id()).await.unwrap().unwrap();
    assert_eq!(site.asked(), 2);
    assert!(kept.metadata.require_pushed_authorization_requests);
}

#[tokio::test]
async fn one_that_nobody_allowed_anything_is_forgotten_after_a_day_and_comes_back_as_it_was() {
    let (app, site, client) = scene(json!({})).await;
    let ids = || rows(&app, "SELECT id FROM clients");
    asked(&app, &client).await;
    app.provider().forget_unused().await.unwrap();
    assert_eq!(ids().await.len(), 1);
    app.clock().advance(25 * HOUR);
    app.provider().forget_unused().await.unwrap();
    assert_eq!(ids().await.len(), 0);
    // It is not banned by that: what it is given later holds.
    let alice = app.user("alice").await;
    let tokens = allowed(&app, &alice, &client).await;
    assert!(is_alive(&client, &tokens).await);
    app.clock().advance(25 * HOUR);
    app.provider().forget_unused().await.unwrap();
    assert_eq!((ids().await.len(), site.asked()), (1, 2), "one that somebody allowed something stays");
}

#[tokio::test]
async fn an_administrator_finds_one_by_its_address_and_what_they_decide_of_it_stays() {
    let (app, site, client) = scene(json!({})).await;
    let root = app.superuser().await;
    site.publish_with("Cache-Control: no-cache\r\n", &site.document(json!({})));
    asked(&app, &client).await;
    let path = format!("/api/v1/clients/{}", site.url().replace(':', "%3A").replace('/', "%2F"));
    let changed = root.patch(&path, &json!({ "first_party": true })).await;
    assert_eq!((changed.status.as_u16(), &changed.body["client_id"]), (200, &json!(site.url())), "{}", changed.body);
    root.put_body(&format!("{path}/apps"), &json!({ "apps": ["billing"] })).await;
    app.clock().advance(Duration::from_secs(300));
    asked(&app, &client).await;
    let read = root.get(&path).await.body;
    assert_eq!((site.asked(), &read["first_party"]), (2, &json!(true)));
    assert_eq!(root.get(&format!("{path}/apps")).await.body["apps"], json!(["billing"]));
    assert_eq!(root.delete(&path).await.status, 204);
}

#[tokio::test]
async fn one_that_an_administrator_deletes_loses_what_it_had_and_may_come_back() {
    let (app, _site, client) = scene(json!({})).await;
    let alice = app.user("alice").await;
    let before = allowed(&app, &alice, &client).await;
    app.clock().advance(Duration::from_secs(1));
    app.provider().clients().delete(&client.id()).await.unwrap();
    app.provider().revoke_client(&client.id()).await.unwrap();
    app.clock().advance(Duration::from_secs(1));
    let after = allowed(&app, &alice, &client).await;
    assert!(is_alive(&client, &after).await && !is_alive(&client, &before).await);
}
