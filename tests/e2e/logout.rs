//! RP-initiated logout: at once for the application that was given this session, after a question for everybody else.

use std::time::Duration;

use url::form_urlencoded;
use vestibule_tests::{Answer, Browser, ClientSpec, Page, Person, TestApp, ThirdParty, Tokens, claims, unsigned};

use crate::scene;

const SIGNED_OUT: &str = "https://rp.example/signed-out";

/// A provider with alice signed in at a browser, and the application with the tokens that this gave it.
struct Scene {
    app: TestApp,
    alice: Person,
    client: ThirdParty,
    browser: Browser,
    tokens: Tokens,
}

async fn signed_in() -> Scene {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let answer = browser.authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    Scene { app, alice, client, browser, tokens }
}

fn end_session(parameters: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("/oauth2/end_session?{query}")
}

async fn is_signed_in(browser: &mut Browser) -> bool {
    browser.get("/").await.find_form("logout").is_some()
}

/// Asserts that somebody is asked, still signed in, and led nowhere; what they are asked.
async fn assert_asked(browser: &mut Browser, parameters: &[(&str, &str)]) -> Page {
    let page = browser.open(&end_session(parameters)).await;
    assert!(page.find_form("logout").is_some() && !page.is_redirect(), "{page}");
    assert!(is_signed_in(browser).await);
    page
}

#[tokio::test]
async fn with_a_hint_and_a_registered_address_it_happens_at_once_and_leads_back() {
    let Scene { app: _app, mut browser, tokens, .. } = signed_in().await;
    let parameters =
        [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "a b&c")];
    let page = browser.get(&end_session(&parameters)).await;
    assert_eq!((page.status.as_u16(), page.location().as_str()), (303, "https://rp.example/signed-out?state=a+b%26c"));
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a56_afterwards_prompt_none_is_login_required_and_session_and_tokens_are_dead() {
    let Scene { app, client, mut browser, tokens, .. } = signed_in().await;
    let old = browser.cookie("vestibule_session").unwrap().to_owned();
    browser.get(&end_session(&[("id_token_hint", &tokens.id_token)])).await;
    assert!(browser.cookie("vestibule_session").is_none(), "the browser was told to forget it");
    let mut thief = app.browser();
    thief.plant("vestibule_session", &old);
    for browser in [&mut browser, &mut thief] {
        let request = client.request().set("prompt", "none");
        assert_eq!(Answer::read(&browser.get(&request.url()).await, &request).error(), "login_required");
    }
    assert_eq!(client.userinfo(&tokens.access_token).await.status, 401);
}

#[tokio::test]
async fn without_a_state_none_is_given_back() {
    let Scene { app: _app, mut browser, tokens, .. } = signed_in().await;
    let parameters = [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", SIGNED_OUT)];
    assert_eq!(browser.get(&end_session(&parameters)).await.location().as_str(), SIGNED_OUT);
}

#[tokio::test]
async fn a_hint_that_has_expired_still_counts() {
    let Scene { app, mut browser, tokens, .. } = signed_in().await;
    app.clock().advance(Duration::from_secs(2 * 3600));
    let parameters = [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", SIGNED_OUT)];
    assert_eq!(browser.get(&end_session(&parameters)).await.location().as_str(), SIGNED_OUT);
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn with_a_hint_and_nowhere_to_go_it_ends_on_a_page_of_ours() {
    let Scene { app: _app, mut browser, tokens, .. } = signed_in().await;
    let page = browser.get(&end_session(&[("id_token_hint", &*tokens.id_token), ("state", "x")])).await;
    assert!(page.has("signed-out"), "{page}");
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a55_without_a_hint_somebody_is_asked_and_led_nowhere() {
    let Scene { app: _app, mut browser, .. } = signed_in().await;
    for parameters in [
        &[][..],
        &[("state", "x")],
        &[("post_logout_redirect_uri", SIGNED_OUT)],
        &[("post_logout_redirect_uri", SIGNED_OUT), ("state", "x")],
        &[("post_logout_redirect_uri", "https://evil.example/")],
    ] {
        let page = assert_asked(&mut browser, parameters).await;
        assert!(page.text().contains("alice@example.com"), "{page}");
    }
}

#[tokio::test]
async fn who_says_yes_to_the_question_is_signed_out_on_a_page_of_ours() {
    for parameters in [&[][..], &[("state", "x")], &[("post_logout_redirect_uri", SIGNED_OUT)]] {
        let Scene { app: _app, mut browser, .. } = signed_in().await;
        let page = assert_asked(&mut browser, parameters).await;
        let page = browser.click(&page, "logout", "sign-out").await;
        assert!(page.has("signed-out"), "{page}");
        assert!(!is_signed_in(&mut browser).await);
    }
}

#[tokio::test]
async fn who_says_no_stays_signed_in() {
    let Scene { app: _app, mut browser, .. } = signed_in().await;
    let page = assert_asked(&mut browser, &[]).await;
    browser.click(&page, "logout", "stay").await;
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn an_application_that_only_says_its_name_leads_back_after_the_question() {
    let Scene { app: _app, client, mut browser, .. } = signed_in().await;
    let parameters = [("client_id", &*client.client_id), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")];
    let page = assert_asked(&mut browser, &parameters).await;
    assert!(page.text().contains("Harbour Notes"), "{page}");
    let page = browser.submit(&page.form("logout").press("sign-out")).await;
    assert_eq!(page.location().as_str(), "https://rp.example/signed-out?state=s");
    assert!(!is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a55_an_address_that_is_not_registered_leads_nowhere_and_signs_nobody_out() {
    let Scene { app: _app, client, mut browser, tokens, .. } = signed_in().await;
    for bad in [
        "https://evil.example/",
        "https://rp.example/signed-out?foo=bar",
        "https://rp.example/signed-out/",
        "https://rp.example/cb",
        "javascript:alert(1)",
        "//evil.example",
        "https://rp.example/signed-out#x",
    ] {
        for whose in [("id_token_hint", &*tokens.id_token), ("client_id", &*client.client_id)] {
            let page = browser.get(&end_session(&[whose, ("post_logout_redirect_uri", bad)])).await;
            page.assert_error("invalid_redirect_uri");
        }
    }
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a55_an_address_of_another_application_is_not_this_one_s() {
    let Scene { app, mut browser, tokens, .. } = signed_in().await;
    let spec = ClientSpec::named("Other").with(|new| {
        new.metadata.post_logout_redirect_uris = vec!["https://other.example/".to_owned().try_into().expect("a URI")];
    });
    let other = app.client(spec).await;
    let parameters =
        [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", &*other.post_logout_redirect_uri)];
    browser.get(&end_session(&parameters)).await.assert_error("invalid_redirect_uri");
}

#[tokio::test]
async fn a55_a_hint_that_we_did_not_sign_counts_as_none() {
    let Scene { app, mut browser, tokens, .. } = signed_in().await;
    let impostor = TestApp::with_keys_of_its_own(|config| {
        config.http.public_url = app.config().http.public_url.clone();
    })
    .await;
    let (alice, other) = (impostor.user("alice").await, impostor.client(ClientSpec::first_party()).await);
    let answer = impostor.browser_of(&alice).authorize(&other, |request| request).await;
    let foreign = other.redeem(&answer).await.id_token;
    let (head, _) = tokens.id_token.rsplit_once('.').unwrap();
    let bare = format!("{head}.");
    let none = unsigned(&claims(&tokens.id_token), "none");
    for bad in [&*foreign, &bare, &none, "x", &tokens.access_token] {
        let parameters = [("id_token_hint", bad), ("post_logout_redirect_uri", SIGNED_OUT)];
        let page = assert_asked(&mut browser, &parameters).await;
        let page = browser.submit(&page.form("logout").press("stay")).await;
        assert_eq!(page.location().path(), "/");
    }
}

#[tokio::test]
async fn a55_a_hint_for_another_session_or_person_is_asked_about() {
    let Scene { app, alice, tokens, .. } = signed_in().await;
    let bob = app.user("bob").await;
    for person in [&alice, &bob] {
        let mut elsewhere = Browser::sign_in(&app, person).await;
        assert_asked(&mut elsewhere, &[("id_token_hint", &tokens.id_token)]).await;
    }
}

#[tokio::test]
async fn a_hint_given_to_another_application_than_the_one_named_is_refused() {
    let Scene { app, mut browser, tokens, .. } = signed_in().await;
    let other = app.client(ClientSpec::named("Other")).await;
    let parameters = [("id_token_hint", &*tokens.id_token), ("client_id", &*other.client_id)];
    browser.get(&end_session(&parameters)).await.assert_error("invalid_request");
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a08_a_doubled_parameter_is_refused() {
    let Scene { app: _app, mut browser, tokens, .. } = signed_in().await;
    let hint = ("id_token_hint", &*tokens.id_token);
    for double in [[hint, hint], [("post_logout_redirect_uri", SIGNED_OUT); 2], [("state", "x"); 2]] {
        browser.get(&end_session(&double)).await.assert_error("invalid_request");
    }
    let fields = vec![("id_token_hint".to_owned(), tokens.id_token.clone())];
    browser.post_cross_site(&end_session(&[hint]), &fields).await.assert_error("invalid_request");
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a_posted_request_is_taken_up_by_a_get_where_the_cookies_arrive() {
    let Scene { app: _app, mut browser, tokens, .. } = signed_in().await;
    let fields = [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")];
    let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let page = browser.post_cross_site("/oauth2/end_session", &fields).await;
    let posted = page.location();
    let page = browser.follow(page).await;
    assert_eq!(page.location().as_str(), "https://rp.example/signed-out?state=s");
    assert!(!is_signed_in(&mut browser).await);
    browser.get(posted.as_str()).await.assert_error("expired");
}

#[tokio::test]
async fn a55_an_image_that_another_site_embeds_signs_nobody_out() {
    let Scene { app, mut browser, tokens, .. } = signed_in().await;
    for path in ["/oauth2/end_session", "/logout", &end_session(&[("post_logout_redirect_uri", SIGNED_OUT)])] {
        browser.open(path).await;
        assert!(is_signed_in(&mut browser).await, "{path}");
    }
    // With the hint, but without the cookie that SameSite=Lax holds back.
    let hinted = end_session(&[("id_token_hint", &tokens.id_token)]);
    app.wire().get(&hinted).send().await.unwrap();
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a15_the_answer_to_the_question_counts_from_our_own_page_only() {
    let Scene { app: _app, mut browser, .. } = signed_in().await;
    let form = assert_asked(&mut browser, &[]).await.form("logout").press("sign-out");
    assert_eq!(browser.submit_with(&form, &[("origin", "https://evil.example")]).await.status, 403);
    assert_eq!(browser.submit_with(&form, &[("origin", "null")]).await.status, 403);
    assert_eq!(browser.submit(&form.clone().without("csrf_token")).await.status, 403);
    assert_eq!(browser.post_cross_site("/logout", &form.fields).await.status, 403);
    assert!(is_signed_in(&mut browser).await);
}

#[tokio::test]
async fn a16_the_question_of_one_browser_cannot_be_answered_at_another() {
    let Scene { app, alice, client, mut browser, .. } = signed_in().await;
    let parameters = [("client_id", &*client.client_id), ("post_logout_redirect_uri", SIGNED_OUT)];
    let asked = browser.get(&end_session(&parameters)).await.location();
    Browser::sign_in(&app, &alice).await.get(asked.as_str()).await.assert_error("expired");
}

#[tokio::test]
async fn where_nobody_is_signed_in_there_is_no_question() {
    let Scene { app, client, tokens, .. } = signed_in().await;
    for parameters in
        [&[][..], &[("post_logout_redirect_uri", SIGNED_OUT)], &[("client_id", &client.client_id)], &[("state", "x")]]
    {
        let page = app.browser().open(&end_session(parameters)).await;
        assert!(page.has("signed-out"), "{page}");
    }
    let parameters = [("id_token_hint", &*tokens.id_token), ("post_logout_redirect_uri", SIGNED_OUT)];
    assert_eq!(app.browser().get(&end_session(&parameters)).await.location().as_str(), SIGNED_OUT);
}

#[tokio::test]
async fn only_the_session_at_this_browser_ends() {
    let Scene { app, alice, mut browser, tokens, .. } = signed_in().await;
    let mut elsewhere = Browser::sign_in(&app, &alice).await;
    browser.get(&end_session(&[("id_token_hint", &tokens.id_token)])).await;
    assert!(!is_signed_in(&mut browser).await && is_signed_in(&mut elsewhere).await);
}

#[tokio::test]
async fn a_person_can_sign_out_without_any_application() {
    let (app, alice, _) = scene().await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.get("/logout").await;
    let page = browser.click(&page, "logout", "sign-out").await;
    assert!(page.has("signed-out"), "{page}");
    let mut other = Browser::sign_in(&app, &alice).await;
    let page = other.get("/").await;
    assert!(other.click(&page, "logout", "sign-out").await.has("signed-out"));
}
