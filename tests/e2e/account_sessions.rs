//! Where somebody is signed in and what applications were allowed: seen, and ended, by nobody but themselves.

use std::time::Duration;

use vestibule_tests::{Browser, ClientSpec, Form, Person, TestApp, ThirdParty, Tokens};

use crate::{
    account_entry::{is_at, is_signed_in},
    scene,
};

async fn tokens(browser: &mut Browser, client: &ThirdParty) -> Tokens {
    let answer = browser.authorize(client, |request| request).await;
    client.redeem(&answer).await
}

async fn is_alive(client: &ThirdParty, tokens: &Tokens) -> bool {
    client.userinfo(&tokens.access_token).await.status == 200
}

/// The public ids of somebody's sessions, the last used first.
async fn sids(app: &TestApp, person: &Person) -> Vec<String> {
    let sessions = app.provider().sessions().list(person.id).await.unwrap();
    sessions.iter().map(|session| session.sid.to_string()).collect()
}

/// The form that ends one session.
async fn ending(browser: &mut Browser, sid: &str) -> Form {
    let form = browser.get("/account/sessions").await.form("end-everywhere");
    form.with("session", sid).with("action", "end")
}

/// The form that takes back what an application was allowed.
async fn withdrawing(browser: &mut Browser, client: &ThirdParty) -> Form {
    let form = browser.get("/account/sessions").await.form("end-everywhere");
    let mut form = form.with("application", &client.client_id).with("action", "withdraw");
    form.action = browser.url("/account/applications");
    form
}

#[tokio::test]
async fn one_session_is_ended_at_once_with_its_tokens_and_the_others_stay() {
    let (app, alice, client) = scene().await;
    let (mut here, mut other) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &alice).await);
    let own = sids(&app, &alice).await;
    let (theirs, ours) = (tokens(&mut other, &client).await, tokens(&mut here, &client).await);
    let page = here.get("/account/sessions").await;
    assert!(page.text().contains("This browser") && page.text().contains("this computer"), "{page}");
    let values = page.attributes("value");
    let sid = own.iter().find(|sid| values.contains(sid)).expect("the other session has a form");
    assert_eq!(own.iter().filter(|sid| values.contains(sid)).count(), 1, "this one has none");
    let form = ending(&mut here, sid).await;
    assert!(here.submit(&form).await.is_redirect());
    assert!(is_signed_in(&mut here).await && !is_signed_in(&mut other).await);
    assert!(is_alive(&client, &ours).await && !is_alive(&client, &theirs).await);
    let page = here.submit(&form).await;
    assert!(page.has("error"), "it ends once: {page}");
}

#[tokio::test]
async fn a69_another_persons_session_cannot_be_ended() {
    let (app, alice, _) = scene().await;
    let bob = app.user("bob").await;
    let (mut browser, mut bobs) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &bob).await);
    for sid in [sids(&app, &bob).await.remove(0), "nonsense".to_owned(), String::new()] {
        let form = ending(&mut browser, &sid).await;
        let page = browser.submit(&form).await;
        assert!(is_at(&page, "/account/sessions") && page.has("error"), "{page}");
    }
    assert!(is_signed_in(&mut bobs).await);
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_but_this_session_and_makes_it_no_fresher() {
    let (app, alice, client) = scene().await;
    let (mut here, mut other) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &alice).await);
    let dead = tokens(&mut here, &client).await;
    app.clock().advance(Duration::from_secs(540));
    let page = here.get("/account/sessions").await;
    let page = here.click(&page, "end-everywhere", "end-all").await;
    assert!(is_at(&page, "/account/sessions") && page.has("done"), "{page}");
    assert!(is_signed_in(&mut here).await && !is_signed_in(&mut other).await);
    assert!(!is_alive(&client, &dead).await, "apps lose their access, those of this session too");
    app.clock().advance(Duration::from_secs(1));
    let again = tokens(&mut here, &client).await;
    assert!(is_alive(&client, &again).await, "and get it again");
    app.clock().advance(Duration::from_secs(120));
    assert!(here.open("/account/password").await.find_form("login").is_some(), "it does not stand in for a sign-in");
}

#[tokio::test]
async fn what_is_withdrawn_is_dead_at_once_and_asked_again() {
    let (app, alice, client) = scene().await;
    let (bob, other) = (app.user("bob").await, app.client(ClientSpec::named("Other")).await);
    let (mut browser, mut bobs) = (Browser::sign_in(&app, &alice).await, Browser::sign_in(&app, &bob).await);
    let dead = tokens(&mut browser, &client).await;
    let alive = [tokens(&mut browser, &other).await, tokens(&mut bobs, &client).await];
    let page = browser.get("/account/applications").await;
    assert!(page.text().contains("Harbour Notes") && page.text().contains("rp.example"), "{page}");
    assert!(page.attributes("data-scope").contains(&"openid".to_owned()));
    let form = withdrawing(&mut browser, &client).await;
    assert!(browser.submit(&form).await.is_redirect());
    assert!(!is_alive(&client, &dead).await);
    assert!(is_alive(&other, &alive[0]).await && is_alive(&client, &alive[1]).await, "nobody else's");
    assert!(browser.begin(&client, |request| request).await.find_form("consent").is_some());
    app.clock().advance(Duration::from_millis(1));
    let again = tokens(&mut browser, &client).await;
    assert!(is_alive(&client, &again).await, "what is allowed afterwards is not hit");
}

#[tokio::test]
async fn what_was_never_allowed_cannot_be_withdrawn() {
    let (app, alice, client) = scene().await;
    let bob = app.user("bob").await;
    let kept = tokens(&mut Browser::sign_in(&app, &bob).await, &client).await;
    let mut browser = Browser::sign_in(&app, &alice).await;
    let form = withdrawing(&mut browser, &client).await;
    let page = browser.submit(&form).await;
    assert!(is_at(&page, "/account/applications") && page.has("error"), "{page}");
    assert!(is_alive(&client, &kept).await);
}
