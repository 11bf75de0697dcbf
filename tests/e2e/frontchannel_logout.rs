//! Telling applications by way of the browser that a session has ended, on the page that says so.

use url::{Url, form_urlencoded};
use vestibule_tests::{Browser, ClientSpec, Page, Person, TestApp, ThirdParty, Tokens};

use crate::backchannel_logout::given;

pub(crate) struct Scene {
    pub(crate) app: TestApp,
    pub(crate) alice: Person,
    pub(crate) client: ThirdParty,
    pub(crate) browser: Browser,
}

pub(crate) async fn begun() -> Scene {
    let app = TestApp::start().await;
    let (alice, client) =
        (app.user("alice").await, loaded(&app, "https://rp.example/cb", "https://rp.example/out").await);
    let browser = app.browser_of(&alice);
    Scene { app, alice, client, browser }
}

/// An application whose address browsers load.
async fn loaded(app: &TestApp, redirect_uri: &str, uri: &str) -> ThirdParty {
    let spec = ClientSpec::default().at(&[redirect_uri]);
    app.client(spec.with(|new| new.metadata.frontchannel_logout_uri = Some(uri.to_owned()))).await
}

pub(crate) async fn end_session(browser: &mut Browser, tokens: &Tokens, more: &[(&str, &str)]) -> Page {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("id_token_hint", &tokens.id_token).extend_pairs(more);
    browser.get(&format!("/oauth2/end_session?{}", query.finish())).await
}

/// What a page loads in frames.
pub(crate) fn frames(page: &Page) -> Vec<Url> {
    let sources = page.attributes("src");
    sources.iter().filter_map(|source| source.parse().ok()).collect()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

fn policy<'a>(page: &'a Page, directive: &str) -> Option<&'a str> {
    let policy = page.header("content-security-policy")?;
    policy.split("; ").find_map(|part| part.strip_prefix(directive)).map(str::trim)
}

#[tokio::test]
async fn each_application_of_the_session_is_loaded_with_issuer_and_session_and_then_the_person_goes_back() {
    let Scene { app, client, mut browser, .. } = begun().await;
    let other = loaded(&app, "https://other.example/cb", "https://other.example/out?app=1").await;
    let (unheard, asked) =
        (app.client(ClientSpec::default()).await, loaded(&app, "https://x.example/cb", "https://x.example/").await);
    let tokens = given(&mut browser, &client).await;
    given(&mut browser, &other).await;
    given(&mut browser, &unheard).await;
    browser.authorize(&asked, |request| request).await;
    let back = client.post_logout_redirect_uri.as_str();
    let page = end_session(&mut browser, &tokens, &[("post_logout_redirect_uri", back), ("state", "s&t")]).await;
    assert!(page.status == 200 && page.has("signed-out"), "{page}");
    let sid = tokens.id_claims()["sid"].as_str().unwrap().to_owned();
    let mut frames = frames(&page);
    frames.sort();
    assert_eq!(frames.iter().filter_map(Url::domain).collect::<Vec<_>>(), ["other.example", "rp.example"], "{page}");
    for frame in &frames {
        assert_eq!(
            (parameter(frame, "iss").as_deref(), parameter(frame, "sid")),
            (Some(app.issuer()), Some(sid.clone()))
        );
    }
    assert_eq!(parameter(&frames[0], "app").as_deref(), Some("1"));
    let onward = "https://rp.example/signed-out?state=s%26t";
    assert_eq!(page.attribute("continue", "href").as_deref(), Some(onward));
    // Not by a header: with a script, the page is left once.
    let without_script = format!("<noscript><meta http-equiv=\"refresh\" content=\"6;url={onward}\"></noscript>");
    assert!(page.body.contains(&without_script) && page.header("refresh").is_none(), "{page}");
    assert_eq!(policy(&page, "frame-src"), Some("https://other.example https://rp.example"));
    assert!(policy(&page, "script-src").is_some_and(|script| script.starts_with("'sha256-")), "{page}");
    assert_eq!((policy(&page, "frame-ancestors"), page.header("x-frame-options")), (Some("'none'"), Some("DENY")));
    assert!(browser.cookie("vestibule_session").is_none());
}

#[tokio::test]
async fn where_nobody_is_loaded_the_person_goes_back_at_once() {
    let Scene { app, alice, client, .. } = begun().await;
    let plain = app.client(ClientSpec::default()).await;
    let mut other = app.browser_of(&alice);
    given(&mut other, &client).await;
    let mut browser = app.browser_of(&alice);
    let tokens = given(&mut browser, &plain).await;
    let back = plain.post_logout_redirect_uri.as_str();
    let page = end_session(&mut browser, &tokens, &[("post_logout_redirect_uri", back)]).await;
    assert_eq!(page.location().as_str(), back, "an application of another session is not this one's");
}

#[tokio::test]
async fn who_signs_out_at_our_page_stays_there_while_applications_are_told() {
    let Scene { app: _app, client, mut browser, .. } = begun().await;
    given(&mut browser, &client).await;
    let page = browser.get("/logout").await;
    let page = browser.click(&page, "logout", "sign-out").await;
    assert!(page.has("signed-out") && !page.has("continue"), "{page}");
    assert_eq!(frames(&page).len(), 1);
    assert!(!page.body.contains("<script") && !page.body.contains("refresh"), "{page}");
}

#[tokio::test]
async fn who_says_yes_to_an_application_goes_back_to_it_after_the_others_were_told() {
    let Scene { app: _app, client, mut browser, .. } = begun().await;
    given(&mut browser, &client).await;
    let back = client.post_logout_redirect_uri.as_str();
    let page = browser
        .open(&format!("/oauth2/end_session?client_id={}&post_logout_redirect_uri={back}", client.client_id))
        .await;
    let page = browser.click(&page, "logout", "sign-out").await;
    assert_eq!((frames(&page).len(), page.attribute("continue", "href").as_deref()), (1, Some(back)));
}

#[tokio::test]
async fn a55_without_a_session_nothing_is_loaded() {
    let Scene { app, client, mut browser, .. } = begun().await;
    let tokens = given(&mut browser, &client).await;
    for browser in [&mut app.browser(), &mut browser] {
        let page = end_session(browser, &tokens, &[]).await;
        let page = browser.follow(page).await;
        let loaded = frames(&page).len();
        let again = end_session(browser, &tokens, &[]).await;
        assert!(loaded <= 1 && frames(&again).is_empty(), "{again}");
    }
}
