//! An application signs a person in: authorization code, PKCE, consent, ID token, userinfo.

use vestibule_tests::{AuthorizeRequest, Browser, ClientSpec, TestApp, header};

#[tokio::test]
async fn a_person_signs_in_and_consents_and_the_application_gets_tokens() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request.set("scope", "openid email")).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert!(tokens.body["expires_in"].is_u64());
    let claims = tokens.id_claims();
    assert_eq!(claims["iss"], app.issuer());
    assert_eq!(claims["aud"], client.client_id);
    assert_eq!(claims["sub"], alice.id.to_string());
    assert_eq!(claims["nonce"], answer.request.get("nonce").unwrap());
    let about = client.userinfo(&tokens.access_token).await;
    assert_eq!(about.body["sub"], claims["sub"]);
    assert_eq!(about.body["email"], "alice@example.com");
}

#[tokio::test]
async fn the_answer_gives_back_state_and_names_its_issuer() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    assert_eq!(answer.state.as_deref(), answer.request.get("state"));
    assert_eq!(answer.iss.as_deref(), Some(app.issuer()));
    assert!(answer.code().len() >= 43, "256 bits");
}

#[tokio::test]
async fn a_public_application_needs_no_secret() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::public()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    assert_eq!(client.redeem(&answer).await.id_claims()["sub"], alice.id.to_string());
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_asked_to_sign_in_for_the_next_application() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let page = browser.begin(&client, |request| request).await;
    assert!(page.find_form("consent").is_some(), "{page}");
}

#[tokio::test]
async fn id_tokens_are_rs256_by_default_and_access_tokens_are_es256_with_their_own_type() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(header(&tokens.id_token)["alg"], "RS256");
    assert_eq!(header(&tokens.access_token)["alg"], "ES256");
    assert_eq!(header(&tokens.access_token)["typ"], "at+jwt");
}

#[tokio::test]
async fn parameters_that_nobody_knows_are_ignored() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let answer = app.browser_of(&alice).authorize(&client, |request| request.add("extra", "foobar")).await;
    client.redeem(&answer).await;
}

#[tokio::test]
async fn a_session_and_a_waiting_request_survive_a_restart() {
    let app = TestApp::start().await;
    let (alice, client) = (app.user("alice").await, app.client(ClientSpec::default()).await);
    let mut browser = Browser::sign_in(&app, &alice).await;
    let request = client.request();
    let page = browser.open(&request.url()).await;
    let _app = app.restart().await;
    let answer = browser.finish(page, &request).await;
    client.redeem(&answer).await;
}

#[tokio::test]
async fn neither_the_order_of_parameters_nor_that_of_scopes_matters() {
    let (app, alice, client) = crate::scene().await;
    let reversed = |request: AuthorizeRequest| {
        let mut request = request.set("scope", "phone address email profile openid");
        request.parameters.reverse();
        request
    };
    let answer = app.browser_of(&alice).authorize(&client, reversed).await;
    assert_eq!(client.redeem(&answer).await.body["scope"], "address email openid phone profile");
}

#[tokio::test]
async fn the_code_flow_needs_no_nonce_and_then_there_is_none_in_the_id_token() {
    let (app, alice, client) = crate::scene().await;
    let answer = app.browser_of(&alice).authorize(&client, |request| request.without("nonce")).await;
    assert!(client.redeem(&answer).await.id_claims().get("nonce").is_none());
}

#[tokio::test]
async fn a_long_state_and_a_long_nonce_come_back_whole() {
    let (app, alice, client) = crate::scene().await;
    let (state, nonce) = ("s".repeat(3000), "n".repeat(3000));
    let long = |request: AuthorizeRequest| request.set("state", &state).set("nonce", &nonce);
    let answer = app.browser_of(&alice).authorize(&client, long).await;
    assert_eq!(answer.state.as_deref(), Some(&*state));
    assert_eq!(client.redeem(&answer).await.id_claims()["nonce"], *nonce);
}

#[tokio::test]
async fn two_applications_know_the_same_person_by_the_same_sub() {
    let (app, alice, client) = crate::scene().await;
    let other = app.client(ClientSpec::named("Another").at(&["https://another.example/cb"])).await;
    let mut browser = app.browser_of(&alice);
    let first = browser.authorize(&client, |request| request).await;
    let second = browser.authorize(&other, |request| request).await;
    let (first, second) = (client.redeem(&first).await.id_claims(), other.redeem(&second).await.id_claims());
    assert_eq!((&first["sub"], &second["aud"]), (&second["sub"], &other.client_id.into()));
}
