//! Consent: asked in words, remembered, and given by nobody but the person who was asked.

use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, Page, TestApp};

use crate::scene;

fn scope(value: &str) -> impl FnOnce(AuthorizeRequest) -> AuthorizeRequest {
    move |request| request.set("scope", value)
}

/// Asserts that a posted form was refused, and that nothing came of it.
fn assert_refused(page: &Page) {
    assert_eq!(page.status, 403, "{page}");
    assert_eq!(page.error_code().as_deref(), Some("invalid_form"), "{page}");
    assert!(page.header("location").is_none(), "{page}");
}

#[tokio::test]
async fn it_is_asked_in_words_by_the_name_of_the_application() {
    let app = TestApp::start().await;
    app.api("https://api.example", &["notes.read"]).await;
    let spec = ClientSpec::named("Harbour Notes").for_scope("openid profile email address phone notes.read");
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.begin(&client, scope("openid profile email address phone notes.read")).await;
    let text = page.text();
    for words in ["Harbour Notes", "alice@example.com", "See your e-mail address", "See your postal address"] {
        assert!(text.contains(words), "{words}: {page}");
    }
    assert!(text.contains("Use notes.read"), "an API's scope is asked in the API's words: {page}");
    assert_eq!(page.attributes("data-scope"), ["openid", "profile", "email", "address", "phone", "notes.read"]);
    assert!(page.form("consent").has_button("allow") && page.form("consent").has_button("deny"));
}

#[tokio::test]
async fn what_was_allowed_is_not_asked_again() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, scope("openid email")).await.code();
    for less in ["openid email", "openid", "email openid"] {
        assert!(browser.begin(&client, scope(less)).await.is_redirect(), "{less}");
    }
}

#[tokio::test]
async fn it_is_remembered_in_another_browser_and_after_a_restart() {
    let (app, alice, client) = scene().await;
    app.browser_of(&alice).authorize(&client, |request| request).await.code();
    let app = app.restart().await;
    assert!(Browser::sign_in(&app, &alice).await.begin(&client, |request| request).await.is_redirect());
}

#[tokio::test]
async fn more_is_asked_for_and_only_that() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await.code();
    let page = browser.begin(&client, scope("openid email phone")).await;
    assert_eq!(page.attributes("data-scope"), ["email", "phone"]);
}

#[tokio::test]
async fn it_is_remembered_for_this_person_and_this_application_only() {
    let (app, alice, client) = scene().await;
    let (bob, other) = (app.user("bob").await, app.client(ClientSpec::named("Another")).await);
    let mut browser = app.browser_of(&alice);
    browser.authorize(&client, |request| request).await.code();
    assert!(browser.begin(&other, |request| request).await.find_form("consent").is_some());
    let mut bobs = Browser::sign_in(&app, &bob).await;
    assert!(bobs.begin(&client, |request| request).await.find_form("consent").is_some());
}

#[tokio::test]
async fn a_first_party_application_is_not_asked_for() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::first_party()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.begin(&client, scope("openid profile email")).await;
    assert_eq!(page.location().host_str(), Some("rp.example"));
}

#[tokio::test]
async fn who_denies_is_heard_as_access_denied_and_asked_again_the_next_time() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = client.request();
    let page = browser.open(&request.url()).await;
    let answer = Answer::read(&browser.click(&page, "consent", "deny").await, &request);
    assert_eq!((answer.error(), answer.iss.as_deref()), ("access_denied", Some(app.issuer())));
    assert_eq!(answer.state.as_deref(), request.get("state"));
    assert!(browser.begin(&client, |request| request).await.find_form("consent").is_some());
}

#[tokio::test]
async fn who_gives_up_at_the_sign_in_page_is_heard_as_access_denied() {
    let (app, _, client) = scene().await;
    let mut browser = app.browser();
    let request = client.request();
    let page = browser.open(&request.url()).await;
    assert_eq!(Answer::read(&browser.click(&page, "login", "cancel").await, &request).error(), "access_denied");
}

#[tokio::test]
async fn a15_a_form_without_its_token_or_with_anothers_is_refused() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = browser.begin(&client, |request| request).await.form("consent").press("allow");
    let mut stranger = Browser::sign_in(&app, &app.user("bob").await).await;
    let strangers = stranger.begin(&client, |request| request).await.form("consent");
    for bad in [
        form.clone().without("csrf_token"),
        form.clone().with("csrf_token", ""),
        form.clone().with("csrf_token", "x"),
        form.clone().with("csrf_token", strangers.get("csrf_token").unwrap()),
    ] {
        assert_refused(&browser.submit(&bad).await);
    }
    assert!(browser.begin(&client, |request| request).await.find_form("consent").is_some(), "nothing was allowed");
    assert!(browser.submit(&form).await.is_redirect(), "the right one still works");
}

#[tokio::test]
async fn a15_a_form_from_a_foreign_or_null_origin_is_refused_even_with_its_token() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = browser.begin(&client, |request| request).await.form("consent").press("allow");
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "http://localhost:1")],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
    ] {
        assert_refused(&browser.submit_with(&form, headers).await);
    }
}

#[tokio::test]
async fn a15_without_an_origin_the_token_decides() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = browser.begin(&client, |request| request).await.form("consent").press("allow");
    assert_refused(&browser.submit_with(&form.clone().without("csrf_token"), &[]).await);
    assert!(browser.submit_with(&form, &[]).await.is_redirect());
}

#[tokio::test]
async fn a15_a_post_from_another_site_carries_no_cookie_and_is_refused() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = browser.begin(&client, |request| request).await.form("consent").press("allow");
    assert_refused(&browser.post_cross_site("/consent", &form.fields).await);
}

#[tokio::test]
async fn a16_a_page_shown_to_one_person_is_not_answered_by_another_at_the_same_browser() {
    let (app, alice, client) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = client.request();
    let alices = browser.open(&request.url()).await;
    // Bob signs in in another tab.
    let other_tab = browser.click(&alices, "consent", "another").await;
    let done = browser.try_to_sign_in(&other_tab, "bob", &bob.password).await;
    assert!(done.is_redirect(), "{done}");
    let page = browser.click(&alices, "consent", "allow").await;
    assert!(page.find_form("consent").is_some(), "bob is asked himself: {page}");
    assert!(page.text().contains("bob@example.com"), "{page}");
    assert!(app.provider().consents().granted(bob.id, &client.id()).await.unwrap().is_empty());
    assert!(app.provider().consents().granted(alice.id, &client.id()).await.unwrap().is_empty());
}

#[tokio::test]
async fn a33_nothing_is_allowed_that_was_not_shown_or_not_asked_for() {
    let (app, alice, client) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = scope("openid email")(client.request());
    let form = browser.open(&request.url()).await.form("consent").press("allow");
    let page = browser.submit(&form.clone().with("scope", "openid")).await;
    let page = browser.follow(page).await;
    assert_eq!(page.attributes("data-scope"), ["email"], "what the form did not show is asked");
    let page = browser.submit(&page.form("consent").press("allow").with("scope", "email phone profile")).await;
    let answer = Answer::read(&page, &request);
    assert_eq!(client.redeem(&answer).await.body["scope"], "email openid");
    let granted = app.provider().consents().granted(alice.id, &client.id()).await.unwrap();
    assert_eq!(granted.to_string(), "email openid");
}

#[tokio::test]
async fn who_is_not_the_one_that_is_signed_in_can_become_it_from_the_page() {
    let (app, alice, client) = scene().await;
    let bob = app.user("bob").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = client.request();
    let page = browser.open(&request.url()).await;
    let page = browser.click(&page, "consent", "another").await;
    browser.seat(&bob);
    let answer = browser.finish(page, &request).await;
    assert_eq!(client.redeem(&answer).await.id_claims()["sub"], bob.id.to_string());
}

#[tokio::test]
async fn links_to_policy_and_terms_are_shown_as_they_were_registered() {
    let app = TestApp::start().await;
    let spec = ClientSpec::default().with(|new| {
        new.metadata.policy_uri = Some("https://rp.example/privacy".to_owned());
        new.metadata.tos_uri = Some("https://rp.example/terms".to_owned());
    });
    let (alice, client) = (app.user("alice").await, app.client(spec).await);
    let page = Browser::sign_in(&app, &alice).await.begin(&client, |request| request).await;
    assert_eq!(page.attribute("policy", "href").as_deref(), Some("https://rp.example/privacy"));
    assert_eq!(page.attribute("tos", "href").as_deref(), Some("https://rp.example/terms"));
}
