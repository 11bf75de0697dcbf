//! Resource indicators (RFC 8707): which API a token is for.

use serde_json::Value;
use vestibule_tests::{Browser, ClientSpec, TestApp, ThirdParty};

const NOTES: &str = "https://notes.example";
const MAIL: &str = "https://mail.example";
const BOTH: &str = "openid email notes:read mail:send";

async fn begun() -> (TestApp, ThirdParty, Browser) {
    let app = TestApp::start().await;
    app.api(NOTES, &["notes:read"]).await;
    app.api(MAIL, &["mail:send"]).await;
    let client = app.client(ClientSpec::default().for_scope(BOTH)).await;
    let alice = app.user("alice").await;
    let browser = Browser::sign_in(&app, &alice).await;
    (app, client, browser)
}

#[tokio::test]
async fn a_resource_is_known_absolute_and_for_this_application() {
    let (app, client, mut browser) = begun().await;
    app.api("urn:example:other", &["other"]).await;
    for wrong in
        ["urn:example:other", "urn:example:unknown", "notes", "https://notes.example/", "https://notes.example#a"]
    {
        for name in ["resource", "audience"] {
            let answer = browser.authorize(&client, |request| request.set(name, wrong)).await;
            assert_eq!(answer.error(), "invalid_target", "{name}={wrong}");
        }
    }
    let answer = browser.authorize(&client, |request| request.set("scope", BOTH).set("resource", NOTES)).await;
    assert_eq!(answer.error(), "invalid_target", "a scope of another API");
}

#[tokio::test]
async fn scopes_of_two_apis_can_be_granted_where_both_are_named_and_each_token_is_for_one() {
    let (app, client, mut browser) = begun().await;
    let both = |request: vestibule_tests::AuthorizeRequest| {
        request.set("scope", BOTH).add("resource", NOTES).add("resource", MAIL)
    };
    let mut got = Vec::new();
    for resource in [Some(NOTES), Some(MAIL), Some(app.issuer()), None] {
        let answer = browser.authorize(&client, both).await;
        let request = client.exchange(&answer);
        let request = resource.map_or(request.clone(), |name| request.add("resource", name));
        let tokens = request.send().await.tokens();
        assert_ne!(tokens.id_token, "", "openid was granted, whatever the access token is for");
        let claims = tokens.access_claims();
        assert_eq!(claims["scope"], tokens.body["scope"]);
        got.push((claims["aud"].clone(), claims["scope"].clone()));
    }
    let said = |aud: &str, scope: &str| (Value::from(aud), Value::from(scope));
    let own = said(app.issuer(), "email openid");
    assert_eq!(got, [said(NOTES, "notes:read"), said(MAIL, "mail:send"), own.clone(), own]);
}

#[tokio::test]
async fn a_token_request_gets_no_api_that_was_not_granted() {
    let (_app, client, mut browser) = begun().await;
    for (resource, granted) in [(MAIL, Some(NOTES)), (MAIL, None), ("urn:example:unknown", None), ("x", None)] {
        let answer = browser
            .authorize(&client, |request| {
                let request = request.set("scope", "openid notes:read");
                granted.map_or(request.clone(), |name| request.add("resource", name))
            })
            .await;
        let refused = client.exchange(&answer).add("resource", resource).send().await;
        assert_eq!(refused.error(), "invalid_target", "{resource}");
    }
    let answer = browser.authorize(&client, |request| request.set("scope", "openid notes:read")).await;
    let refused = client.exchange(&answer).add("resource", NOTES).add("resource", MAIL).send().await;
    assert_eq!(refused.error(), "invalid_target", "one at a time");
}

#[tokio::test]
async fn userinfo_opens_to_a_token_that_was_not_asked_for_by_the_name_of_another_api() {
    let (app, client, mut browser) = begun().await;
    for (at_authorize, at_token, status) in
        [(Some(NOTES), None, 200), (Some(NOTES), Some(NOTES), 403), (None, Some(app.issuer()), 200)]
    {
        let answer = browser
            .authorize(&client, |request| {
                let request = request.set("scope", "openid notes:read");
                at_authorize.map_or(request.clone(), |name| request.add("resource", name))
            })
            .await;
        let request = client.exchange(&answer);
        let request = at_token.map_or(request.clone(), |name| request.add("resource", name));
        let tokens = request.send().await.tokens();
        assert_eq!(client.userinfo(&tokens.access_token).await.status, status, "{at_authorize:?} {at_token:?}");
    }
}

#[tokio::test]
async fn an_api_without_scopes_is_an_audience_all_the_same() {
    let (app, client, mut browser) = begun().await;
    app.api("urn:example:plain", &[]).await;
    let answer = browser.authorize(&client, |request| request.set("resource", "urn:example:plain")).await;
    let tokens = client.redeem(&answer).await;
    assert_eq!(
        (&tokens.access_claims()["aud"], &tokens.body["scope"]),
        (&"urn:example:plain".into(), &"openid".into())
    );
}
