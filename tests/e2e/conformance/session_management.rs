//! The plan of session management (`oidcc-session-management-certification-test-plan`).

use vestibule_tests::{Answer, JsonAnswer, TestApp};

use crate::{
    backchannel_logout::given,
    scene,
    session_management::{said, state_of},
};

#[tokio::test]
async fn oidcc_session_management_discovery_endpoint_verification() {
    let app = TestApp::start().await;
    let told = JsonAnswer::of(app.wire().get("/.well-known/openid-configuration")).await.body;
    assert_eq!(told["check_session_iframe"], format!("{}/oauth2/check_session", app.issuer()));
    assert_eq!(told["end_session_endpoint"], format!("{}/oauth2/end_session", app.issuer()));
}

#[tokio::test]
async fn oidcc_session_management_rp_initiated_logout() {
    let (app, alice, client) = scene().await;
    let mut browser = app.browser_of(&alice);
    let known = state_of(&browser.authorize(&client, |request| request).await);
    let tokens = given(&mut browser, &client).await;
    let ask = |cookie: Option<&str>| said(&client, "https://rp.example", &known, cookie);
    assert_eq!(ask(browser.cookie("vestibule_state")), "unchanged");
    let (hint, back) = (&tokens.id_token, &client.post_logout_redirect_uri);
    let page =
        browser.get(&format!("/oauth2/end_session?id_token_hint={hint}&post_logout_redirect_uri={back}&state=s")).await;
    assert_eq!(page.location().as_str(), format!("{back}?state=s"));
    assert_eq!(ask(browser.cookie("vestibule_state")), "changed");
    let silent = client.request().set("prompt", "none");
    assert_eq!(Answer::read(&browser.open(&silent.url()).await, &silent).error(), "login_required");
}
