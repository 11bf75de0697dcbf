//! `prompt=create` (Initiating User Registration via OpenID Connect 1.0), and accounts that are made on the way to an application.

use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, JsonAnswer, Page, TestApp, ThirdParty};

use crate::error_at_once;

const APP: &str = "Zebra Notes";
const ADDRESS: &str = "zoe@example.com";
const PASSWORD: &str = "violet tram under seven lakes";

async fn open() -> (TestApp, ThirdParty) {
    let app = TestApp::with(|config| config.users.registration = true).await;
    let client = app.client(ClientSpec::named(APP).with(|new| new.first_party = true)).await;
    (app, client)
}

fn creating(client: &ThirdParty) -> AuthorizeRequest {
    client.request().set("prompt", "create")
}

/// Asks for a link on a page that asks for the address; the link.
async fn link(app: &TestApp, browser: &mut Browser, page: &Page) -> String {
    let sent = browser.submit(&page.form("register").with("email", ADDRESS)).await;
    assert!(sent.has("register-sent"), "{sent}");
    let mail = app.mail(ADDRESS, app.mails(ADDRESS).len().max(1)).await;
    assert!(!mail.text.contains("request="), "what waits is in no mail: {}", mail.text);
    mail.link()
}

/// Makes the account; the page that says so.
async fn create(browser: &mut Browser, link: &str) -> Page {
    let page = browser.get(link).await;
    let form = page.form("register-finish").with("username", "zoe").with("password", PASSWORD);
    let done = browser.submit(&form).await;
    assert!(done.has("registered"), "{done}");
    done
}

/// Where the page that says that an account is there leads on to.
async fn onward(browser: &mut Browser, done: &Page) -> Page {
    let next = done.attribute("next", "href").unwrap();
    browser.open(&next).await
}

async fn zoe(app: &TestApp) -> String {
    app.provider().users().find("zoe").await.unwrap().unwrap().id.to_string()
}

async fn who(client: &ThirdParty, answer: &Answer) -> String {
    client.redeem(answer).await.id_claims()["sub"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_makes_an_account_comes_back_to_the_application() {
    let (app, client) = open().await;
    let (mut browser, request) = (app.browser(), creating(&client));
    let page = browser.open(&request.url()).await;
    assert!(page.find_form("register").is_some() && page.url.path() == "/register", "{page}");
    assert!(page.text().contains(APP), "it says for whom: {page}");
    let link = link(&app, &mut browser, &page).await;
    let done = create(&mut browser, &link).await;
    assert!(done.text().contains(APP), "{done}");
    let page = onward(&mut browser, &done).await;
    assert_eq!(page.attribute("username", "value").as_deref(), Some("zoe"), "{page}");
    let page = browser.try_to_sign_in(&page, "zoe", PASSWORD).await;
    let answer = Answer::read(&browser.follow(page).await, &request);
    assert_eq!(answer.state.as_deref(), request.get("state"));
    assert_eq!(who(&client, &answer).await, zoe(&app).await);
}

#[tokio::test]
async fn where_nobody_registers_create_is_invalid_and_not_in_discovery() {
    let prompts = async |app: &TestApp| {
        let document = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
        document["prompt_values_supported"].as_array().unwrap().iter().any(|value| value == "create")
    };
    let closed = TestApp::start().await;
    let client = closed.client(ClientSpec::first_party()).await;
    let refused = Answer::read(&closed.browser().get(&creating(&client).url()).await, &creating(&client)).error;
    assert_eq!((refused.as_deref(), prompts(&closed).await), (Some("invalid_request"), false));
    assert!(prompts(&open().await.0).await);
}

#[tokio::test]
async fn create_goes_with_other_values_but_none() {
    let (app, client) = open().await;
    for value in ["none create", "create none"] {
        assert_eq!(error_at_once(&app, &client, |request| request.set("prompt", value)).await, "invalid_request");
    }
    for value in ["create login", "consent create", "select_account create"] {
        let page = app.browser().begin(&client, |request| request.set("prompt", value)).await;
        assert!(page.find_form("register").is_some(), "{value}: {page}");
    }
}

#[tokio::test]
async fn whoever_is_signed_in_registers_anew_and_their_session_is_not_inherited() {
    let (app, client) = open().await;
    let alice = app.user("alice").await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = creating(&client);
    let page = browser.open(&request.url()).await;
    let link = link(&app, &mut browser, &page).await;
    let done = create(&mut browser, &link).await;
    let page = onward(&mut browser, &done).await;
    assert_eq!(page.attribute("username", "value").as_deref(), Some("zoe"), "alice is passed over: {page}");
    let page = browser.try_to_sign_in(&page, "zoe", PASSWORD).await;
    let answer = Answer::read(&browser.follow(page).await, &request);
    assert_eq!(who(&client, &answer).await, zoe(&app).await);
}

#[tokio::test]
async fn whoever_has_an_account_chooses_it_or_signs_in() {
    let (app, client) = open().await;
    let alice = app.user("alice").await;
    let mut browser = app.browser_of(&alice);
    let request = creating(&client);
    let page = browser.open(&request.url()).await;
    let page = browser.click(&page, "register", "back").await;
    assert!(page.find_form("login").is_some(), "{page}");
    let answer = browser.finish(page, &request).await;
    assert_eq!(who(&client, &answer).await, alice.id.to_string());
    let request = creating(&client);
    app.clock().advance(std::time::Duration::from_secs(1));
    let page = browser.open(&request.url()).await;
    let page = browser.click(&page, "register", "back").await;
    assert!(page.find_form("select-account").is_some(), "whoever is signed in is asked, and not taken: {page}");
    let answer = browser.finish(page, &request).await;
    assert_eq!(who(&client, &answer).await, alice.id.to_string());
}

#[tokio::test]
async fn whoever_gives_up_goes_back_to_the_application() {
    let (app, client) = open().await;
    let mut browser = app.browser();
    let request = creating(&client);
    let page = browser.open(&request.url()).await;
    let page = browser.click(&page, "register", "cancel").await;
    assert_eq!(Answer::read(&page, &request).error(), "access_denied");
}

#[tokio::test]
async fn the_way_from_sign_in_to_an_account_keeps_the_request() {
    let (app, client) = open().await;
    let mut browser = app.browser();
    let request = client.request();
    let page = browser.open(&request.url()).await;
    let page = browser.open(&page.attribute("register", "href").unwrap()).await;
    let page = browser.submit(&page.form("register").with("email", "nonsense")).await;
    assert!(page.has("error"), "{page}");
    let link = link(&app, &mut browser, &page).await;
    let done = create(&mut browser, &link).await;
    let page = onward(&mut browser, &done).await;
    let page = browser.try_to_sign_in(&page, "zoe", PASSWORD).await;
    let answer = Answer::read(&browser.follow(page).await, &request);
    assert_eq!(who(&client, &answer).await, zoe(&app).await);
}

#[tokio::test]
async fn a16_a_link_that_is_opened_in_another_browser_makes_the_account_and_continues_nothing() {
    let (app, client) = open().await;
    let (mut begun, mut other) = (app.browser(), app.browser());
    let page = begun.open(&creating(&client).url()).await;
    let link = link(&app, &mut begun, &page).await;
    let done = create(&mut other, &link).await;
    assert_eq!(done.attribute("next", "href").as_deref(), Some("/login"), "{done}");
    assert!(done.text().contains("your address is confirmed") && !done.text().contains(APP), "{done}");
    let page = other.get("/login").await;
    let page = other.try_to_sign_in(&page, "zoe", PASSWORD).await;
    assert!(page.is_redirect() && page.location().path() == "/", "nobody's request goes on there: {page}");
    let page = begun.open(&creating(&client).url()).await;
    assert!(page.find_form("register").is_some(), "and nobody is signed in here: {page}");
}

#[tokio::test]
async fn a16_a_request_of_another_browser_in_the_form_is_none() {
    let (app, client) = open().await;
    let (mut stranger, mut browser) = (app.browser(), app.browser());
    let page = stranger.open(&creating(&client).url()).await;
    let id = page.form("register").get("request").unwrap().to_owned();
    let page = browser.get(&format!("/register?request={id}")).await;
    assert!(page.form("register").get("request").is_none() && !page.text().contains(APP), "{page}");
    let form = page.form("register").with("request", &id);
    assert!(browser.submit(&form.with("email", ADDRESS)).await.has("register-sent"));
    let link = app.mail(ADDRESS, 1).await.link();
    // Not even where the stranger's own browser opens it: it was not asked for there.
    let done = create(&mut stranger, &link).await;
    assert_eq!(done.attribute("next", "href").as_deref(), Some("/login"));
}

#[tokio::test]
async fn an_account_is_made_though_what_waited_for_it_is_over() {
    let (app, client) = open().await;
    let mut browser = app.browser();
    let page = browser.open(&creating(&client).url()).await;
    let form = page.form("register");
    let link = link(&app, &mut browser, &page).await;
    browser.submit(&form.press("cancel")).await;
    let done = create(&mut browser, &link).await;
    assert_eq!(done.attribute("next", "href").as_deref(), Some("/login"));
    let page = browser.get("/login").await;
    assert!(browser.try_to_sign_in(&page, "zoe", PASSWORD).await.is_redirect());
}
