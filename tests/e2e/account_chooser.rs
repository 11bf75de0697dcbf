//! Several accounts that are signed in at one browser, and choosing among them.

use std::time::Duration;

use vestibule_tests::{Answer, AuthorizeRequest, Browser, ClientSpec, Page, Person, TestApp, ThirdParty};

const SESSION: &str = "vestibule_session";
const OTHERS: &str = "vestibule_accounts";
const KEPT: &str = "vestibule_accounts_kept";

/// A provider, an application of the organisation's own, and people.
async fn scene(names: &[&str]) -> (TestApp, ThirdParty, Vec<Person>) {
    let app = TestApp::start().await;
    let client = app.client(ClientSpec::first_party()).await;
    let mut people = Vec::new();
    for name in names {
        people.push(app.user(name).await);
    }
    (app, client, people)
}

/// Signs somebody in at a browser, beside whoever is.
pub(crate) async fn add(app: &TestApp, browser: &mut Browser, person: &Person) {
    // The address of the page, without its form: whoever is signed in is led away from it.
    let page = browser.get("/login").await;
    let done = match page.find_form("login") {
        Some(_) => browser.try_to_sign_in(&page, &person.username, &person.password).await,
        None => {
            let client = app.client(ClientSpec::first_party()).await;
            let page = browser.begin(&client, |request| request.set("prompt", "select_account")).await;
            let page = browser.click(&page, "select-account", "another").await;
            browser.try_to_sign_in(&page, &person.username, &person.password).await
        }
    };
    assert!(done.is_redirect(), "{} cannot sign in: {done}", person.username);
    app.clock().advance(Duration::from_secs(1));
}

/// A browser at which these are signed in, the last of them active.
async fn signed_in(app: &TestApp, people: &[Person]) -> Browser {
    let mut browser = app.browser();
    for person in people {
        add(app, &mut browser, person).await;
    }
    browser
}

/// Whose tokens an application gets.
async fn subject(client: &ThirdParty, answer: &Answer) -> String {
    client.redeem(answer).await.id_claims()["sub"].as_str().unwrap().to_owned()
}

/// Whom a request without a page is answered for.
async fn silently(
    browser: &mut Browser,
    client: &ThirdParty,
    change: impl FnOnce(AuthorizeRequest) -> AuthorizeRequest,
) -> Result<String, String> {
    let request = change(client.request()).set("prompt", "none");
    let page = browser.get(&request.url()).await;
    let told: Vec<&str> = page.cookies().into_iter().filter(|cookie| !cookie.starts_with("vestibule_state=")).collect();
    assert!(told.is_empty(), "a silent answer changes nobody's session: {told:?}");
    let answer = Answer::read(&page, &request);
    match &answer.error {
        Some(error) => Err(error.clone()),
        None => Ok(subject(client, &answer).await),
    }
}

/// The page to choose at.
async fn choosing(browser: &mut Browser, client: &ThirdParty) -> (AuthorizeRequest, Page) {
    let request = client.request().set("prompt", "select_account");
    let page = browser.open(&request.url()).await;
    assert!(page.find_form("select-account").is_some(), "{page}");
    (request, page)
}

fn ids(browser: &Browser, name: &str) -> Vec<String> {
    browser.cookie(name).map(|ids| ids.split('.').map(str::to_owned).collect()).unwrap_or_default()
}

#[tokio::test]
async fn signing_in_with_another_account_adds_it_and_the_first_stays() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    let (request, page) = choosing(&mut browser, &client).await;
    let text = page.text();
    assert!(text.contains("alice@example.com") && text.contains("bob@example.com"), "{text}");
    let first = browser.clone().click(&page, "select-account", "continue").await;
    assert_eq!(subject(&client, &Answer::read(&first, &request)).await, people[1].id.to_string(), "the active one");
    let (request, page) = choosing(&mut browser, &client).await;
    let answer = browser.click(&page, "select-account", "account-2").await;
    assert_eq!(subject(&client, &Answer::read(&answer, &request)).await, people[0].id.to_string());
}

#[tokio::test]
async fn whoever_was_chosen_is_the_active_one_from_then_on() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    assert_eq!(silently(&mut browser, &client, |request| request).await, Ok(people[1].id.to_string()));
    let (_, page) = choosing(&mut browser, &client).await;
    browser.click(&page, "select-account", "account-2").await;
    assert_eq!(silently(&mut browser, &client, |request| request).await, Ok(people[0].id.to_string()));
}

#[tokio::test]
async fn a17_each_account_has_a_session_of_its_own_and_inherits_nothing() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = app.browser();
    add(&app, &mut browser, &people[0]).await;
    let alices = browser.cookie(SESSION).unwrap().to_owned();
    add(&app, &mut browser, &people[1]).await;
    let bobs = browser.cookie(SESSION).unwrap().to_owned();
    assert_ne!(alices, bobs);
    assert_eq!(
        ids(&browser, OTHERS),
        std::slice::from_ref(&alices),
        "whoever steps aside proves nothing anew, and keeps the id"
    );
    let claims = async |browser: &mut Browser, person: &Person| {
        let request = client.request().set("login_hint", &person.username).set("prompt", "none");
        let page = browser.get(&request.url()).await;
        client.redeem(&Answer::read(&page, &request)).await.id_claims()
    };
    let (one, other) = (claims(&mut browser, &people[0]).await, claims(&mut browser, &people[1]).await);
    assert_ne!(one["sid"], other["sid"]);
    assert!(one["auth_time"].as_i64() < other["auth_time"].as_i64(), "{one} {other}");
}

#[tokio::test]
async fn a17_proving_oneself_once_more_renews_that_account_alone() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    let (bobs, before) = (browser.cookie(SESSION).unwrap().to_owned(), ids(&browser, OTHERS));
    let request = client.request().set("prompt", "login").set("login_hint", "alice");
    let page = browser.open(&request.url()).await;
    assert!(page.text().contains("alice@example.com"), "{page}");
    let page = browser.try_to_sign_in(&page, "bob", &people[0].password).await;
    let page = browser.follow(page).await;
    assert_eq!(subject(&client, &Answer::read(&page, &request)).await, people[0].id.to_string());
    assert_eq!(ids(&browser, OTHERS), [bobs]);
    assert_ne!(browser.cookie(SESSION).unwrap(), before[0], "a new id");
    let mut old = app.browser();
    old.plant(SESSION, &before[0]);
    assert!(!old.get("/").await.text().contains("alice"), "the old one is dead");
}

#[tokio::test]
async fn a_hint_chooses_the_account_silently_where_it_is_there() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people[..1]).await;
    let answer = browser.authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.id_token;
    add(&app, &mut browser, &people[1]).await;
    let alice = Ok(people[0].id.to_string());
    assert_eq!(silently(&mut browser, &client, |request| request.set("id_token_hint", &token)).await, alice);
    for hint in ["alice", "ALICE@example.com"] {
        assert_eq!(silently(&mut browser, &client, |request| request.set("login_hint", hint)).await, alice, "{hint}");
    }
    let bob = Ok(people[1].id.to_string());
    for hint in ["bob", "nobody", ""] {
        assert_eq!(silently(&mut browser, &client, |request| request.set("login_hint", hint)).await, bob, "{hint}");
    }
    assert_eq!(silently(&mut browser, &client, |request| request).await, bob, "and bob stays the active one");
}

#[tokio::test]
async fn a18_a_hint_for_somebody_who_is_not_there_is_login_required_however_many_are() {
    let (app, client, people) = scene(&["alice", "bob", "carol"]).await;
    let answer = app.browser_of(&people[2]).authorize(&client, |request| request).await;
    let token = client.redeem(&answer).await.id_token;
    let mut browser = signed_in(&app, &people[..2]).await;
    let error = silently(&mut browser, &client, |request| request.set("id_token_hint", &token)).await;
    assert_eq!(error, Err("login_required".to_owned()));
}

#[tokio::test]
async fn where_none_of_several_is_active_a_silent_request_is_account_selection_required() {
    let (app, client, people) = scene(&["alice", "bob", "carol"]).await;
    let mut browser = signed_in(&app, &people).await;
    app.provider().sessions().end_all(people[2].id).await.unwrap();
    let error = silently(&mut browser, &client, |request| request).await;
    assert_eq!(error, Err("account_selection_required".to_owned()));
    let hinted = silently(&mut browser, &client, |request| request.set("login_hint", "alice")).await;
    assert_eq!(hinted, Ok(people[0].id.to_string()));
    let request = client.request();
    let page = browser.open(&request.url()).await;
    let text = page.text();
    assert!(text.contains("alice@") && text.contains("bob@") && !text.contains("carol@"), "{text}");
    let answer = browser.click(&page, "select-account", "continue").await;
    assert_eq!(subject(&client, &Answer::read(&answer, &request)).await, people[1].id.to_string());
    assert_eq!(silently(&mut browser, &client, |request| request).await, Ok(people[1].id.to_string()));
}

#[tokio::test]
async fn where_one_is_left_it_is_that_one() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    app.provider().sessions().end_all(people[1].id).await.unwrap();
    assert_eq!(silently(&mut browser, &client, |request| request).await, Ok(people[0].id.to_string()));
    assert!(browser.get("/").await.text().contains("alice@example.com"));
}

#[tokio::test]
async fn without_an_application_the_home_page_lets_the_person_change_accounts() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    let page = browser.get("/").await;
    let carol = page.form("accounts").with("account", "somebody else's");
    let refused = browser.submit(&carol).await;
    assert!(refused.cookies().is_empty(), "{:?}", refused.cookies());
    let page = browser.click(&page, "accounts", "account-2").await;
    assert_eq!(page.url.path(), "/");
    assert_eq!(silently(&mut browser, &client, |request| request).await, Ok(people[0].id.to_string()));
    let account = browser.open("/account").await;
    assert!(account.text().contains("alice@example.com") && account.text().contains("Sign out of all"), "{account}");
}

#[tokio::test]
async fn a15_choosing_is_a_form_of_ours_with_the_browsers_token() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    let (_, page) = choosing(&mut browser, &client).await;
    let form = page.form("select-account").press("account-2");
    let foreign = browser.submit_with(&form, &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.status, 403, "{foreign}");
    let without = browser.submit(&form.clone().with("csrf_token", "x")).await;
    assert_eq!(without.status, 403, "{without}");
    assert_eq!(silently(&mut browser, &client, |request| request).await, Ok(people[1].id.to_string()));
}

#[tokio::test]
async fn a69_nobody_is_chosen_who_is_not_signed_in_at_this_browser() {
    let (app, client, people) = scene(&["alice", "bob", "carol"]).await;
    let carols = app.browser_of(&people[2]).authorize(&client, |request| request).await;
    let carols = client.redeem(&carols).await.id_claims()["sid"].as_str().unwrap().to_owned();
    let mut browser = signed_in(&app, &people[..2]).await;
    let (_, page) = choosing(&mut browser, &client).await;
    for sid in [carols.as_str(), "", "x", &people[0].id.to_string()] {
        let form = page.form("select-account").with("account", sid);
        let again = browser.submit(&form).await;
        let again = browser.follow(again).await;
        let own = sid.is_empty();
        assert_eq!(again.find_form("select-account").is_some(), !own, "{sid:?}: {again}");
        if own {
            break;
        }
    }
    assert_eq!(silently(&mut browser, &client, |request| request).await, Ok(people[1].id.to_string()));
}

#[tokio::test]
async fn an_account_whose_session_ended_meanwhile_cannot_be_chosen() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    let (_, page) = choosing(&mut browser, &client).await;
    app.provider().sign_out_everywhere(people[0].id).await.unwrap();
    let again = browser.click(&page, "select-account", "account-2").await;
    assert!(again.find_form("select-account").is_some() && !again.text().contains("alice"), "{again}");
}

#[tokio::test]
async fn at_consent_another_account_can_be_chosen() {
    let (app, _, people) = scene(&["alice", "bob"]).await;
    let client = app.client(ClientSpec::default()).await;
    let mut browser = signed_in(&app, &people).await;
    let request = client.request();
    let page = browser.open(&request.url()).await;
    assert!(page.text().contains("bob@example.com"), "{page}");
    let page = browser.click(&page, "consent", "another").await;
    let page = browser.click(&page, "select-account", "account-2").await;
    assert!(page.find_form("consent").is_some() && page.text().contains("alice@example.com"), "{page}");
    let answer = browser.click(&page, "consent", "allow").await;
    assert_eq!(subject(&client, &Answer::read(&answer, &request)).await, people[0].id.to_string());
}

#[tokio::test]
async fn a_sign_out_ends_all_of_them() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    let before = browser.clone();
    let page = browser.get("/logout").await;
    assert!(page.text().contains("alice@example.com") && page.text().contains("bob@example.com"), "{page}");
    let done = browser.click(&page, "logout", "sign-out").await;
    assert!(done.has("signed-out"), "{done}");
    for name in [SESSION, OTHERS, KEPT] {
        assert_eq!(browser.cookie(name), None, "{name}");
    }
    for mut browser in [browser, before] {
        assert_eq!(silently(&mut browser, &client, |request| request).await, Err("login_required".to_owned()));
    }
}

#[tokio::test]
async fn an_application_that_proves_its_session_ends_that_one_and_no_other() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    for (first, left) in [(0, 1), (1, 0)] {
        let mut browser = signed_in(&app, &people).await;
        let hint = people[first].username.clone();
        let request = client.request().set("login_hint", &hint).set("prompt", "none");
        let answer = Answer::read(&browser.get(&request.url()).await, &request);
        let token = client.redeem(&answer).await.id_token;
        browser.open(&format!("/oauth2/end_session?id_token_hint={token}")).await;
        let now = silently(&mut browser, &client, |request| request).await;
        assert_eq!(now, Ok(people[left].id.to_string()));
        let gone = silently(&mut browser, &client, |request| request.set("id_token_hint", &token)).await;
        assert_eq!(gone, Err("login_required".to_owned()));
    }
}

#[tokio::test]
async fn at_most_five_accounts_are_signed_in_and_the_oldest_makes_room() {
    let (app, client, people) = scene(&["ann", "ben", "cid", "dot", "eve", "fay"]).await;
    let mut browser = signed_in(&app, &people).await;
    assert_eq!(ids(&browser, OTHERS).len(), 4);
    let (_, page) = choosing(&mut browser, &client).await;
    let text = page.text();
    assert!(!text.contains("ann@") && people[1..].iter().all(|person| text.contains(&person.email)), "{text}");
    assert!(app.provider().sessions().list(people[0].id).await.unwrap().is_empty(), "her session has ended");
}

#[tokio::test]
async fn the_same_person_stands_once() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people).await;
    add(&app, &mut browser, &people[0]).await;
    add(&app, &mut browser, &people[1]).await;
    let (_, page) = choosing(&mut browser, &client).await;
    assert_eq!(page.body.matches("alice@example.com").count(), 1, "{page}");
    assert_eq!(app.provider().sessions().list(people[0].id).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a78_the_cookies_of_the_others_are_as_well_kept_as_the_sessions() {
    let (app, client, people) = scene(&["alice", "bob", "carol"]).await;
    let mut browser = app.browser();
    let form = browser.get("/login").await.form("login").with("keep_signed_in", "true");
    browser.submit(&form.with("username", "alice").with("password", &people[0].password)).await;
    app.clock().advance(Duration::from_secs(1));
    let alices = browser.cookie(SESSION).unwrap().to_owned();
    add(&app, &mut browser, &people[1]).await;
    let (bobs, page) = (browser.cookie(SESSION).unwrap().to_owned(), choosing(&mut browser, &client).await.1);
    let page = browser.click(&page, "select-account", "another").await;
    let done = browser.try_to_sign_in(&page, "carol", &people[2].password).await;
    let find = |name: &str| {
        let cookies = done.cookies();
        cookies.into_iter().find(|cookie| cookie.starts_with(&format!("{name}="))).map(str::to_owned)
    };
    let (others, kept) = (find(OTHERS).unwrap(), find(KEPT).unwrap());
    for cookie in [&others, &kept] {
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    }
    assert!(others.starts_with(&format!("{OTHERS}={bobs};")) && !others.contains("Max-Age"), "{others}");
    assert!(kept.starts_with(&format!("{KEPT}={alices};")) && kept.contains("Max-Age="), "{kept}");
}

#[tokio::test]
async fn what_is_no_session_in_the_cookies_is_passed_over() {
    let (app, client, people) = scene(&["alice", "bob"]).await;
    let mut browser = signed_in(&app, &people[..1]).await;
    let alices = browser.cookie(SESSION).unwrap().to_owned();
    let many = vec!["A".repeat(43); 200].join(".");
    for planted in ["", ".", "x.y", &many, &alices, &format!("{alices}.{alices}")] {
        browser.plant(OTHERS, planted);
        let (_, page) = choosing(&mut browser, &client).await;
        assert_eq!(page.body.matches("alice@example.com").count(), 1, "{planted}: {page}");
    }
    assert_eq!(silently(&mut browser, &client, |request| request).await, Ok(people[0].id.to_string()));
}
